using Sluice.Domain.Plans;
using Sluice.Domain.Scenarios;

namespace Sluice.Cli.Simulate;

/// <summary>Compares what came with what a scenario expects.</summary>
internal static class Expecting
{
    /// <summary>What does not hold, one sentence each; empty when all does.</summary>
    public static IReadOnlyList<string> Check(Expectation expected, SimulationReport report)
    {
        var unmet = new List<string>();
        if (expected.Outcome is { } outcome && report.Outcome != outcome)
        {
            unmet.Add($"Expected {outcome}, got {report.Outcome?.ToString() ?? $"no end ({report.Phase})"}: {report.Message}");
        }

        if (expected.DetectedWithin is { } within)
        {
            var took = report.Detection - expected.From;
            if (took is null)
            {
                unmet.Add($"Expected the way back within {Durations.Format(within)}; it never began.");
            }
            else if (took > within || took < TimeSpan.Zero)
            {
                unmet.Add(took < TimeSpan.Zero
                    ? $"Expected the way back after the release turned bad; it began {Durations.Format(-took.Value)} before."
                    : $"Expected the way back within {Durations.Format(within)}; it began after {Durations.Format(took.Value)}.");
            }
        }

        if (expected.EndsWithin is { } end && !(report.Ended <= end))
        {
            unmet.Add($"Expected the end within {Durations.Format(end)}; it came {(report.Ended is { } ended ? $"after {Durations.Format(ended)}" : "not at all")}.");
        }

        if (expected.Says is { } text && !report.Decisions.Any(d => d.Message.Contains(text, StringComparison.OrdinalIgnoreCase)))
        {
            unmet.Add($"Expected a decision that says '{text}'; none does.");
        }

        return unmet;
    }
}
