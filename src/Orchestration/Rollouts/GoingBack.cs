using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollbacks;

namespace Sluice.Orchestration.Rollouts;

/// <summary>The other end: everything that the rollout did is undone, however long the world resists.</summary>
internal static class GoingBack
{
    /// <summary>Undoes the stack at once, whatever else hangs; shows the outcome; then waits for what hung, and looks again.</summary>
    public static async Task<RolloutResult> RunAsync(RolloutRun run, Outcome outcome, string reason)
    {
        run.Inbox.Close();
        if (run.InStep)
        {
            RolloutOrchestrator.Completed(run, run.Plan.Steps[run.StepIndex], StepState.Failed, reason);
        }

        Show(run, run.Stack.Count == 0 ? reason : $"going back: {reason}");
        run.Inbox.Leave(run.Context.CallActivityAsync(
            ActivityRefs.SetDesiredState, new DesiredStateInput(run.Id, DesiredState.Stop), Retries.Standard));
        var inFlight = run.HasWritesInFlight || run.UncertainUntil is not null;
        var nextWrite = run.NextWriteNumber;
        if (run.Stack.Count > 0)
        {
            run.Journal.Note("rollback.triggered", run.Journal.Status.Environment, reason, ("outcome", outcome.ToString()));
            var incidents = Incident.Open(run, outcome, reason);

            // People are told while traffic moves, not after; a registry that is away delays neither.
            var told = run.Journal.FlushAsync();
            var report = await UndoAsync(run, "rollback", run.Stack, nextWrite, reason, told);
            await told;
            nextWrite = report.NextWrite;
            Incident.Close(run, incidents, report.Restored);
            run.Journal.Note("rollback.completed", run.Journal.Status.Environment, "everything is back: " + reason);
        }

        End(run, outcome, reason);
        await run.Journal.FlushSurelyAsync();
        await Leaving.AwaitOutstandingAsync(run);
        if (inFlight && run.Stack.Count > 0)
        {
            // A write that hung may have acted after the rollback on a platform that keeps no fences: undone once more, when it can act no longer.
            if (run.UncertainUntil is { } until && until > run.Context.CurrentUtcDateTime)
            {
                await run.Context.CreateTimer(until);
            }

            await UndoAsync(run, "confirm", [.. run.Stack.Where(c => c is not Compensation.MigrateDown)], nextWrite, reason, Task.CompletedTask);
            End(run, outcome, reason);
        }

        await Leaving.ForgetStackAsync(run);
        await Leaving.LeaveAsync(run);
        return new RolloutResult(outcome, reason, run.Left);
    }

    private static Task<RollbackReport> UndoAsync(RolloutRun run, string label, IReadOnlyList<Compensation> stack, long nextWrite, string reason, Task told) =>
        Undoing.RunAsync(
            run.Context,
            $"{run.Id}:{label}",
            new RollbackInput(run.Id, stack, nextWrite, reason),
            async (report, delay) =>
            {
                await told;
                run.Journal.Note(report.Event, run.Journal.Status.Environment, report.Problem!, ("page", "true"));
                Show(run, $"the rollback cannot go on: {report.Problem}. Tried again in {(int)delay.TotalSeconds} s", Phase.Failed);
                foreach (var environment in run.Environments)
                {
                    run.Journal.Put(environment.Row with { Status = DeploymentStatus.Failed, RollbackReason = reason });
                }

                await run.Journal.FlushAsync();
                await run.Inbox.SleepLightlyAsync(delay);
            });

    private static void Show(RolloutRun run, string message, Phase phase = Phase.Progressing) => run.Journal.Show(run.Journal.Status with
    {
        Phase = phase,
        PauseReason = null,
        WaitsUntil = null,
        Leg = null,
        WaitingFor = [],
        Evidence = null,
        Items = [],
        QueuePosition = null,
        Message = message,
    });

    private static void End(RolloutRun run, Outcome outcome, string reason)
    {
        foreach (var environment in run.Environments)
        {
            environment.Row = environment.Row with
            {
                Status = StatusOf(outcome),
                CompletedAt = environment.Row.CompletedAt ?? run.Now,
                RollbackReason = reason,
            };
            run.Journal.Put(environment.Row);
        }

        var left = run.Left.Count == 0 ? "" : $". Left as it is: {string.Join(", ", run.Left)}";
        if (run.Journal.Status.Outcome is null)
        {
            run.Journal.Note("deployment.failed", run.Journal.Status.Environment, reason + left, ("outcome", outcome.ToString()));
        }

        run.Journal.Show(run.Journal.Status with
        {
            Phase = outcome == Outcome.Rejected ? Phase.Failed : Phase.Degraded,
            Outcome = outcome,
            PauseReason = null,
            Weight = run.Stack.Count > 0 ? 0 : run.Journal.Status.Weight,
            ActualWeight = run.Stack.Count > 0 ? 0 : run.Journal.Status.ActualWeight,
            Message = reason + left,
        });
    }

    private static DeploymentStatus StatusOf(Outcome outcome) => outcome switch
    {
        Outcome.Aborted => DeploymentStatus.Aborted,
        Outcome.Superseded => DeploymentStatus.Superseded,
        Outcome.Rejected => DeploymentStatus.Rejected,
        _ => DeploymentStatus.RolledBack,
    };
}
