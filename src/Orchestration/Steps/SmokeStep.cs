using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>Runs a suite of HTTP checks against the new revision.</summary>
internal static class SmokeStep
{
    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment, Step.Smoke step)
    {
        var report = await Measuring.RunAsync(
            run, ActivityRefs.Smoke, new SmokeInput(environment.Target, environment.Revision, step.Suite), "the smoke suite");
        if (report.Failures.Count > 0)
        {
            throw new GoBackException(
                Outcome.RolledBack,
                $"{report.Failures.Count} of {report.Failures.Count + report.Passed} smoke checks failed: {string.Join("; ", report.Failures)}");
        }

        var passed = $"{report.Passed} checks in {Durations.Format(report.Elapsed)}";
        if (!environment.IsFirst || environment.Weight > 0)
        {
            return StepEnd.Passed(passed);
        }

        await run.MoveAsync(environment, 100);
        return StepEnd.Passed($"{passed}; the first release here, so it has all traffic now");
    }
}
