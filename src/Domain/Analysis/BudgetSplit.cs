using Sluice.Domain.Plans;

namespace Sluice.Domain.Analysis;

/// <summary>How the budget, the highest allowed probability of rolling back a good release, is split over the metrics. Nothing else splits it.</summary>
internal static class BudgetSplit
{
    // Kept for the plain limits.
    private const double Limits = 0.1;

    /// <summary>The part of a metric's comparison with stable.</summary>
    public static double OfComparison(IReadOnlyList<MetricSpec> metrics, MetricSpec metric)
    {
        var all = 0.0;
        for (var i = 0; i < metrics.Count; i++)
        {
            all += WeightOf(metrics[i]);
        }

        return (1 - Limits) * WeightOf(metric) / all;
    }

    /// <summary>The part of a metric's plain limit.</summary>
    public static double OfLimit(IReadOnlyList<MetricSpec> metrics) => Limits / metrics.Count;

    private static double WeightOf(MetricSpec metric) => metric.Weight ?? (metric.Name == MetricName.Errors ? 2 : 1);
}
