using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>A single measurement: one that cannot be taken says nothing about the release, so the rollout holds and tries again.</summary>
internal static class Measuring
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    /// <summary>Runs the activity; while it fails the rollout is paused with <see cref="PauseReason.MetricsUnavailable"/>, half an hour at most.</summary>
    /// <exception cref="GoBackException">It could not be measured for half an hour, or a person decided.</exception>
    public static async Task<TOut> RunAsync<TIn, TOut>(RolloutRun run, ActivityRef<TIn, TOut> activity, TIn input, string what)
    {
        var before = run.Journal.Status;
        var deadline = run.Context.CurrentUtcDateTime + Patience;
        while (true)
        {
            try
            {
                var result = await run.ReadAsync(activity, input);
                if (run.Journal.Status.Phase == Phase.Paused)
                {
                    run.Journal.Show(before);
                }

                return result;
            }
            catch (TaskFailureException failure)
            {
                var problem = $"{what} could not be checked: {failure.Failure.ErrorMessage}";
                if (run.Context.CurrentUtcDateTime >= deadline)
                {
                    throw new GoBackException(Outcome.RolledBack, $"{problem} (for {Durations.Format(Patience)})");
                }

                await run.Journal.ShowAsync(before with
                {
                    Phase = Phase.Paused,
                    PauseReason = PauseReason.MetricsUnavailable,
                    WaitsUntil = new DateTimeOffset(deadline, TimeSpan.Zero),
                    Message = problem,
                });
            }

            await run.Inbox.SleepAsync(Interval);
        }
    }

    /// <summary>
    /// What a failed verdict leads to: back, or, when the server's automatic rollback is off, a wait for a person who promotes or goes back.
    /// </summary>
    /// <exception cref="GoBackException">It goes back.</exception>
    public static async Task FailAsync(RolloutRun run, EnvironmentRun environment, FailureAction action, string reason)
    {
        if (action.Kind == FailureActionKind.Rollback && (await SwitchesAsync(run)).AutoRollback)
        {
            throw new GoBackException(Outcome.RolledBack, reason);
        }

        if (action is { Kind: FailureActionKind.Reduce, Weight: { } weight } && weight < environment.Weight && !environment.IsFirst)
        {
            await run.MoveAsync(environment, weight);
        }

        run.Journal.Note("paused", environment.Name, $"failed, waits for a person: {reason}");
        await run.Journal.ShowAsync(run.Journal.Status with
        {
            Phase = Phase.Paused,
            PauseReason = PauseReason.Inconclusive,
            WaitsUntil = null,
            Leg = null,
            Message = $"failed, waits for promote, abort or rollback: {reason}",
        });
        var command = await run.Inbox.CommandAsync(c => c.Kind == CommandKind.Promote);
        run.Journal.Note(
            "resumed", environment.Name, $"promoted by {command.Actor} in spite of: {reason}", ("actor", command.Actor));
        await run.Journal.ShowAsync(run.Journal.Status with { Phase = Phase.Progressing, PauseReason = null, Message = "promoted by " + command.Actor });
    }

    // When even this cannot be read, the safe answer is the default one.
    private static async Task<Switches> SwitchesAsync(RolloutRun run)
    {
        try
        {
            return await run.ReadAsync(ActivityRefs.ReadSwitches, Unit.Value);
        }
        catch (TaskFailureException)
        {
            return new Switches(AutoRollback: true);
        }
    }
}
