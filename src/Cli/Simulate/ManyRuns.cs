using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Domain.Scenarios;

namespace Sluice.Cli.Simulate;

/// <summary>A fraction seen in a number of runs, with its exact (Clopper-Pearson) 95 % interval.</summary>
internal sealed record Share(int Count, int Of, double Value, double Low, double High)
{
    private const double Tail = 0.025;

    public static Share Seen(int count, int of) => new(
        count, of, of == 0 ? 0 : (double)count / of,
        count == 0 ? 0 : Solve(p => Binomial.AtLeast(count, of, p) < Tail),
        count == of ? 1 : Solve(p => 1 - Binomial.AtLeast(count + 1, of, p) > Tail));

    /// <summary>Where a condition that holds for small probabilities ceases to.</summary>
    private static double Solve(Func<double, bool> below)
    {
        var (low, high) = (0.0, 1.0);
        for (var i = 0; i < 50; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = below(middle) ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }
}

/// <summary>How long the ways back took to begin, minutes after the release turned bad.</summary>
internal sealed record Delays(double Mean, double Median, double P95, double Longest)
{
    public static Delays? Of(IReadOnlyList<double> minutes)
    {
        if (minutes.Count == 0)
        {
            return null;
        }

        var sorted = minutes.Order().ToList();
        return new Delays(sorted.Average(), At(0.5), At(0.95), sorted[^1]);

        double At(double quantile) => sorted[Math.Min(sorted.Count - 1, (int)(quantile * sorted.Count))];
    }
}

/// <summary>What came of a scenario run many times, each with a seed of its own.</summary>
/// <param name="Runs">How many.</param>
/// <param name="Seed">The scenario's; run n draws from a seed made of it and n, whichever thread runs it.</param>
/// <param name="Outcomes">Runs by how they ended; <c>none</c> for those that had not.</param>
/// <param name="WentBack">Runs in which a verdict or a failed write went back.</param>
/// <param name="Holds">Runs in which everything expected came; null when nothing is expected.</param>
/// <param name="DetectionMinutes">Of the runs that went back.</param>
/// <param name="Unmet">What was not met in the first run that did not meet it, with its number; null when all did.</param>
internal sealed record RunsReport(
    int Runs, int Seed, IReadOnlyDictionary<string, int> Outcomes, Share WentBack, Share? Holds, Delays? DetectionMinutes, string? Unmet);

/// <summary>Runs a scenario many times, on all cores; the figures do not depend on how many there are.</summary>
internal static class ManyRuns
{
    public static async Task<RunsReport> RunAsync(Bundle bundle, Plan plan, Scenario scenario, int runs, CancellationToken cancellationToken)
    {
        var reports = new Ended[runs];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, runs),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken },
            async (run, _) =>
            {
                var report = await SimulatedRun.RunAsync(bundle, plan, scenario with { Seed = Chance.Seed(scenario.Seed, run) }, explained: false);
                reports[run] = new Ended(report.Outcome, report.Detection, report.Unmet);
            });

        var first = reports.Index().FirstOrDefault(r => r.Item.Unmet.Count > 0);
        var from = scenario.Expect?.From ?? TimeSpan.Zero;
        return new RunsReport(
            runs,
            scenario.Seed,
            reports.GroupBy(r => r.Outcome?.ToString() ?? "none").OrderByDescending(g => g.Count()).ToDictionary(g => g.Key, g => g.Count()),
            Share.Seen(reports.Count(r => r.Outcome == Outcome.RolledBack), runs),
            scenario.Expect is null ? null : Share.Seen(reports.Count(r => r.Unmet.Count == 0), runs),
            Delays.Of([.. reports.Where(r => r.Outcome == Outcome.RolledBack).Select(r => r.Detection - from).OfType<TimeSpan>().Select(d => d.TotalMinutes)]),
            first.Item is { } failed ? $"run {first.Index}: {failed.Unmet[0]}" : null);
    }

    /// <summary>What is kept of each of thousands of runs.</summary>
    private sealed record Ended(Outcome? Outcome, TimeSpan? Detection, IReadOnlyList<string> Unmet);
}
