using Sluice.Domain.Plans;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>Moves traffic.</summary>
internal static class SetWeightStep
{
    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment, Step.SetWeight step)
    {
        if (environment.IsFirst)
        {
            return StepEnd.Passed($"the first release here has {environment.Weight} % already: there is nobody to share with");
        }

        if (run.AtOnce && step.Weight < 100)
        {
            return StepEnd.Skipped("sent to 100 % at once");
        }

        await run.MoveAsync(environment, step.Weight);
        return StepEnd.Passed($"{environment.Revision} has {step.Weight} %");
    }
}
