using Sluice.Domain.Plans;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Rollbacks;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>Runs SQL files; remembers how to undo those that this rollout ran, or says that nothing can.</summary>
internal static class MigrateStep
{
    /// <summary>In a deployment's metadata: files below which nothing may go back.</summary>
    public const string BarrierKey = "migrations_below";

    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment, Step.Migrate step)
    {
        var up = new MigrationInput(environment.Target, run.Input.BundleHash, step.Database, step.Up, []);
        var pending = (await run.ReadAsync(ActivityRefs.PendingMigrations, up)).Paths;
        if (pending.Count == 0)
        {
            return StepEnd.Passed("nothing to run: every file ran before");
        }

        var down = Down(step, pending);
        if (down.Files.Count > 0)
        {
            await run.PushAsync(new Compensation.MigrateDown(
                environment.Target, environment.LockNumber, up with { Files = down.Files, Undone = down.Undone }));
        }

        string[] stay = [.. pending.Except(down.Undone)];
        if (stay.Length > 0)
        {
            run.Left.Add($"{environment.Name}: {string.Join(", ", stay)}" + (step.Expand ? " (only adds)" : ""));
            if (!step.Expand)
            {
                // Recorded before it runs: from then on it may be in place.
                environment.Row = environment.Row with
                {
                    Metadata = new Dictionary<string, string>(environment.Row.Metadata, StringComparer.Ordinal) { [BarrierKey] = string.Join(", ", stay) },
                };
                run.Journal.Put(environment.Row);
                await run.Journal.FlushSurelyAsync();
            }
        }

        var ran = (await run.WriteAsync(ActivityRefs.MigrateUp, up)).Paths;
        var message = $"ran {string.Join(", ", pending)}" + (stay.Length > 0 ? $"; no way back for {string.Join(", ", stay)}" : "");
        run.Journal.Note("migration.applied", environment.Name, message, ("now", string.Join(", ", ran)));
        return StepEnd.Passed(message);
    }

    /// <summary>The files that undo what is about to run, and nothing that ran before this rollout.</summary>
    /// <remarks>
    /// With as many files down as up they undo each other in reverse order, so a part can be undone. Otherwise the files down belong to
    /// all files up together, and run only when all of those run now.
    /// </remarks>
    internal static (IReadOnlyList<SqlFile> Files, IReadOnlyList<string> Undone) Down(Step.Migrate step, IReadOnlyList<string> pending)
    {
        if (!step.Reversible || step.Down.Count == 0)
        {
            return ([], []);
        }

        if (step.Up.All(f => pending.Contains(f.Path)))
        {
            return (step.Down, [.. step.Up.Select(f => f.Path)]);
        }

        if (step.Up.Count != step.Down.Count)
        {
            return ([], []);
        }

        var pairs = step.Down.Zip(step.Up.Reverse()).Where(p => pending.Contains(p.Second.Path)).ToList();
        return ([.. pairs.Select(p => p.First)], [.. pairs.Select(p => p.Second.Path)]);
    }
}
