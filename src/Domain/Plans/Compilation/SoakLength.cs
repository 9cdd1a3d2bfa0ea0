using System.Globalization;
using Sluice.Domain.Analysis;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Warns of soaks that are too short for the budget at the traffic that the plan declares.</summary>
internal static class SoakLength
{
    private const double DefaultLimit = 0.01;

    /// <summary>Whether errors that double would be seen before they reach everybody, at the traffic that the plan declares.</summary>
    public static void Check(
        IReadOnlyList<EnvironmentDraft> environments,
        AnalysisSpec analysis,
        IReadOnlyDictionary<string, List<(int Weight, TimeSpan Duration, Node At)>> split,
        Faults faults)
    {
        var errors = analysis.Metrics.FirstOrDefault(m => m.Name == MetricName.Errors);
        foreach (var environment in environments)
        {
            if (errors is null || environment.RequestsPerSecond is not { } rate || !split.TryGetValue(environment.Name, out var soaks))
            {
                continue;
            }

            // What stable does is not known here: half of what is allowed.
            var usual = (errors.Limit ?? DefaultLimit) / 2;
            var alpha = analysis.Budget * BudgetSplit.OfComparison(analysis.Metrics, errors);
            var exposure = soaks.ConvertAll(s => (s.Weight, s.Duration));
            var smallest = Exposure.SmallestRatio(exposure, rate, usual, alpha);
            if (smallest <= 2)
            {
                continue;
            }

            var needed = Exposure.ToFind(2, exposure, rate, usual, alpha);
            var seen = smallest is { } ratio
                ? string.Create(CultureInfo.InvariantCulture, $"only errors × {ratio:0.#} or worse are seen in it") : "hardly anything is seen in it";
            faults.Warn(
                "short-soak", soaks[^1].At,
                string.Create(CultureInfo.InvariantCulture, $"At {rate:0.##} requests a second, {usual:0.####} of which fail, the soak is short: {seen}; ")
                + (needed is { } time ? $"errors × 2 would be seen in {Durations.Format(time)}." : "errors × 2 would not be seen in a year."),
                needed is null ? "a larger weight" : "a longer soak, or a larger weight");
        }
    }
}
