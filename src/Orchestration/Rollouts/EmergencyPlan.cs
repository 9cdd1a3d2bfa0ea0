using Sluice.Domain.Plans;

namespace Sluice.Orchestration.Rollouts;

/// <summary>The way of an emergency: what makes a release safe to run stays, what waits for time or for people goes.</summary>
public static class EmergencyPlan
{
    /// <summary>Longest time that the old revision is kept warm: an emergency is over within ten minutes.</summary>
    public static TimeSpan LongestHold { get; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Validation, migrations, deploys, smoke suites, the last weight of each environment and a short hold with its health checks. No soak,
    /// no gate, no baseline, no smaller weight. It takes the place of a rollout that holds the environment.
    /// </summary>
    public static Plan From(Plan plan) => plan with
    {
        Concurrency = Concurrency.Supersede,
        Steps = [.. plan.Steps.Select((step, index) => Kept(plan, step, index)).OfType<Step>()],
    };

    private static Step? Kept(Plan plan, Step step, int index) => step switch
    {
        Step.Validate or Step.Migrate or Step.Smoke => step,
        Step.Deploy { Weight: > 0 and < 100 } deploy => deploy with { Weight = 0 },
        Step.Deploy => step,
        Step.SetWeight when !plan.Steps.Skip(index + 1).Any(s => s is Step.SetWeight && s.Environment == step.Environment) => step,
        Step.Hold hold when hold.Duration > LongestHold => hold with { Duration = LongestHold, Every = Shorter(hold.Every, LongestHold) },
        Step.Hold => step,
        _ => null,
    };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
