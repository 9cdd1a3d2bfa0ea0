using System.Globalization;
using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Checklists;

/// <summary>Whether all that a revision has answered so far is within a plain limit. Pure.</summary>
public static class MetricThreshold
{
    /// <summary>Compares.</summary>
    /// <param name="item">The limit.</param>
    /// <param name="counts">What the revision was seen to do; null when it was never seen.</param>
    /// <returns>Whether it is good, and the numbers for people.</returns>
    public static (bool Passed, string Detail) Check(ChecklistItem.Metric item, RevisionCounts? counts)
    {
        var requests = counts?.Requests ?? 0;
        if (counts is null || requests < item.MinRequests)
        {
            return (false, $"{requests} requests so far, {item.MinRequests} are needed");
        }

        var name = item.Measured.Text();
        if (item.Measured == MetricName.Errors)
        {
            var rate = (double)counts.Errors / requests;
            return (rate <= item.Limit, string.Create(
                CultureInfo.InvariantCulture, $"{name} {rate:0.#####} in {requests} requests, at most {item.Limit:0.#####}"));
        }

        var quantile = item.Measured switch { MetricName.LatencyP50 => 0.50, MetricName.LatencyP95 => 0.95, _ => 0.99 };
        return LatencyBuckets.Quantile(counts.Latency, quantile) is { } seconds
            ? (seconds <= item.Limit, $"{name} {Durations.Format(TimeSpan.FromSeconds(seconds))} in {requests} requests, at most {Durations.Format(TimeSpan.FromSeconds(item.Limit))}")
            : (false, $"{name} is not measured here");
    }
}
