using System.Globalization;
using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Prometheus;

/// <summary>
/// Raw counters of a Prometheus as a source of metrics. All of a reading is of one moment, as long ago as samples may be late: read again, it
/// says the same. A counter that began again makes a difference below zero, which the judge takes for "no telemetry".
/// </summary>
internal sealed class PrometheusMetrics(PrometheusClient client, TimeProvider time) : IMetricSource
{
    // One store, for as long as it is asked: nothing in its API says that it lost samples.
    private const string Epoch = "prometheus";

    /// <inheritdoc/>
    public async Task<MetricReading> ReadAsync(EnvironmentTarget target, CancellationToken cancellationToken)
    {
        var source = (MetricsSpec.Prometheus)target.Environment.Metrics;
        var at = time.GetUtcNow() - source.Late;
        var requests = AskAsync(source.Requests);
        var errors = AskAsync(source.Errors);
        var latency = source.Latency is { } histogram ? AskAsync(histogram) : Task.FromResult<IReadOnlyList<Series>>([]);
        await Task.WhenAll(requests, errors, latency);

        var failed = (await errors).ToLookup(s => Revision(s, source.RevisionLabel));
        var buckets = (await latency).ToLookup(s => Revision(s, source.RevisionLabel));
        return new MetricReading(Epoch, at, (await requests).GroupBy(s => Revision(s, source.RevisionLabel)).ToDictionary(
            r => r.Key,
            r => new RevisionCounts(r.Sum(Count), failed[r.Key].Sum(Count), 0, 0, Histogram(buckets[r.Key]))));

        Task<IReadOnlyList<Series>> AskAsync(string query)
        {
            var arguments = new QueryArguments("", null, target.Environment.Name, target.Service);
            return client.QueryAsync(source.Access, QueryText.FillPromQl(query, arguments), at, cancellationToken);
        }
    }

    /// <summary>Cumulative buckets as ours: what is in (bound before, bound] is counted where the bound falls.</summary>
    internal static long[] Histogram(IEnumerable<Series> series)
    {
        var cumulative = new SortedDictionary<double, long>();
        foreach (var bucket in series)
        {
            var bound = bucket.Labels.GetValueOrDefault("le") switch
            {
                "+Inf" => double.PositiveInfinity,
                { } text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
                _ => throw new PlatformException(PlatformError.Invalid, "The latency query returns a series without a label 'le': sum the histogram's buckets by it."),
            };
            cumulative[bound] = cumulative.GetValueOrDefault(bound) + Count(bucket);
        }

        if (cumulative.Count == 0)
        {
            return [];
        }

        var counts = new long[LatencyBuckets.Count];
        long before = 0;
        foreach (var (bound, all) in cumulative)
        {
            // Buckets of one scrape never fall; sums over instances that came between two scrapes may, by a little.
            counts[double.IsInfinity(bound) ? ^1 : LatencyBuckets.IndexOf(bound)] += Math.Max(0, all - before);
            before = Math.Max(before, all);
        }

        return counts;
    }

    private static string Revision(Series series, string label) => series.Labels.TryGetValue(label, out var revision)
        ? revision
        : throw new PlatformException(PlatformError.Invalid, $"A query for the counts returns a series without the label '{label}': sum by ({label}), or set 'revisionLabel'.");

    private static long Count(Series series) => double.IsFinite(series.Value) && series.Value >= 0
        ? (long)Math.Round(series.Value)
        : throw new PlatformException(PlatformError.Invalid, string.Create(CultureInfo.InvariantCulture, $"A query for the counts returns {series.Value}: expected a counter."));
}
