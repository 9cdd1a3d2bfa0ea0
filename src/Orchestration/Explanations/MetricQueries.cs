using System.Globalization;
using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;

namespace Sluice.Orchestration.Explanations;

/// <summary>How a person sees the same numbers where they came from.</summary>
internal static class MetricQueries
{
    /// <summary>The query of one metric over a stretch of time.</summary>
    public static string Of(string rolloutId, EnvironmentSpec? environment, ThresholdSpec? threshold, Measurement measurement, DateTimeOffset from)
    {
        var between = $"from {Time(from)} to {Time(measurement.At)}";
        if (threshold is not null && threshold.Provider != ThresholdSpec.Counts)
        {
            return $"{threshold.Provider}: {threshold.Query}, at {Time(measurement.At)}";
        }

        return environment?.Metrics switch
        {
            MetricsSpec.Prometheus { Latency: { } latency } prometheus when measurement.Metric != "errors" =>
                $"Prometheus: {latency}: what it grew by {between}, by {prometheus.RevisionLabel} and le",
            MetricsSpec.Prometheus prometheus =>
                $"Prometheus: {prometheus.Errors} and {prometheus.Requests}: what they grew by {between}, by {prometheus.RevisionLabel}",
            // The gateway counts in memory only: what it said at each look is in the rollout's events.
            _ => $"sluice events {rolloutId}, or GET /api/events?rollout={rolloutId}&type={Soaks.LegRecord.EventType}: what the gateway counted {between}",
        };
    }

    private static string Time(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
