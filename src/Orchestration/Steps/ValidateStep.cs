using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>Checks an environment's variables and secrets, all faults at once.</summary>
internal static class ValidateStep
{
    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment)
    {
        var report = await Measuring.RunAsync(run, ActivityRefs.ValidateEnvironment, environment.Target, "the environment's variables");
        return report.Faults.Count == 0
            ? StepEnd.Passed(environment.Target.Environment.Variables.Count switch
            {
                0 => "no variables are declared",
                1 => "1 variable is in order",
                var count => $"{count} variables are in order",
            })
            : throw new GoBackException(
                Outcome.Rejected, $"{environment.Name} is not ready, {report.Faults.Count} faults: {string.Join(" ", report.Faults)}");
    }
}
