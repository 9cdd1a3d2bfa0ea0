using Sluice.Domain.Plans;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>Remembers what is to be looked at after the release: the looking begins when the environment has been given free.</summary>
internal static class WatchStep
{
    public static StepEnd Run(RolloutRun run, EnvironmentRun environment, Step.Watch step)
    {
        run.Afterwards.Add((environment, step));
        return StepEnd.Passed($"begins when {environment.Name} is free for the next release");
    }
}
