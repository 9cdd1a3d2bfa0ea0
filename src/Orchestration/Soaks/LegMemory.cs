using System.Globalization;
using Sluice.Domain.Analysis;
using Sluice.Durable;
using Sluice.Orchestration.Activities;

namespace Sluice.Orchestration.Soaks;

/// <summary>What a leg leaves behind for those who ask later: each metric as it was last and at its worst, and the counts themselves.</summary>
/// <param name="Looks">Looks at the numbers.</param>
/// <param name="Last">Each metric at the last look.</param>
/// <param name="Worst">Each at the look with the most against it.</param>
/// <param name="Counts">As <see cref="CountSeries"/> writes them; empty when nothing was counted.</param>
public sealed record LegRecord(int Looks, IReadOnlyList<Measurement> Last, IReadOnlyList<Measurement> Worst, string Counts)
{
    /// <summary>Type of the event that keeps it.</summary>
    public const string EventType = "analysis.measured";

    /// <summary>As an event's data.</summary>
    public (string Name, string Value)[] ToData(int stepIndex, string kind, int weight, string verdict) =>
    [
        ("stepIndex", stepIndex.ToString(CultureInfo.InvariantCulture)),
        ("kind", kind),
        ("weight", weight.ToString(CultureInfo.InvariantCulture)),
        ("verdict", verdict),
        ("looks", Looks.ToString(CultureInfo.InvariantCulture)),
        ("last", DurableJson.Write(Last)!),
        ("worst", DurableJson.Write(Worst)!),
        ("counts", Counts),
    ];

    /// <summary>From an event's data.</summary>
    public static LegRecord From(IReadOnlyDictionary<string, string> data) => new(
        int.TryParse(data.GetValueOrDefault("looks"), CultureInfo.InvariantCulture, out var looks) ? looks : 0,
        DurableJson.Read<Measurement[]>(data.GetValueOrDefault("last")) ?? [],
        DurableJson.Read<Measurement[]>(data.GetValueOrDefault("worst")) ?? [],
        data.GetValueOrDefault("counts") ?? "");
}

/// <summary>Collects a <see cref="LegRecord"/> while a leg looks.</summary>
internal sealed class LegMemory(LookTerms terms, MetricReading? reading)
{
    private readonly CountLog _counts = new();
    private readonly Dictionary<string, Measurement> _worst = new(StringComparer.Ordinal);
    private IReadOnlyList<Measurement> _last = [];
    private MetricReading? _reading = reading;
    private int _looks;

    /// <summary>Takes a look at the numbers.</summary>
    /// <param name="measurements">One per metric.</param>
    /// <param name="now">What the source of metrics said; null when it never answered.</param>
    public void Add(IReadOnlyList<Measurement> measurements, MetricReading? now)
    {
        _looks++;
        _last = measurements;
        foreach (var measurement in measurements)
        {
            if (!_worst.TryGetValue(measurement.Metric, out var worst) || Against(measurement).CompareTo(Against(worst)) >= 0)
            {
                _worst[measurement.Metric] = measurement;
            }
        }

        if (now is not null && _reading is { } before && before.Epoch == now.Epoch && before.At < now.At)
        {
            var (canary, stable) = (Of(terms.Revision), terms.Stable is { } name ? Of(name) : RevisionCounts.Zero);
            if (canary.Requests >= 0 && stable.Requests >= 0)
            {
                _counts.Add(new SeriesRow(Seconds(before.At), Seconds(now.At), canary, stable));
            }

            RevisionCounts Of(string revision) =>
                now.Revisions.GetValueOrDefault(revision, RevisionCounts.Zero).Since(before.Revisions.GetValueOrDefault(revision, RevisionCounts.Zero));
        }

        _reading = now ?? _reading;
    }

    /// <summary>What was collected.</summary>
    public LegRecord ToRecord() => new(_looks, _last, [.. _worst.Values], _counts.Write());

    private static (double, double) Against(Measurement measurement) => (measurement.E ?? 0, measurement.Value ?? 0);

    private static DateTimeOffset Seconds(DateTimeOffset moment) => DateTimeOffset.FromUnixTimeSeconds(moment.ToUnixTimeSeconds());
}
