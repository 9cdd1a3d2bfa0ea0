using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Analysis;

/// <summary>What a soak or a hold is judged by; fixed while it runs.</summary>
/// <param name="Duration">How long on <paramref name="Clock"/>.</param>
/// <param name="Every">Time between two looks.</param>
/// <param name="Clock">What time counts.</param>
/// <param name="MinRequests">On the exposure clock, canary requests that make an interval of <paramref name="Every"/> count.</param>
/// <param name="Patience">On the exposure clock, how long without gain before it counts as starved.</param>
/// <param name="Warmup">At the start, time in which only hard limits and health act.</param>
/// <param name="Metrics">What is looked at besides; empty when the environment has no source of metrics.</param>
/// <param name="FirstRelease">No stable revision exists: only limits are judged.</param>
public sealed record SoakRules(
    TimeSpan Duration,
    TimeSpan Every,
    SoakClock Clock,
    int MinRequests,
    TimeSpan Patience,
    TimeSpan Warmup,
    IReadOnlyList<MetricSpec> Metrics,
    bool FirstRelease)
{
    /// <summary>Whether the environment has numbers at all.</summary>
    public bool Measures { get; init; } = true;

    /// <summary>The plan's own metrics that this environment can answer.</summary>
    public IReadOnlyList<ThresholdSpec> Thresholds { get; init; } = [];

    /// <summary>Time between two looks by the age of the soak; empty when it is <see cref="Every"/> all along.</summary>
    public IReadOnlyList<CadenceSpan> Cadence { get; init; } = [];

    /// <summary>The rules at an age of the soak: <see cref="Every"/> is the cadence of that time.</summary>
    public SoakRules At(TimeSpan age) => Cadence.Count == 0 ? this : this with { Every = CadenceSpan.At(Cadence, age, Every) };

    /// <summary>
    /// Whether measurements say how much was seen and needed, which decides nothing and costs most of a look. Off where many thousands of
    /// soaks are simulated; a failure is told in full in any case.
    /// </summary>
    public bool Explains { get; init; } = true;

    /// <summary>What the canary is compared with.</summary>
    public Comparison Comparison { get; init; } = Comparison.Split;

    /// <summary>Highest allowed probability of rolling back a good release, over the whole rollout; 0 to 1.</summary>
    public double Budget { get; init; } = 0.01;

    /// <summary>Looks with split traffic that the whole plan can take: the later starts of the tests are spread over them. Null: no end is known.</summary>
    public int? PlannedBuckets { get; init; }

    /// <summary>The smallest ratio of rates that is looked for: 1.5, or 2 for long soaks that tolerate more.</summary>
    public double Tolerance { get; init; } = Sequential.DefaultFirstRatio;

    /// <summary>The router keeps a client on its revision.</summary>
    public bool Sticky { get; init; }

    /// <summary>
    /// E[g²]/E[g] of the size g of a cluster of failures, where the source cannot tell clients apart: 1 when failures are independent.
    /// </summary>
    public double ClusterFactor { get; init; } = 1;

    /// <summary>The rules of a soak step. A first release may have no users yet: its soak is on the wall clock, whatever the plan says.</summary>
    public static SoakRules For(Step.Soak step, AnalysisSpec analysis, MetricsSpec source, bool firstRelease) =>
        new(step.Duration, step.Every, firstRelease ? SoakClock.Wall : step.Clock, step.MinRequests, step.TrafficTimeout, step.Warmup, MetricsOf(analysis, source), firstRelease)
        {
            Measures = source is not MetricsSpec.None,
        };

    /// <summary>The rules of a hold: the wall clock and plain limits, without warm-up.</summary>
    public static SoakRules For(Step.Hold step, AnalysisSpec analysis, MetricsSpec source, bool firstRelease) =>
        new(step.Duration, step.Every, SoakClock.Wall, 0, TimeSpan.MaxValue, TimeSpan.Zero, MetricsOf(analysis, source), firstRelease)
        {
            Measures = source is not MetricsSpec.None,
        };

    private static IReadOnlyList<MetricSpec> MetricsOf(AnalysisSpec analysis, MetricsSpec source) =>
        source is MetricsSpec.None ? [] : analysis.Metrics;
}

/// <summary>What a canary is compared with.</summary>
public enum Comparison
{
    /// <summary>Stable beside it, at a weight above 0 and below 100.</summary>
    Split,

    /// <summary>At weight 100 and in the hold: what stable did in the last hour of split traffic.</summary>
    Frozen,

    /// <summary>Nothing: staging, a first release.</summary>
    None,
}

/// <summary>What one look found.</summary>
/// <param name="Now">UTC.</param>
/// <param name="Canary">Name of the revision that is judged.</param>
/// <param name="Stable">Name of the one beside it; null when there is none.</param>
public sealed record SoakLook(DateTimeOffset Now, string Canary, string? Stable)
{
    /// <summary>What the source of metrics said; null when it could not be read or there is none.</summary>
    public MetricReading? Reading { get; init; }

    /// <summary>Why it could not be read; no secret. Null otherwise.</summary>
    public string? ReadingError { get; init; }

    /// <summary>What the platform said of the canary's replicas; null when it could not be asked, which fails nothing.</summary>
    public ReplicaHealth? Health { get; init; }

    /// <summary>Failed checks of the smoke suite; empty when all held, null when none was run.</summary>
    public IReadOnlyList<string>? SmokeFailures { get; init; }

    /// <summary>The canary's share of the traffic in percent, as read back from the router; null when it is not known.</summary>
    public int? Weight { get; init; }

    /// <summary>Failed checks of the smoke suite against the warm old revision; empty when all held, null when none was run.</summary>
    public IReadOnlyList<string>? StableSmokeFailures { get; init; }

    /// <summary>Answers of the queries of <see cref="SoakRules.Thresholds"/> that were due, by the threshold's name.</summary>
    public IReadOnlyDictionary<string, QueryAnswer> Queries { get; init; } = new Dictionary<string, QueryAnswer>();

    /// <summary>A person paused the rollout: limits and health act, the clock stands.</summary>
    public bool ClockStopped { get; init; }
}

/// <summary>Replicas of a revision.</summary>
/// <param name="Ready">How many may get traffic.</param>
/// <param name="Wanted">How many there should be.</param>
/// <param name="Failed">The platform gave up on it.</param>
/// <param name="Message">Why; for people.</param>
public sealed record ReplicaHealth(int Ready, int Wanted, bool Failed, string Message);
