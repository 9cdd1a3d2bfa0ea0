using System.Globalization;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Analysis;

/// <summary>
/// Judges one metric by its bounds over everything counted since the warm-up. A bound is broken only when chance does not explain it, so that
/// noise brings no good release back, and never by what stable does as well.
/// </summary>
public static class MetricJudge
{
    /// <summary>
    /// Highest probability that a release exactly at its bound looks this bad: the one-sided tail beyond 3.29 standard deviations.
    /// </summary>
    public const double Significance = 0.0005;

    /// <summary>Measures.</summary>
    /// <param name="metric">Which, with its bounds.</param>
    /// <param name="canary">What the canary did.</param>
    /// <param name="stable">What stable did in the same time; nothing when there is none.</param>
    /// <param name="at">UTC.</param>
    public static Measurement Judge(MetricSpec metric, RevisionCounts canary, RevisionCounts stable, DateTimeOffset at)
    {
        var name = metric.Name.Text();
        var value = Value(metric.Name, canary);
        var stableValue = Value(metric.Name, stable);
        var requests = Requests(metric.Name, canary);
        var text = $"{name} {Show(metric.Name, value)} of {requests}{Bounds(metric, stableValue)}";
        if (requests < metric.MinRequests)
        {
            return Say(Verdict.Inconclusive, $"{text}, {metric.MinRequests - requests} more requests needed");
        }

        if (metric.Limit is { } limit && IsAbove(metric.Name, canary, limit))
        {
            return IsAbove(metric.Name, stable, limit)
                ? Say(Verdict.Inconclusive, $"{text}: stable degraded too: holding") with { StableDegraded = true }
                : Say(Verdict.Fail, $"{Describe(metric.Name, value, requests)}, limit {Show(metric.Name, limit)}");
        }

        if (metric.Regression is { } factor && Requests(metric.Name, stable) >= metric.MinRequests && IsWorse(metric.Name, canary, stable, factor))
        {
            return Say(Verdict.Fail, $"{Describe(metric.Name, value, requests)}, stable {Show(metric.Name, stableValue)}, limit {Number(factor)} × that");
        }

        return Say(Verdict.Pass, text);

        Measurement Say(Verdict result, string message) => new(name, at, result, value, stableValue, requests, message);
    }

    /// <summary>A fraction as people read it: <c>0.25 %</c>.</summary>
    internal static string Percent(double fraction) =>
        (fraction * 100).ToString(fraction is > 0 and < 0.001 ? "0.###" : "0.##", CultureInfo.InvariantCulture) + " %";

    private static double Quantile(MetricName name) => name switch
    {
        MetricName.LatencyP50 => 0.5,
        MetricName.LatencyP95 => 0.95,
        _ => 0.99,
    };

    private static long Requests(MetricName name, RevisionCounts counts) => name == MetricName.Errors ? counts.Requests : counts.Latency.Sum();

    private static double? Value(MetricName name, RevisionCounts counts) => name != MetricName.Errors
        ? LatencyBuckets.Quantile(counts.Latency, Quantile(name))
        : counts.Requests > 0 ? (double)counts.Errors / counts.Requests : null;

    /// <summary>Whether more requests are bad than chance explains when just as many are bad as the limit allows.</summary>
    private static bool IsAbove(MetricName name, RevisionCounts counts, double limit) => name == MetricName.Errors
        ? Exceeds(counts.Errors, counts.Requests, limit)
        : Exceeds(SlowerThan(counts, limit), counts.Latency.Sum(), 1 - Quantile(name));

    private static bool IsWorse(MetricName name, RevisionCounts canary, RevisionCounts stable, double factor)
    {
        if (name != MetricName.Errors)
        {
            return LatencyBuckets.Quantile(stable.Latency, Quantile(name)) is { } reference && IsAbove(name, canary, reference * factor);
        }

        // Given all errors of both, each is the canary's with this probability when its rate is `factor` times stable's.
        var share = factor * canary.Requests / ((factor * canary.Requests) + stable.Requests);
        return Exceeds(canary.Errors, canary.Errors + stable.Errors, share);
    }

    private static bool Exceeds(long bad, long all, double allowed) =>
        all > 0 && bad > allowed * all && Binomial.AtLeast(bad, all, allowed) < Significance;

    /// <summary>Requests that certainly took longer: those of the limit's own bucket may not have.</summary>
    private static long SlowerThan(RevisionCounts counts, double seconds) => counts.Latency.Skip(LatencyBuckets.IndexOf(seconds) + 1).Sum();

    private static string Bounds(MetricSpec metric, double? stable)
    {
        var parts = new List<string>();
        if (metric.Limit is { } limit)
        {
            parts.Add($"limit {Show(metric.Name, limit)}");
        }

        if (metric.Regression is { } factor && stable is not null)
        {
            parts.Add($"stable {Show(metric.Name, stable)}, at most {Number(factor)} × that");
        }

        return parts.Count == 0 ? "" : $" ({string.Join("; ", parts)})";
    }

    private static string Describe(MetricName name, double? value, long requests) => name == MetricName.Errors
        ? $"{Show(name, value)} of {requests} canary requests failed"
        : $"{name.Text()} is {Show(name, value)} over {requests} canary requests";

    private static string Show(MetricName name, double? value) => value switch
    {
        null => "unknown",
        { } v when name == MetricName.Errors => Percent(v),
        { } v when v >= 10 => $"{Number(v)} s",
        { } v => $"{Number(v * 1000)} ms",
    };

    private static string Number(double value) => value.ToString(value >= 100 ? "0" : "0.##", CultureInfo.InvariantCulture);
}
