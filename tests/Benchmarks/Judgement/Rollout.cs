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
    private const double ReferenceSeconds = 3600;
    private const double SmallestRatio = 1.5;
    private const double NinetyFivePercent = 1.645;

    private static readonly DateTimeOffset Begin = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ReplicaHealth Healthy = new(2, 2, Failed: false, "");
    private readonly List<Phase> _phases = [];

    /// <param name="plan">A compiled plan; what is judged is its last environment.</param>
    public Rollout(Plan plan)
    {
        var weight = 0;
        foreach (var step in plan.Steps.Where(s => s.Environment == plan.Environments[^1].Name))
        {
            switch (step)
            {
                case Step.SetWeight set:
                    weight = set.Weight;
                    break;
                case Step.Soak soak:
                    var share = weight;
                    _phases.Add(new Phase(weight, soak.Duration, e => WatchRules.Of(plan, soak, share, firstRelease: false, e, soak.Warmup)));
                    break;
                case Step.Hold hold:
                    _phases.Add(new Phase(weight, hold.Duration, e => WatchRules.Of(plan, hold, FullWeight, firstRelease: false, e, hold.Warmup)));
                    break;
            }
        }
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
            // Reports may be rarer, health and hard limits are looked at every 30 s in any case, and counts with them.
            var planned = phase.RulesFor(evidence);
            var every = TimeSpan.FromSeconds(World.Seconds);
            var rules = planned with
            {
                Every = every,
                MinRequests = Math.Max(1, (int)(planned.MinRequests * (every / planned.Every))),
                Cadence = [],
                Explains = false,
            };
            var state = SoakState.Start(At(world), evidence, phase.Weight);
            var latest = world.Now + Patience + ((rules.Warmup.TotalSeconds + rules.Duration.TotalSeconds) * Longest);
            while (true)
            {
                var result = SoakJudge.Look(rules, state, Look(world, phase.Weight));
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
    public double ExpectedExcess(Conditions conditions) => _phases.Sum(p => RequestsIn(p, conditions) * World.ExcessShare(conditions));

    /// <summary>
    /// Of them those that can be told from stable's: all while stable is beside it. At full traffic there is only what stable did before, so only
    /// failures beyond 1.5 times a rate that this would hardly have shown, and only where they are 1.5 times as many, the smallest ratio looked for.
    /// </summary>
    public double ToldExcess(Conditions conditions)
    {
        var (told, reference) = (0.0, 0.0);
        foreach (var phase in _phases)
        {
            var requests = RequestsIn(phase, conditions);
            if (phase.IsSplit)
            {
                told += requests * World.ExcessShare(conditions);
                reference = conditions.RequestsPerSecond * (1 - (phase.Weight / 100.0)) * Math.Min(ReferenceSeconds, phase.Duration.TotalSeconds);
                continue;
            }

            var errors = (conditions.ErrorRate * reference) + 1;
            var allowed = SmallestRatio * (errors + (NinetyFivePercent * Math.Sqrt(errors))) / Math.Max(1, reference);
            var rate = conditions.ErrorRate * conditions.ErrorRatio;
            told += rate >= SmallestRatio * allowed ? requests * (rate - allowed) : 0;
        }

        return told;
    }

    private static double RequestsIn(Phase phase, Conditions conditions) => conditions.RequestsPerSecond * phase.Weight / 100.0 * phase.Duration.TotalSeconds;

    private static DateTimeOffset At(World world) => Begin + TimeSpan.FromSeconds(world.Now);

    private static SoakLook Look(World world, int weight) => new(At(world), "canary", "stable")
    {
        Reading = new MetricReading("epoch", At(world), new Dictionary<string, RevisionCounts> { ["canary"] = world.Canary, ["stable"] = world.Stable }),
        Health = Healthy,
        SmokeFailures = [],
        Weight = weight,
    };

    /// <param name="Weight">The canary's share, percent.</param>
    /// <param name="Duration">How long it is watched.</param>
    /// <param name="RulesFor">The product's rules, given what was learned before.</param>
    private sealed record Phase(int Weight, TimeSpan Duration, Func<Evidence, SoakRules> RulesFor)
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
