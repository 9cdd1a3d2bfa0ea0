using System.Text.Json.Serialization;

namespace Sluice.Domain.Analysis;

/// <summary>What both arms did in one bucket, for one metric. All numbers are 0 or more.</summary>
/// <param name="CanaryEvents">Errors, or answers slower than the threshold.</param>
/// <param name="CanaryTrials">Requests that could have been such.</param>
/// <param name="StableEvents">Likewise for stable.</param>
/// <param name="StableTrials">Likewise for stable.</param>
public readonly record struct Bucket(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double CanaryEvents,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double CanaryTrials,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double StableEvents,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double StableTrials)
{
    /// <summary>Canary trials beyond the plain limit: errors again, or answers slower than the limit itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double CanaryOver { get; init; }

    /// <summary>Likewise for stable.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double StableOver { get; init; }

    /// <summary>
    /// The logarithm of the likelihood of the observed share of the events over that of equal rates; 0 when the canary's rate is not above
    /// stable's.
    /// </summary>
    [JsonIgnore]
    public double LogLikelihoodRatio
    {
        get
        {
            var events = CanaryEvents + StableEvents;
            var expected = events * CanaryTrials / (CanaryTrials + StableTrials);
            if (!(CanaryEvents > expected && expected > 0))
            {
                return 0;
            }

            var stable = StableEvents > 0 ? StableEvents * Math.Log(StableEvents / (events - expected)) : 0;
            return (CanaryEvents * Math.Log(CanaryEvents / expected)) + stable;
        }
    }

    /// <summary>Two intervals that follow each other.</summary>
    public Bucket Plus(in Bucket other) => new(
        CanaryEvents + other.CanaryEvents,
        CanaryTrials + other.CanaryTrials,
        StableEvents + other.StableEvents,
        StableTrials + other.StableTrials)
    {
        CanaryOver = CanaryOver + other.CanaryOver,
        StableOver = StableOver + other.StableOver,
    };

    /// <summary>All numbers times a factor.</summary>
    public Bucket Times(double factor) => new(CanaryEvents * factor, CanaryTrials * factor, StableEvents * factor, StableTrials * factor)
    {
        CanaryOver = CanaryOver * factor,
        StableOver = StableOver * factor,
    };
}

/// <summary>A bucket of all metrics that waits to be judged; a stored format.</summary>
/// <param name="Start">Seconds since the Unix epoch.</param>
/// <param name="End">Likewise.</param>
/// <param name="Gain">Seconds of the soak's clock that it gave, and that go when it is left out.</param>
/// <param name="Metrics">One per metric.</param>
public sealed record WaitingBucket(double Start, double End, double Gain, IReadOnlyList<Bucket> Metrics);
