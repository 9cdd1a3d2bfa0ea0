using Sluice.Domain.Plans;

namespace Sluice.Orchestration.Rollouts;

/// <summary>The way back: a plan of the steps a restore needs, taken from the plan the old release was rolled out with.</summary>
public static class RestorePlan
{
    /// <summary>Start the old revision until all of its replicas are ready, check it as far as the way says, give it all traffic.</summary>
    /// <param name="plan">The old release's plan.</param>
    /// <param name="environment">Which environment goes back.</param>
    /// <param name="way">How much is checked.</param>
    public static Plan From(Plan plan, string environment, RestoreWay way)
    {
        var there = plan.Steps.Where(s => s.Environment == environment).ToList();
        return plan with
        {
            Concurrency = Concurrency.Queue,
            Steps = way == RestoreWay.Steps
                ? [.. there.Where(s => s is not (Step.Validate or Step.Migrate or Step.Baseline or Step.VerifySync) && !s.IsGate)]
                :
                [
                    new Step.Deploy(0) { Environment = environment, WarmingRequests = 0 },
                    .. there.OfType<Step.Smoke>().Take(way == RestoreWay.Checked ? 1 : 0),
                    new Step.SetWeight(100) { Environment = environment },
                ],
        };
    }
}

/// <summary>How an environment goes back to an earlier release.</summary>
public enum RestoreWay
{
    /// <summary>Once its smoke suite passes: the plan says nothing about rollback windows.</summary>
    Checked,

    /// <summary>At once: the release is within the plan's rollback window.</summary>
    Fast,

    /// <summary>By the weights and soaks of its plan: the release is outside of the plan's rollback window.</summary>
    Steps,
}
