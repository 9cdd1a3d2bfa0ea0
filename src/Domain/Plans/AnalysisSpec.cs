namespace Sluice.Domain.Plans;

/// <summary>How the canary is judged.</summary>
/// <param name="Budget">Highest allowed probability of rolling back a good release, 0 to 1; the default is 0.01.</param>
/// <param name="Metrics">What is looked at. Health is always looked at.</param>
public sealed record AnalysisSpec(double Budget, IReadOnlyList<MetricSpec> Metrics)
{
    /// <summary>The smallest ratio of the canary's rate to stable's that is looked for.</summary>
    public double Tolerance { get; init; } = Analysis.Sequential.DefaultFirstRatio;

    /// <summary>Where the source cannot tell clients apart: how many failures come together, on average.</summary>
    public double ClusterMean { get; init; } = 1;

    /// <summary>The variance of that number.</summary>
    public double ClusterVariance { get; init; }

    /// <summary>The plan's own metrics, held to conditions.</summary>
    public IReadOnlyList<ThresholdSpec> Thresholds { get; init; } = [];

    /// <summary>Those of them that an environment can answer.</summary>
    public IReadOnlyList<ThresholdSpec> ThresholdsIn(EnvironmentSpec environment) => [.. Thresholds.Where(t => t.Provider == ThresholdSpec.Counts
        ? environment.Metrics is not MetricsSpec.None
        : environment.Providers.Any(p => p.Name == t.Provider))];
}

/// <summary>One metric and its bounds.</summary>
/// <param name="Name">Which.</param>
/// <param name="Limit">The highest value that is good: a fraction for errors, seconds for latencies; null for none.</param>
/// <param name="Regression">Factor over stable's value above which it is bad; null for none.</param>
/// <param name="FailureLimit">How many bad measurements are tolerated: one more fails. The default is 0.</param>
/// <param name="MinRequests">A measurement over fewer canary requests is inconclusive. The default is 50.</param>
public sealed record MetricSpec(MetricName Name, double? Limit, double? Regression, int FailureLimit, int MinRequests)
{
    /// <summary>Parts of the budget that it has, beside the parts of the other metrics; null for 2 of errors and 1 of a latency.</summary>
    public double? Weight { get; init; }
}

/// <summary>What can be measured.</summary>
public enum MetricName
{
    /// <summary>Fraction of requests that failed.</summary>
    Errors,

    /// <summary>Median time to the whole answer.</summary>
    LatencyP50,

    /// <summary>95th percentile.</summary>
    LatencyP95,

    /// <summary>99th percentile.</summary>
    LatencyP99,
}

/// <summary>Metrics as plans write them.</summary>
public static class MetricNames
{
    /// <summary><c>errors</c>, <c>latency-p50</c>, <c>latency-p95</c>, <c>latency-p99</c>.</summary>
    public static string Text(this MetricName metric) => metric switch
    {
        MetricName.Errors => "errors",
        MetricName.LatencyP50 => "latency-p50",
        MetricName.LatencyP95 => "latency-p95",
        _ => "latency-p99",
    };

    /// <summary>For latencies, the quantile.</summary>
    public static double Quantile(this MetricName metric) => metric switch
    {
        MetricName.LatencyP50 => 0.5,
        MetricName.LatencyP95 => 0.95,
        _ => 0.99,
    };
}
