using System.Text.Json.Serialization;

namespace Sluice.Domain.Analysis;

/// <summary>What one revision was seen to do, cumulative since the source's epoch.</summary>
/// <param name="Requests">Complete answers and failures; requests the client abandoned and probes are not among them.</param>
/// <param name="Errors">5xx and answers that did not complete.</param>
/// <param name="ClientErrors">4xx without 429.</param>
/// <param name="Throttled">429.</param>
/// <param name="Latency">Times to the whole answer, counts per bucket of <see cref="LatencyBuckets"/>.</param>
public sealed record RevisionCounts(
    long Requests, long Errors, long ClientErrors, long Throttled, [property: JsonConverter(typeof(SparseCounts))] IReadOnlyList<long> Latency)
{
    /// <summary>Nothing seen.</summary>
    public static RevisionCounts Zero { get; } = new(0, 0, 0, 0, []);

    /// <summary>Distinct clients seen, summed over the source's buckets.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long ClientsSeen { get; init; }

    /// <summary>Distinct clients with a failure, summed over the source's buckets.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long FailingClients { get; init; }

    /// <summary>Clients whose first failure in an hour fell here.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long NewlyFailingClients { get; init; }

    /// <summary>Requests that were a client's first in a bucket.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long FirstRequests { get; init; }

    /// <summary>Errors among them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long FirstErrors { get; init; }

    /// <summary>Requests whose client had no failure before, on whichever revision, per window of <see cref="ErrorUnit.Windows"/>; empty when clients are not known.</summary>
    public IReadOnlyList<long> FreshRequests { get; init; } = [];

    /// <summary>Errors among them, likewise.</summary>
    public IReadOnlyList<long> FreshErrors { get; init; } = [];

    /// <summary>The same without latencies.</summary>
    public RevisionCounts WithoutLatency() => this with { Latency = [] };

    /// <summary>What came since an earlier reading of the same epoch.</summary>
    public RevisionCounts Since(RevisionCounts earlier) => new(
        Requests - earlier.Requests,
        Errors - earlier.Errors,
        ClientErrors - earlier.ClientErrors,
        Throttled - earlier.Throttled,
        Sum(Latency, earlier.Latency, -1))
    {
        ClientsSeen = ClientsSeen - earlier.ClientsSeen,
        FailingClients = FailingClients - earlier.FailingClients,
        NewlyFailingClients = NewlyFailingClients - earlier.NewlyFailingClients,
        FirstRequests = FirstRequests - earlier.FirstRequests,
        FirstErrors = FirstErrors - earlier.FirstErrors,
        FreshRequests = Sum(FreshRequests, earlier.FreshRequests, -1),
        FreshErrors = Sum(FreshErrors, earlier.FreshErrors, -1),
    };

    /// <summary>Both together: counts of two intervals that follow each other.</summary>
    public RevisionCounts Plus(RevisionCounts other) => new(
        Requests + other.Requests,
        Errors + other.Errors,
        ClientErrors + other.ClientErrors,
        Throttled + other.Throttled,
        Sum(Latency, other.Latency, 1))
    {
        ClientsSeen = ClientsSeen + other.ClientsSeen,
        FailingClients = FailingClients + other.FailingClients,
        NewlyFailingClients = NewlyFailingClients + other.NewlyFailingClients,
        FirstRequests = FirstRequests + other.FirstRequests,
        FirstErrors = FirstErrors + other.FirstErrors,
        FreshRequests = Sum(FreshRequests, other.FreshRequests, 1),
        FreshErrors = Sum(FreshErrors, other.FreshErrors, 1),
    };

    private static long[] Sum(IReadOnlyList<long> left, IReadOnlyList<long> right, int sign)
    {
        if (left.Count == 0 && right.Count == 0)
        {
            return [];
        }

        var sum = new long[Math.Max(left.Count, right.Count)];
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] = (i < left.Count ? left[i] : 0) + (sign * (i < right.Count ? right[i] : 0));
        }

        return sum;
    }
}

/// <summary>One reading of all revisions of an environment.</summary>
/// <param name="Epoch">Changes when the source lost its counts; readings of two epochs cannot be subtracted.</param>
/// <param name="At">When it was read, UTC.</param>
/// <param name="Revisions">By name of the revision.</param>
public sealed record MetricReading(string Epoch, DateTimeOffset At, IReadOnlyDictionary<string, RevisionCounts> Revisions);

/// <summary>The latency buckets every source of ours counts in: 1 ms to 60 s, each 10 % wider than the one before.</summary>
public static class LatencyBuckets
{
    /// <summary>Inclusive upper bounds, seconds, ascending; a last bucket without bound follows.</summary>
    public static IReadOnlyList<double> UpperBounds { get; } = [.. Enumerable.Range(0, 117).Select(i => 0.001 * Math.Pow(1.1, i))];

    /// <summary>Number of buckets, the unbounded one included.</summary>
    public static int Count => UpperBounds.Count + 1;

    /// <summary>The bucket a time falls into.</summary>
    /// <param name="seconds">0 or more.</param>
    public static int IndexOf(double seconds)
    {
        if (seconds <= UpperBounds[0])
        {
            return 0;
        }

        // The logarithm may be off by one at a bound; the bound decides.
        var index = Math.Clamp((int)Math.Ceiling(Math.Log(seconds / 0.001) / Math.Log(1.1)), 0, UpperBounds.Count);
        while (index < UpperBounds.Count && seconds > UpperBounds[index])
        {
            index++;
        }

        while (index > 0 && seconds <= UpperBounds[index - 1])
        {
            index--;
        }

        return index;
    }

    /// <summary>The upper bound of the bucket in which a quantile falls, seconds; null for no counts; the last bound for the unbounded bucket.</summary>
    /// <param name="counts">Per bucket.</param>
    /// <param name="quantile">0 to 1.</param>
    public static double? Quantile(IReadOnlyList<long> counts, double quantile)
    {
        var total = counts.Sum();
        if (total <= 0)
        {
            return null;
        }

        var rank = Math.Max(1, (long)Math.Ceiling(quantile * total));
        long seen = 0;
        for (var i = 0; i < counts.Count; i++)
        {
            seen += counts[i];
            if (seen >= rank)
            {
                return UpperBounds[Math.Min(i, UpperBounds.Count - 1)];
            }
        }

        return UpperBounds[^1];
    }
}
