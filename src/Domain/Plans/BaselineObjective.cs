namespace Sluice.Domain.Plans;

/// <summary>One number of a load test and what it must be: the shape is Keptn's service level objective.</summary>
/// <param name="Metric">Which number.</param>
/// <param name="Pass">All must hold for it to pass; empty for a number that is only told.</param>
/// <param name="Warning">All must hold for it to count half; empty for none.</param>
/// <param name="Weight">Its part of the score, 1 or more.</param>
/// <param name="Key">When it fails, the whole fails, whatever the score.</param>
public sealed record BaselineObjective(
    BaselineMetric Metric, IReadOnlyList<BaselineCriterion> Pass, IReadOnlyList<BaselineCriterion> Warning, int Weight = 1, bool Key = false);

/// <summary>A criterion such as <c>&lt;=300ms</c>, or, with a sign, against the mean of the last passing deployments: <c>&lt;=+10%</c>, <c>&lt;+5ms</c>.</summary>
/// <param name="Text">As written.</param>
/// <param name="Comparison"><c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c> or <c>&gt;=</c>.</param>
/// <param name="Value">The bound in the metric's unit; of a relative one what is added to the mean, of a share the factor of it that is added.</param>
/// <param name="Base">What the value is measured from.</param>
public sealed record BaselineCriterion(string Text, string Comparison, double Value, CriterionBase Base);

/// <summary>What a criterion's value is measured from.</summary>
public enum CriterionBase
{
    /// <summary>Zero.</summary>
    Absolute,

    /// <summary>The mean: the value is added to it.</summary>
    Difference,

    /// <summary>The mean: that share of it is added.</summary>
    Share,
}

/// <summary>Numbers of a load test.</summary>
public enum BaselineMetric
{
    /// <summary>Fraction of requests that failed.</summary>
    ErrorRate,

    /// <summary>Median, seconds.</summary>
    P50,

    /// <summary>95th percentile, seconds.</summary>
    P95,

    /// <summary>99th percentile, seconds.</summary>
    P99,

    /// <summary>Requests a second.</summary>
    Throughput,
}
