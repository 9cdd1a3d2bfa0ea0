using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Rollouts;
using Sluice.Orchestration.Soaks;

namespace Sluice.Orchestration.Steps;

/// <summary>Leaves the traffic as it is while the analysis watches.</summary>
internal static class SoakStep
{
    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment, Step.Soak step)
    {
        if (run.AtOnce)
        {
            return StepEnd.Skipped("sent to 100 % at once");
        }

        var watch = new Watch(run, environment, step, "soak");
        while (true)
        {
            var (end, reason) = await watch.RunAsync();
            switch (end)
            {
                case WatchEnd.Passed:
                    return StepEnd.Passed(reason);
                case WatchEnd.Promoted:
                    return StepEnd.Skipped(reason);
                case WatchEnd.Failed:
                    await Measuring.FailAsync(run, environment, step.OnFailure, reason);
                    return StepEnd.Passed("promoted by a person in spite of: " + reason);
                case WatchEnd.NoData when step.OnNoData == NoDataAction.Rollback:
                    throw new GoBackException(Outcome.RolledBack, reason);
                default:
                    if (await UndecidedAsync(run, environment, end, reason) is { } left)
                    {
                        return left;
                    }

                    // Somebody wants to go on looking: a new patience begins.
                    watch.StartOver();
                    break;
            }
        }
    }

    /// <summary>Nobody can tell: a person decides. Resume looks on, promote goes on.</summary>
    private static async Task<StepEnd?> UndecidedAsync(RolloutRun run, EnvironmentRun environment, WatchEnd end, string reason)
    {
        run.Journal.Note("paused", environment.Name, reason);
        await run.Journal.ShowAsync(run.Journal.Status with
        {
            Phase = Phase.Paused,
            PauseReason = end == WatchEnd.NoData ? PauseReason.WaitingForTraffic : PauseReason.Inconclusive,
            WaitsUntil = null,
            Leg = null,
            Message = reason,
        });
        var command = await run.Inbox.CommandAsync(Watch.EndsOrResumes);
        run.Journal.Note("resumed", environment.Name, $"{command.Kind} by {command.Actor}", ("actor", command.Actor));
        run.AtOnce |= command.Kind == Ports.CommandKind.PromoteFull;
        return command.Kind == Ports.CommandKind.Resume ? null : StepEnd.Skipped($"{command.Kind} by {command.Actor}: {reason}");
    }
}
