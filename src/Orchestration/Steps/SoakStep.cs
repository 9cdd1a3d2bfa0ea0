using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
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

        var rules = WatchRules.Of(
            run.Plan, step, environment.Weight, environment.IsFirst, environment.Evidence, environment.WarmupLeft(step.Warmup, run.Now));
        var watch = new Watch(run, environment, "soak", rules, step.Glance)
        {
            OnNoData = step.OnNoData,
            OnFailure = step.OnFailure.Kind,
            Suite = step.Suite,
        };
        while (true)
        {
            var (end, reason) = await watch.RunAsync();
            switch (end)
            {
                case WatchEnd.Passed when step.LoadTest is { } loadTest:
                    var (again, _) = await BaselineStep.RunAsync(run, environment, loadTest);
                    return new StepEnd(again, $"{reason}; the load test holds at the end, too");
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
                    if (await UndecidedAsync(run, environment, watch, reason) is { } left)
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
    private static async Task<StepEnd?> UndecidedAsync(RolloutRun run, EnvironmentRun environment, Watch watch, string reason)
    {
        if (!watch.Announced)
        {
            run.Journal.Note("paused", environment.Name, reason);
        }

        await run.Journal.ShowAsync(run.Journal.Status with
        {
            Phase = Phase.Paused,
            PauseReason = watch.Holding ?? PauseReason.Inconclusive,
            WaitsUntil = null,
            Leg = null,
            Message = reason,
        });
        var command = await run.Inbox.CommandAsync(Watch.EndsOrResumes);
        run.Journal.Note("resumed", environment.Name, $"{command.Kind} by {command.Actor}", ("actor", command.Actor));
        run.AtOnce |= command.Kind == CommandKind.PromoteFull;
        return command.Kind == CommandKind.Resume ? null : StepEnd.Skipped($"{command.Kind} by {command.Actor}: {reason}");
    }
}
