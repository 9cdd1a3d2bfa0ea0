using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>A bounded load test of the new revision, recorded and judged.</summary>
internal static class BaselineStep
{
    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment, Step.Baseline step)
    {
        var report = await Measuring.RunAsync(
            run,
            ActivityRefs.Baseline,
            new BaselineInput(environment.Target, environment.Revision, environment.Row.Id, step),
            "the baseline");
        return report.Faults.Count == 0
            ? StepEnd.Passed(report.Summary)
            : throw new GoBackException(Outcome.RolledBack, $"the baseline is not met: {string.Join("; ", report.Faults)}");
    }
}
