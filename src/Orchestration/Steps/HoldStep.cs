using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Rollouts;
using Sluice.Orchestration.Soaks;

namespace Sluice.Orchestration.Steps;

/// <summary>Keeps the old revision warm while the new one has all traffic; a breach moves the weights back.</summary>
internal static class HoldStep
{
    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment, Step.Hold step)
    {
        var rules = WatchRules.Of(
            run.Plan, step, environment.Weight, environment.IsFirst, environment.Evidence, environment.WarmupLeft(step.Warmup, run.Now));
        var watch = new Watch(run, environment, "hold", rules, step.Glance) { Suite = step.Suite };
        var (end, reason) = await watch.RunAsync();
        switch (end)
        {
            case WatchEnd.Failed:
                // The old revision is warm for exactly this.
                await Measuring.FailAsync(run, environment, FailureAction.Rollback, reason);
                return StepEnd.Passed("promoted by a person in spite of: " + reason);
            case WatchEnd.Promoted:
                return StepEnd.Skipped(reason);
            default:
                return StepEnd.Passed(reason);
        }
    }
}
