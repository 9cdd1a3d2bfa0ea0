using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Rollouts;
using Sluice.Orchestration.Soaks;

namespace Sluice.Orchestration.Steps;

/// <summary>Keeps the old revision warm while the new one has all traffic; a breach moves the weights back.</summary>
internal static class HoldStep
{
    private static readonly TimeSpan Endless = TimeSpan.FromDays(3650);

    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment, Step.Hold step)
    {
        // A hold counts time, and a breach always goes back: the old revision is warm for that.
        var terms = new Step.Soak(
            step.Duration, step.Every, SoakClock.Wall, FailureAction.Rollback, MinRequests: 0, Patience: Endless, NoDataAction.Wait,
            Warmup: TimeSpan.Zero, Suite: null);
        var watch = new Watch(run, environment, terms, "hold");
        var (end, reason) = await watch.RunAsync();
        switch (end)
        {
            case WatchEnd.Failed:
                await Measuring.FailAsync(run, environment, FailureAction.Rollback, reason);
                return StepEnd.Passed("promoted by a person in spite of: " + reason);
            case WatchEnd.Promoted:
                return StepEnd.Skipped(reason);
            default:
                return StepEnd.Passed(reason);
        }
    }
}
