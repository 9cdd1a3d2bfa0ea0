using System.Globalization;
using Sluice.Cli.Rendering;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Domain.Scenarios;

namespace Sluice.Cli.Simulate;

/// <summary>Simulations as people read them.</summary>
internal static class SimulationText
{
    /// <summary>One run: every decision with its time, then how it ended.</summary>
    public static IEnumerable<string> Of(SimulationReport report, DateTimeOffset start)
    {
        var rows = report.Decisions.Select(d => (IReadOnlyList<string>)[At(d.At), Clock(start + d.At), d.Environment ?? "", d.What, d.Message]).ToList();
        var lines = TextTable.Render(["AFTER", "UTC", "ENVIRONMENT", "WHAT", "WHY"], rows);
        yield return lines[0];
        foreach (var (decision, line) in report.Decisions.Zip(lines.Skip(1)))
        {
            yield return line;
            foreach (var evidence in decision.Evidence)
            {
                yield return new string(' ', 10) + evidence;
            }
        }

        yield return "";
        yield return report.Outcome is { } outcome
            ? $"{outcome} after {At(report.Ended ?? report.Decisions[^1].At)}: {report.Message}"
            : $"It had not ended: {report.Phase}, {report.Message}";
        if (report.Detection is { } detection)
        {
            yield return $"From the first user on the release to the way back: {Ages.Short(detection)}.";
        }
    }

    /// <summary>Many runs: rates with their intervals.</summary>
    public static IEnumerable<string> Of(RunsReport report, Expectation? expected)
    {
        yield return $"{report.Runs} runs from seed {report.Seed}: {string.Join(", ", report.Outcomes.Select(o => $"{o.Value} {o.Key}"))}";
        var name = expected?.Outcome switch
        {
            Outcome.Promoted => "rolled back though it should not be",
            Outcome.RolledBack => "found and rolled back",
            _ => "rolled back",
        };
        yield return $"{name}: {Text(report.WentBack)}";
        if (report.DetectionMinutes is { } delays)
        {
            yield return $"time to the way back: mean {Minutes(delays.Mean)}, median {Minutes(delays.Median)}, 95 % within {Minutes(delays.P95)}, longest {Minutes(delays.Longest)}";
        }

        if (report.Holds is { } holds)
        {
            yield return $"as expected: {Text(holds)}; wanted in {Percent(expected!.InAtLeast)} or more";
        }

        if (report.Unmet is { } unmet)
        {
            yield return unmet;
        }
    }

    private static string Text(Share share) => $"{share.Count} of {share.Of}, {Percent(share.Value)} (95 %: {Percent(share.Low)} to {Percent(share.High)})";

    private static string Percent(double fraction) => (fraction * 100).ToString("0.##", CultureInfo.InvariantCulture) + " %";

    private static string Minutes(double minutes) => Ages.Short(TimeSpan.FromMinutes(minutes));

    private static string At(TimeSpan offset) => Durations.Format(TimeSpan.FromSeconds(Math.Floor(offset.TotalSeconds)));

    private static string Clock(DateTimeOffset moment) => moment.UtcDateTime.ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
