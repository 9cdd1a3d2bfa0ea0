using System.Globalization;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Rollbacks;

namespace Sluice.Orchestration.Rollouts;

/// <summary>
/// What is written down when a release that had users is rolled back: what happened, when it was seen, on what evidence, and when the
/// environment was well again. It is a pair of events and the metadata of the deployment's row, in each environment that had traffic.
/// </summary>
internal static class Incident
{
    private const int MostEvidence = 8;

    /// <summary>Opens one for each environment whose traffic was moved; none when people or a newer release brought it back.</summary>
    /// <returns>Their environments.</returns>
    public static IReadOnlyList<EnvironmentRun> Open(RolloutRun run, Outcome outcome, string reason)
    {
        if (outcome != Outcome.RolledBack)
        {
            return [];
        }

        var moved = run.Stack.OfType<Compensation.RestoreTraffic>().Select(c => c.Target.Environment.Name).ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<EnvironmentRun> affected = [.. run.Environments.Where(e => moved.Contains(e.Name))];
        foreach (var environment in affected)
        {
            run.Journal.Note(
                "incident.opened", environment.Name, $"{run.Input.Release.Version} is rolled back in {environment.Name}: {reason}",
                ("incident", environment.Row.Id),
                ("detectedAt", Text(run.Now)),
                ("version", run.Input.Release.Version),
                ("restores", environment.Stable?.Version ?? ""),
                ("weight", environment.Weight.ToString(CultureInfo.InvariantCulture)),
                ("evidence", string.Join("\n", run.LastEvidence.Take(MostEvidence))));
            environment.Row = environment.Row with { Metadata = With(environment.Row.Metadata, ("incidentDetectedAt", Text(run.Now))) };
            run.Journal.Put(environment.Row);
        }

        return affected;
    }

    /// <summary>Closes them, with the time it took.</summary>
    public static void Close(RolloutRun run, IReadOnlyList<EnvironmentRun> affected, IReadOnlyDictionary<string, DateTimeOffset> restored)
    {
        foreach (var environment in affected)
        {
            var detected = environment.Row.Metadata["incidentDetectedAt"];
            var at = restored.GetValueOrDefault(environment.Name, run.Now);
            var took = at - DateTimeOffset.Parse(detected, CultureInfo.InvariantCulture);
            var seconds = took.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
            run.Journal.Note(
                "incident.resolved", environment.Name,
                environment.Stable is { } stable ? $"{stable.Version} serves {environment.Name} again and is healthy, {seconds} s after it was detected"
                    : $"{environment.Name} is empty again, {seconds} s after it was detected",
                ("incident", environment.Row.Id), ("detectedAt", detected), ("restoredAt", Text(at)), ("timeToRestoreSeconds", seconds));
            environment.Row = environment.Row with
            {
                Metadata = With(environment.Row.Metadata, ("incidentRestoredAt", Text(at)), ("timeToRestoreSeconds", seconds)),
            };
            run.Journal.Put(environment.Row);
        }
    }

    private static string Text(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> metadata, params ReadOnlySpan<(string Name, string Value)> more)
    {
        var all = metadata.ToDictionary(StringComparer.Ordinal);
        foreach (var (name, value) in more)
        {
            all[name] = value;
        }

        return all;
    }
}
