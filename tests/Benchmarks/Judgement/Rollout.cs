using Sluice.Benchmarks.Judgement.Traffic;
using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Benchmarks.Judgement;

/// <summary>
/// The judged part of a plan: its weights, soaks and holds, run through the product's judge against a <see cref="World"/>, looked at every
/// 30 s. Made once, run many times.
/// </summary>
internal sealed class Rollout
{
    /// <summary>Time without end of a soak, as a multiple of its length, after which a run counts as stuck.</summary>
    private const int Longest = 2;

    /// <summary>Seconds more.</summary>
    private const int Patience = 1800;

    private const int FullWeight = 100;

    private static readonly DateTimeOffset Begin = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ReplicaHealth Healthy = new(2, 2, Failed: false, "");
    private readonly List<Phase> _phases = [];

    /// <param name="plan">A compiled plan; what is judged is its last environment.</param>
    public Rollout(Plan plan)
    {
        var environment = plan.Environments[^1];
        var weight = 0;
        foreach (var step in plan.Steps.Where(s => s.Environment == environment.Name))
        {
            switch (step)
            {
                case Step.SetWeight set:
                    weight = set.Weight;
                    break;
                case Step.Soak soak:
                    _phases.Add(new Phase(weight, SoakRules.For(soak, plan.Analysis, environment.Metrics, firstRelease: false)));
                    break;
                case Step.Hold hold:
                    _phases.Add(new Phase(weight, SoakRules.For(hold, plan.Analysis, environment.Metrics, firstRelease: false)));
                    break;
            }
        }

        var sticky = environment.Router is RouterSpec.Gateway { Sticky: not null };
        var planned = (int)_phases.Where(p => p.IsSplit).Sum(p => p.Rules.Duration.TotalSeconds / World.Seconds);
        _phases = _phases.ConvertAll(p => p with
        {
            Rules = p.Rules with { Every = TimeSpan.FromSeconds(World.Seconds), Comparison = p.IsSplit ? Comparison.Split : Comparison.Frozen, PlannedBuckets = planned, Sticky = sticky, Explains = false },
        });
    }

    /// <summary>Reads a plan's text.</summary>
    public static Rollout Of(string plan, IReadOnlyDictionary<string, string> files)
    {
        var compiled = PlanCompiler.Compile(new Bundle(plan, files));
        return new Rollout(compiled.Plan ?? throw new InvalidOperationException($"A plan of the benchmark has faults: {string.Join("; ", compiled.Faults)}"));
    }

    /// <summary>One rollout.</summary>
    public Outcome Run(Conditions conditions, Draw draw)
    {
        var world = new World(conditions, draw);
        var evidence = Evidence.None;
        var sawStableDegraded = false;
        foreach (var phase in _phases)
        {
            var state = SoakState.Start(At(world), evidence, phase.Weight);
            var latest = world.Now + Patience + ((phase.Rules.Warmup.TotalSeconds + phase.Rules.Duration.TotalSeconds) * Longest);
            while (true)
            {
                var result = SoakJudge.Look(phase.Rules, state, Look(world, phase.Weight));
                state = result.State;
                sawStableDegraded |= result.Reason?.Contains("stable degraded", StringComparison.Ordinal) == true;
                if (result.Verdict == Verdict.Fail)
                {
                    return Ended(End.RolledBack, phase.Weight, result.Reason);
                }

                if (result.Verdict == Verdict.Pass)
                {
                    break;
                }

                if (world.Now >= latest)
                {
                    return Ended(End.Stuck, phase.Weight, result.Reason);
                }

                world.Advance(phase.Weight / 100.0);
            }

            evidence = state.Evidence;
        }

        return Ended(End.Promoted, FullWeight, null);

        Outcome Ended(End end, int weight, string? reason) => new(end, world.Now, weight, reason ?? "", sawStableDegraded);
    }

    /// <summary>Failures, or requests above 1.1 times stable's p95, that the canary has too many in all of the watch; expected.</summary>
    public double ExpectedExcess(Conditions conditions) => _phases.Sum(p =>
        conditions.RequestsPerSecond * p.Weight / 100.0 * p.Rules.Duration.TotalSeconds * World.ExcessShare(conditions));

    private static DateTimeOffset At(World world) => Begin + TimeSpan.FromSeconds(world.Now);

    private static SoakLook Look(World world, int weight) => new(At(world), "canary", "stable")
    {
        Reading = new MetricReading("epoch", At(world), new Dictionary<string, RevisionCounts> { ["canary"] = world.Canary, ["stable"] = world.Stable }),
        Health = Healthy,
        SmokeFailures = [],
        Weight = weight,
    };

    private sealed record Phase(int Weight, SoakRules Rules)
    {
        public bool IsSplit => Weight is > 0 and < FullWeight;
    }
}

/// <summary>How a run ended.</summary>
internal enum End
{
    /// <summary>All soaks passed.</summary>
    Promoted,

    /// <summary>The judge failed it.</summary>
    RolledBack,

    /// <summary>A soak neither passed nor failed for several times its length.</summary>
    Stuck,
}

/// <summary>One run.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Seconds">When, since the first request.</param>
/// <param name="Weight">At which weight.</param>
/// <param name="Reason">Why it was rolled back or is stuck.</param>
/// <param name="SawStableDegraded">Whether it was said at any look that stable is degraded, too.</param>
internal sealed record Outcome(End End, int Seconds, int Weight, string Reason, bool SawStableDegraded);
