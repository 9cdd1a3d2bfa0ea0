using System.Text.Json.Serialization;

namespace Sluice.Domain.Analysis;

/// <summary>
/// Everything the judge has learned in one environment, carried through the whole rollout: from look to look, step to step and weight to
/// weight. Small, immutable and a stored format: members are only ever added.
/// </summary>
public sealed record Evidence
{
    /// <summary>Nothing learned.</summary>
    public static Evidence None { get; } = new();

    /// <summary>What is known of each metric, by its name in plans.</summary>
    public IReadOnlyDictionary<string, MetricEvidence> Metrics { get; init; } = new Dictionary<string, MetricEvidence>();

    /// <summary>Buckets that wait to be judged.</summary>
    public SplitState Split { get; init; } = new();

    /// <summary>The canary's share in percent of the last look; null before the first.</summary>
    public int? Weight { get; init; }

    /// <summary>What stable did with split traffic in the last full hour; null before it is full.</summary>
    public StableHour? LastHour { get; init; }

    /// <summary>What it has done in the present one.</summary>
    public StableHour Hour { get; init; } = new();

    /// <summary>The window of <see cref="ErrorUnit"/> in use; null for all requests.</summary>
    public int? Window { get; init; }

    /// <summary>Stable's requests lately, the last looks weighing most.</summary>
    public double RecentRequests { get; init; }

    /// <summary>What of them was fresh.</summary>
    public FreshCounts RecentStable { get; init; } = FreshCounts.None;

    /// <summary>The same of the canary.</summary>
    public FreshCounts RecentCanary { get; init; } = FreshCounts.None;

    /// <summary>How the traffic was really split.</summary>
    public ShareState Share { get; init; } = new();

    /// <summary>Stable's counts of the last hour of split traffic; null before there was any.</summary>
    [JsonIgnore]
    public FrozenReference? Reference
    {
        get
        {
            // The first minutes of an hour say less than the hour before.
            var hour = LastHour is { } last && Hour.Seconds < StableHour.Length / 2 ? last.Plus(Hour) : Hour;
            return hour.Requests > 0 ? new FrozenReference(hour.Requests, hour.Errors, hour.Latency) : null;
        }
    }
}

/// <summary>Stable's counts of the last 60 minutes or so of the rollout's own split traffic: what the new revision is compared with at weight 100.</summary>
/// <param name="Requests">Requests, in the unit of <see cref="ErrorUnit"/>.</param>
/// <param name="Errors">Errors among them.</param>
/// <param name="Latency">Per bucket of <see cref="LatencyBuckets"/>.</param>
public sealed record FrozenReference(long Requests, long Errors, IReadOnlyList<long> Latency);

/// <summary>What stable did in up to an hour; a stored format.</summary>
public sealed record StableHour
{
    /// <summary>Seconds that make it full.</summary>
    public const double Length = 3600;

    /// <summary>Seconds in it.</summary>
    public double Seconds { get; init; }

    /// <summary>Requests, in the unit of <see cref="ErrorUnit"/>.</summary>
    public long Requests { get; init; }

    /// <summary>Errors among them.</summary>
    public long Errors { get; init; }

    /// <summary>Per bucket of <see cref="LatencyBuckets"/>.</summary>
    [JsonConverter(typeof(SparseCounts))]
    public IReadOnlyList<long> Latency { get; init; } = [];

    /// <summary>Both together.</summary>
    public StableHour Plus(StableHour other) => Plus(other.Seconds, other.Requests, other.Errors, other.Latency);

    /// <summary>With more of it.</summary>
    public StableHour Plus(double seconds, long requests, long errors, IReadOnlyList<long> latency)
    {
        var sum = new long[Math.Max(Latency.Count, latency.Count)];
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] = (i < Latency.Count ? Latency[i] : 0) + (i < latency.Count ? latency[i] : 0);
        }

        return new StableHour { Seconds = Seconds + seconds, Requests = Requests + requests, Errors = Errors + errors, Latency = sum };
    }
}

/// <summary>How the traffic was really split; a stored format.</summary>
public sealed record ShareState
{
    private const double FewestUnits = 1000;
    private const double Points = 0.02;
    private const double Part = 0.2;
    private const int Streak = 3;

    /// <summary>Units counted since the last comparison: requests, or clients where they are kept on a revision.</summary>
    public double Units { get; init; }

    /// <summary>Of them the canary's.</summary>
    public double Canary { get; init; }

    /// <summary>Comparisons in a row that were off.</summary>
    public int Off { get; init; }

    /// <summary>The canary's share in the last comparison; null before the first.</summary>
    public double? Last { get; init; }

    /// <summary>The traffic is not split as it should be: nothing can be concluded from it.</summary>
    [JsonIgnore]
    public bool IsWrong => Off >= Streak;

    /// <summary>With one look more.</summary>
    /// <param name="units">Units of both.</param>
    /// <param name="canary">The canary's.</param>
    /// <param name="wanted">Its share as it should be, 0 to 1.</param>
    public ShareState With(double units, double canary, double wanted)
    {
        var sum = this with { Units = Units + units, Canary = Canary + canary };
        if (sum.Units < FewestUnits)
        {
            return sum;
        }

        var share = sum.Canary / sum.Units;
        return new ShareState { Off = Math.Abs(share - wanted) > Math.Max(Points, Part * wanted) ? Off + 1 : 0, Last = share };
    }
}
