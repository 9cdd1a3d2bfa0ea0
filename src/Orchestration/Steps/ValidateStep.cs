using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>Checks an environment's variables, secrets and queries, all faults at once.</summary>
internal static class ValidateStep
{
    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment)
    {
        var input = new ValidateInput(environment.Target, run.Plan.Analysis.ThresholdsIn(environment.Target.Environment))
        {
            Secrets = [.. run.Plan.Steps.OfType<Step.VerifySync>().Where(s => s.Environment == environment.Name).Select(s => s.Access.BearerSecret).OfType<string>().Distinct()],
        };
        var report = await Measuring.RunAsync(run, ActivityRefs.ValidateEnvironment, input, "the environment's variables");
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
