using System.Globalization;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Domain.Rollouts;

namespace Sluice.Cli.Demo;

/// <summary>The table at the end, and whether all went as it should.</summary>
internal static class DemoReport
{
    /// <summary>Writes the table.</summary>
    /// <returns>Whether the good releases were promoted, the bad one rolled back, and no request outside the bad one failed.</returns>
    public static bool Write(Terminal terminal, IReadOnlyList<DemoRelease> releases, Traffic traffic, string bad)
    {
        var rows = releases.Select(release =>
        {
            var tally = traffic.Tallies.GetValueOrDefault(release.Version);
            return new[]
            {
                release.Version,
                release.Status.Outcome?.ToString() ?? release.Status.Phase.ToString(),
                release.TookText,
                Number(tally?.Requests ?? 0),
                Number(tally?.Failed ?? 0),
                release.Status.Message,
            };
        });
        terminal.Output.WriteLine();
        foreach (var line in TextTable.Render(["RELEASE", "OUTCOME", "DECIDED AFTER", "REQUESTS", "FAILED", "WHY"], rows))
        {
            terminal.Output.WriteLine(line);
        }

        var elsewhere = traffic.Tallies.Where(t => t.Key != bad).Sum(t => t.Value.Failed);
        terminal.Output.WriteLine();
        terminal.Output.WriteLine($"{Number(traffic.Sent)} requests; {Number(elsewhere)} failed outside {bad}"
            + (traffic.FirstUnexplained is { } first ? $" (first without an answer: {first})." : "."));

        var wrong = releases
            .Where(r => r.Status.Outcome != (r.Version == bad ? Outcome.RolledBack : Outcome.Promoted))
            .Select(r => $"{r.Version} ended {r.Status.Outcome?.ToString() ?? r.Status.Phase.ToString()}: {r.Status.Message}")
            .ToList();
        foreach (var line in wrong)
        {
            terminal.Error.WriteLine("Not as it should be: " + line);
        }

        return wrong.Count == 0 && elsewhere == 0;
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
