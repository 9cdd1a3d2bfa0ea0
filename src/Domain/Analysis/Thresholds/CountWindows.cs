using Sluice.Domain.Plans;

namespace Sluice.Domain.Analysis.Thresholds;

/// <summary>
/// Answers thresholds on the environment's own counts: what came between two measurements, by differences of raw counters. Thresholds of the
/// same interval share their windows, and windows are disjoint.
/// </summary>
internal sealed class CountWindows
{
    /// <summary>What can be asked, and in what it is.</summary>
    public static readonly IReadOnlyDictionary<string, MetricUnit> Queries = new Dictionary<string, MetricUnit>
    {
        ["requests"] = MetricUnit.Number,
        ["errors"] = MetricUnit.Ratio,
        ["latency-p50"] = MetricUnit.Seconds,
        ["latency-p95"] = MetricUnit.Seconds,
        ["latency-p99"] = MetricUnit.Seconds,
    };

    /// <summary>A share or a percentile is of this many requests at least: a window with fewer stays open.</summary>
    public const int MinRequests = 10;

    private readonly IReadOnlyDictionary<string, CountMark> _before;
    private readonly Dictionary<string, CountMark> _marks;
    private readonly SoakLook _look;

    public CountWindows(IReadOnlyDictionary<string, CountMark> before, SoakLook look)
    {
        _before = before;
        _marks = before.ToDictionary();
        _look = look;
    }

    /// <summary>For the next look.</summary>
    public IReadOnlyDictionary<string, CountMark> Marks => _marks;

    /// <summary>What the counts say; null while a window is open.</summary>
    public QueryAnswer? Answer(ThresholdSpec threshold)
    {
        var counting = threshold.Query == "requests";
        var key = Durations.Format(threshold.Interval) + (counting ? " requests" : "");
        if (_look.Reading is not { } reading)
        {
            return new QueryAnswer(QueryResult.Failed(_look.ReadingError ?? "the environment's counts could not be read"));
        }

        var now = new CountMark(reading.At, reading.Epoch, Of(reading, _look.Canary), _look.Stable is { } stable ? Of(reading, stable) : null);
        if (counting)
        {
            // The histograms are most of the state.
            now = now with { Canary = now.Canary with { Latency = [] }, Stable = now.Stable is { } s ? s with { Latency = [] } : null };
        }

        if (_before.GetValueOrDefault(key) is not { } before)
        {
            _marks.TryAdd(key, now);
            return null;
        }

        if (now.At - before.At < threshold.Interval - TimeSpan.FromSeconds(1))
        {
            return null;
        }

        if (before.Epoch != now.Epoch || now.Canary.Requests < before.Canary.Requests || (now.Stable?.Requests < before.Stable?.Requests))
        {
            _marks[key] = now;
            return new QueryAnswer(QueryResult.Failed("the source lost its counts since the last measurement"));
        }

        if (!counting && now.Canary.Requests - before.Canary.Requests < MinRequests)
        {
            return null;
        }

        _marks[key] = now;
        return new QueryAnswer(
            Value(threshold.Query, now.Canary.Since(before.Canary)),
            now.Stable is null ? null : Value(threshold.Query, now.Stable.Since(before.Stable ?? RevisionCounts.Zero)));
    }

    private static RevisionCounts Of(MetricReading reading, string revision) => reading.Revisions.GetValueOrDefault(revision, RevisionCounts.Zero);

    private static QueryResult Value(string query, RevisionCounts counts)
    {
        var value = query switch
        {
            "requests" => counts.Requests,
            "errors" => counts.Requests > 0 ? (double)counts.Errors / counts.Requests : null,
            "latency-p50" => LatencyBuckets.Quantile(counts.Latency, 0.5),
            "latency-p95" => LatencyBuckets.Quantile(counts.Latency, 0.95),
            _ => LatencyBuckets.Quantile(counts.Latency, 0.99),
        };
        return value is { } known ? QueryResult.Of(known) : new QueryResult([]);
    }
}
