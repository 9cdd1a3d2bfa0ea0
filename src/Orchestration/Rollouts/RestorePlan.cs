using Sluice.Domain.Plans;

namespace Sluice.Orchestration.Rollouts;

/// <summary>The short way back: a plan of the steps a restore needs, taken from the plan the old release was rolled out with.</summary>
public static class RestorePlan
{
    /// <summary>Start the old revision, check it as its own plan did, give it all traffic.</summary>
    /// <param name="plan">The old release's plan.</param>
    /// <param name="environment">Which environment goes back.</param>
    public static Plan From(Plan plan, string environment) => plan with
    {
        Concurrency = Concurrency.Queue,
        Steps =
        [
            new Step.Deploy(0) { Environment = environment, WarmingRequests = 0 },
            .. plan.Steps.OfType<Step.Smoke>().Where(s => s.Environment == environment).Take(1),
            new Step.SetWeight(100) { Environment = environment },
        ],
    };
}
