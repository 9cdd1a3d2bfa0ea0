namespace Sluice.Domain.Analysis;

/// <summary>
/// Everything known of one metric for a whole rollout: the canary beside stable, against the plain limit, and against stable's frozen
/// counts. Mutable: one owner.
/// </summary>
public sealed class MetricTest
{
    // A bucket's weight in what stable did lately: ten buckets, about.
    private const double Fading = 0.9;
    private const int MostStages = 8;
    private const double ScatterSeconds = 60;
    private const int FewestAlone = 10;
    private const double Deviations = 2;

    private readonly double _clusterFactor;
    private readonly List<Stage> _stages;
    private Bucket _recent;
    private Scatter _alone;

    /// <summary>Where an earlier one ended.</summary>
    /// <param name="evidence">The state.</param>
    /// <param name="limit">The share of trials that may be beyond the plain limit; null for no limit.</param>
    /// <param name="clusterFactor">E[g²]/E[g] of the size g of a cluster of failures, when the source cannot tell clients apart; 1 or more.</param>
    public MetricTest(MetricEvidence evidence, double? limit, double clusterFactor = 1)
    {
        _clusterFactor = Math.Max(1, clusterFactor);
        Limit = limit;
        Split = new Sequential(evidence.Split);
        AgainstLimit = new Sequential(evidence.AgainstLimit);
        Frozen = new Sequential(evidence.Frozen);
        History = new StableHistory(evidence.History);
        _recent = evidence.Recent;
        _alone = evidence.Alone;
        _stages = [.. evidence.Stages];
    }

    /// <summary>The canary beside stable.</summary>
    public Sequential Split { get; }

    /// <summary>The canary against the plain limit.</summary>
    public Sequential AgainstLimit { get; }

    /// <summary>At weight 100: against what stable did before.</summary>
    public Sequential Frozen { get; }

    /// <summary>
    /// What was found beside stable, for weight 100. A release that is no worse than stable is none in either comparison, so the product of both
    /// is evidence as each is; half of the stake is bet on it. Evidence that was enough is past: whoever let the release through knew it.
    /// </summary>
    /// <param name="required">The evidence that is enough, 1/α.</param>
    /// <returns>A factor for <see cref="Frozen"/>'s evidence, 0.5 or more.</returns>
    /// <remarks>Products of sequential e-values: Vovk, Wang, "E-values: calibration, combination and applications", Ann. Statist. 49 (2021).</remarks>
    public double Carried(double required) => Split.E < required ? (1 + Split.E) / 2 : 1;

    /// <summary>Stable's last buckets.</summary>
    public StableHistory History { get; private set; }

    /// <summary>The share of trials that may be beyond the plain limit; null for no limit.</summary>
    public double? Limit { get; }

    /// <summary>What was compared, by weight.</summary>
    public IReadOnlyList<Stage> Stages => _stages;

    /// <summary>Whether stable is clearly beyond the plain limit lately, and the canary no better.</summary>
    public bool AreBothOverLimit => Limit is { } limit
        && _recent.StableOver > (limit * _recent.StableTrials) + (3 * Math.Sqrt(limit * _recent.StableTrials))
        && _recent.CanaryOver > limit * _recent.CanaryTrials;

    /// <summary>
    /// c² at weight 100: stable's, but not more than the canary's own counts can have. Stable had the smaller part of the traffic for minutes only,
    /// and two failures that happened to fall together look like scatter; taken for such it hides a release that fails eight times as often.
    /// </summary>
    private double FrozenVariation
    {
        get
        {
            var stable = History.SureVariation;
            if (_alone.Buckets < FewestAlone)
            {
                return stable;
            }

            // Neighbouring buckets may scatter together: half as many are independent.
            var error = Deviations * Math.Sqrt(4.0 / (_alone.Buckets - 1));
            return Math.Min(stable, _alone.Variation(-error) * (1 + error));
        }
    }

    private bool IsStableOverLimit => Limit is { } limit && _recent.StableOver > limit * _recent.StableTrials;

    /// <summary>What happened in a bucket, whether or not it is judged.</summary>
    public void Watch(in Bucket bucket, bool unusual)
    {
        History.Add(bucket.StableEvents, bucket.StableTrials, unusual);
        _recent = _recent.Times(Fading).Plus(bucket);
    }

    /// <summary>What counts as an event has changed: earlier counts of stable say nothing of later ones.</summary>
    /// <param name="keepScatter">Their scatter does.</param>
    public void ForgetHistory(bool keepScatter) => History = History.Anew(keepScatter);

    /// <summary>A bucket of both arms.</summary>
    /// <param name="bucket">What they did.</param>
    /// <param name="weight">The canary's share in percent, by which what was compared is summed up.</param>
    /// <param name="seconds">Its length.</param>
    public void Enter(in Bucket bucket, int weight, double seconds)
    {
        var all = bucket.CanaryTrials + bucket.StableTrials;
        var dispersion = all > 0 ? Dispersion(History.Variation, History.Rate * bucket.CanaryTrials * (bucket.StableTrials / all), seconds) : 1;
        Split.Add(bucket.CanaryEvents, bucket.CanaryTrials, bucket.StableEvents, bucket.StableTrials, dispersion);
        if (!IsStableOverLimit)
        {
            // What stable breaks as well is not the release's.
            EnterLimit(bucket, seconds);
        }

        if (_stages.Count == 0 || _stages[^1].Weight != weight)
        {
            if (_stages.Count == MostStages)
            {
                _stages.RemoveAt(0);
            }

            _stages.Add(new Stage { Weight = weight });
        }

        _stages[^1] = _stages[^1].With(bucket, dispersion);
    }

    /// <summary>A bucket of the canary alone.</summary>
    /// <param name="bucket">What it did.</param>
    /// <param name="allowed">Share of its trials that may be events; null when there is nothing to compare with.</param>
    /// <param name="seconds">Its length.</param>
    public void EnterAlone(in Bucket bucket, double? allowed, double seconds)
    {
        if (allowed is { } rate)
        {
            var expected = rate * bucket.CanaryTrials;
            Frozen.AddAgainst(bucket.CanaryEvents, expected, Dispersion(FrozenVariation, expected, seconds));
            if (bucket.CanaryTrials > 0)
            {
                _alone = _alone.Plus(bucket.CanaryEvents, bucket.CanaryTrials);
            }
        }

        EnterLimit(bucket, seconds);
    }

    /// <summary>For the next look.</summary>
    /// <param name="before">The state it began with: what is not the test's own stays.</param>
    public MetricEvidence ToEvidence(MetricEvidence before) => before with
    {
        Split = Split.ToState(),
        AgainstLimit = AgainstLimit.ToState(),
        Frozen = Frozen.ToState(),
        History = History.ToState(),
        Recent = _recent,
        Alone = _alone,
        Stages = [.. _stages],
    };

    private void EnterLimit(in Bucket bucket, double seconds)
    {
        if (Limit is { } limit)
        {
            var expected = limit * bucket.CanaryTrials;
            AgainstLimit.AddAgainst(bucket.CanaryOver, expected, Dispersion(History.Variation, expected, seconds));
        }
    }

    /// <summary>
    /// φ = 1 + 2·c²·(1 + 3c²)·λ: by what factor the variance of a count of mean λ exceeds the mean when its rate scatters by c, with a reserve of 2
    /// that grows with the skewness. λ is that of a minute, for neighbouring short buckets scatter together.
    /// </summary>
    private double Dispersion(double scatter, double expected, double seconds) =>
        Math.Max(_clusterFactor, 1 + (2 * scatter * (1 + (3 * scatter)) * expected * Math.Max(1, ScatterSeconds / seconds)));
}

/// <summary>What was compared at one weight; a stored format.</summary>
public sealed record Stage
{
    /// <summary>The canary's share in percent.</summary>
    public int Weight { get; init; }

    /// <summary>The canary's events.</summary>
    public double CanaryEvents { get; init; }

    /// <summary>The canary's trials.</summary>
    public double CanaryTrials { get; init; }

    /// <summary>Stable's events.</summary>
    public double StableEvents { get; init; }

    /// <summary>Stable's trials.</summary>
    public double StableTrials { get; init; }

    /// <summary>Buckets.</summary>
    public int Buckets { get; init; }

    /// <summary>Sum of their φ.</summary>
    public double Dispersions { get; init; }

    /// <summary>Mean φ.</summary>
    public double Dispersion() => Buckets > 0 ? Dispersions / Buckets : 1;

    /// <summary>With one bucket more.</summary>
    public Stage With(in Bucket bucket, double dispersion) => this with
    {
        CanaryEvents = CanaryEvents + bucket.CanaryEvents,
        CanaryTrials = CanaryTrials + bucket.CanaryTrials,
        StableEvents = StableEvents + bucket.StableEvents,
        StableTrials = StableTrials + bucket.StableTrials,
        Buckets = Buckets + 1,
        Dispersions = Dispersions + dispersion,
    };
}

/// <summary>What a <see cref="MetricTest"/> carries from look to look; a stored format.</summary>
public sealed record MetricEvidence
{
    /// <summary>The canary beside stable.</summary>
    public SequentialState Split { get; init; } = new();

    /// <summary>The canary against the plain limit.</summary>
    public SequentialState AgainstLimit { get; init; } = new();

    /// <summary>The canary against what stable did before.</summary>
    public SequentialState Frozen { get; init; } = new();

    /// <summary>Stable's last buckets.</summary>
    public HistoryState History { get; init; } = new();

    /// <summary>The last buckets together, the very last weighing most.</summary>
    public Bucket Recent { get; init; }

    /// <summary>How the canary's events scatter at weight 100.</summary>
    public Scatter Alone { get; init; }

    /// <summary>What was compared, by weight, oldest first.</summary>
    public IReadOnlyList<Stage> Stages { get; init; } = [];

    /// <summary>For latencies, the index in <see cref="LatencyBuckets"/> beyond which stable's answers are slow; null before it is fixed, and for errors.</summary>
    public int? Threshold { get; init; }
}
