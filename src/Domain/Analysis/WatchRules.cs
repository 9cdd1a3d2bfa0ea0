using Sluice.Domain.Plans;

namespace Sluice.Domain.Analysis;

/// <summary>By what a soak or hold of a plan is judged, from where the rollout stands when it begins. Pure.</summary>
public static class WatchRules
{
    /// <summary>The rules of a soak.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="step">One of its soaks.</param>
    /// <param name="weight">The canary's share now, percent.</param>
    /// <param name="firstRelease">Nothing served here before.</param>
    /// <param name="evidence">What the rollout has learned in this environment.</param>
    /// <param name="warmup">What is left of the warm-up; zero when it is over.</param>
    public static SoakRules Of(Plan plan, Step.Soak step, int weight, bool firstRelease, Evidence evidence, TimeSpan warmup)
    {
        var environment = plan.Environment(step.Environment!);
        var rules = SoakRules.For(step, plan.Analysis, environment.Metrics, firstRelease);
        return Complete(rules, plan, environment, weight, firstRelease, evidence, step.Cadence, step.Limits) with { Warmup = warmup };
    }

    /// <summary>The rules of a hold; parameters as above.</summary>
    public static SoakRules Of(Plan plan, Step.Hold step, int weight, bool firstRelease, Evidence evidence, TimeSpan warmup)
    {
        var environment = plan.Environment(step.Environment!);
        var rules = SoakRules.For(step, plan.Analysis, environment.Metrics, firstRelease);
        return Complete(rules, plan, environment, weight, firstRelease, evidence, step.Cadence, step.Limits) with { Warmup = warmup };
    }

    /// <summary>What the canary is compared with at a weight.</summary>
    public static Comparison ComparisonAt(int weight, bool firstRelease, Evidence evidence) =>
        firstRelease || weight == 0 ? Comparison.None
        : weight < 100 ? Comparison.Split
        : evidence.Reference is null ? Comparison.None
        : Comparison.Frozen;

    /// <summary>Looks with split traffic that the soaks of a plan take in an environment.</summary>
    public static int SplitLooks(Plan plan, string environment)
    {
        var looks = 0;
        var weight = 0;
        foreach (var step in plan.Steps.Where(s => s.Environment == environment))
        {
            weight = step switch
            {
                Step.Deploy deploy => deploy.Weight,
                Step.SetWeight set => set.Weight,
                _ => weight,
            };
            looks += step is Step.Soak soak && weight is > 0 and < 100 ? CadenceSpan.Looks(soak.Cadence, soak.Every, soak.Duration) : 0;
        }

        return looks;
    }

    private static SoakRules Complete(
        SoakRules rules,
        Plan plan,
        EnvironmentSpec environment,
        int weight,
        bool firstRelease,
        Evidence evidence,
        IReadOnlyList<CadenceSpan> cadence,
        IReadOnlyDictionary<string, double> limits) => rules with
        {
            Cadence = cadence,
            Thresholds = plan.Analysis.ThresholdsIn(environment),
            Comparison = ComparisonAt(weight, firstRelease, evidence),
            Budget = plan.Analysis.Budget,
            Tolerance = plan.Analysis.Tolerance,

            // E[g²]/E[g] of the size g of a cluster.
            ClusterFactor = plan.Analysis.ClusterMean + (plan.Analysis.ClusterVariance / plan.Analysis.ClusterMean),
            PlannedBuckets = SplitLooks(plan, environment.Name) is > 0 and var looks ? looks : null,
            Sticky = environment.Router is RouterSpec.Gateway { Sticky: not null },
            Metrics = [.. rules.Metrics.Select(m => limits.TryGetValue(m.Name.Text(), out var limit) ? m with { Limit = limit } : m)],
        };
}
