using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Analysis;

/// <summary>
/// What a soak carries from look to look, and from leg to leg. Small, immutable and a stored format: members are only ever added.
/// </summary>
public sealed record SoakState
{
    /// <summary>When the soak began, UTC; the warm-up counts from here.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it was last looked at, UTC.</summary>
    public required DateTimeOffset LastLookAt { get; init; }

    /// <summary>When the clock last advanced, UTC.</summary>
    public required DateTimeOffset LastGainAt { get; init; }

    /// <summary>The last reading, of the two revisions only; null before the first.</summary>
    public MetricReading? LastReading { get; init; }

    /// <summary>What the canary did since the warm-up.</summary>
    public RevisionCounts Canary { get; init; } = RevisionCounts.Zero;

    /// <summary>What stable did meanwhile.</summary>
    public RevisionCounts Stable { get; init; } = RevisionCounts.Zero;

    /// <summary>Seconds on the soak's clock.</summary>
    public double ElapsedSeconds { get; init; }

    /// <summary>Looks taken.</summary>
    public int Looks { get; init; }

    /// <summary>Looks in a row without telemetry.</summary>
    public int ConsecutiveErrors { get; init; }

    /// <summary>Looks in a row with a replica that is not ready.</summary>
    public int UnhealthyStreak { get; init; }

    /// <summary>Looks in a row with a failed smoke check.</summary>
    public int SmokeStreak { get; init; }

    /// <summary>How each metric fared, by its name in plans.</summary>
    public IReadOnlyDictionary<string, MetricTally> Metrics { get; init; } = new Dictionary<string, MetricTally>();

    /// <summary>What the rollout has learned in this environment, before this soak and in it: hand it to the next one.</summary>
    public Evidence Evidence { get; init; } = Evidence.None;

    /// <summary>The canary's share of the traffic in percent when the soak began; null when it is not known.</summary>
    public int? Weight { get; init; }

    /// <summary>How the plan's own metrics fared in this soak.</summary>
    public ThresholdState Thresholds { get; init; } = ThresholdState.None;

    /// <summary>
    /// Whether the numbers are to be looked at now, or only what cannot wait: on a grid of ticks, at the tick that is nearest to when the next look
    /// is due.
    /// </summary>
    /// <param name="rules">By what is judged.</param>
    /// <param name="tick">Time between two ticks.</param>
    /// <param name="now">UTC.</param>
    public bool IsLookDue(SoakRules rules, TimeSpan tick, DateTimeOffset now) =>
        Looks == 0 || now - LastLookAt >= rules.At(now - StartedAt).Every - (tick / 2);

    /// <summary>What it takes to look only at what cannot wait.</summary>
    public SoakState ForGlance() => this with
    {
        LastReading = LastReading is { } last
            ? last with { Revisions = last.Revisions.ToDictionary(r => r.Key, r => r.Value.WithoutLatency()) }
            : null,
        Canary = Canary.WithoutLatency(),
        Stable = Stable.WithoutLatency(),
        Evidence = Evidence.None,
    };

    /// <summary>The state before the first look.</summary>
    public static SoakState Start(DateTimeOffset now) => Start(now, Evidence.None, null);

    /// <summary>The state before the first look of a soak that is not the rollout's first.</summary>
    /// <param name="now">UTC.</param>
    /// <param name="evidence">Where the soak before ended.</param>
    /// <param name="weight">The canary's share of the traffic in percent; null when it is not known.</param>
    public static SoakState Start(DateTimeOffset now, Evidence evidence, int? weight) =>
        new() { StartedAt = now, LastLookAt = now, LastGainAt = now, Evidence = evidence, Weight = weight };
}

/// <summary>How one metric fared over the looks of a soak.</summary>
/// <param name="Passed">Measurements within the bounds.</param>
/// <param name="Failed">Measurements outside them.</param>
/// <param name="Inconclusive">Measurements on too little.</param>
/// <param name="Errors">Looks that could not measure.</param>
public sealed record MetricTally(int Passed, int Failed, int Inconclusive, int Errors)
{
    /// <summary>Nothing measured.</summary>
    public static MetricTally None { get; } = new(0, 0, 0, 0);

    /// <summary>With one measurement more.</summary>
    public MetricTally With(Verdict result) => result switch
    {
        Verdict.Pass => this with { Passed = Passed + 1 },
        Verdict.Fail => this with { Failed = Failed + 1 },
        Verdict.Inconclusive => this with { Inconclusive = Inconclusive + 1 },
        _ => this with { Errors = Errors + 1 },
    };
}

/// <summary>One metric at one look.</summary>
/// <param name="Metric">Its name in plans.</param>
/// <param name="At">UTC.</param>
/// <param name="Result">What it says.</param>
/// <param name="Value">The canary's: a fraction for errors, seconds for latencies; null when there were no requests.</param>
/// <param name="StableValue">Stable's in the same window; null likewise.</param>
/// <param name="Requests">Canary requests it is over.</param>
/// <param name="Message">Value, bound and counts, for people.</param>
public sealed record Measurement(
    string Metric, DateTimeOffset At, Verdict Result, double? Value, double? StableValue, long Requests, string Message)
{
    /// <summary>Stable breaks the bound as well: the release is not to blame.</summary>
    public bool StableDegraded { get; init; }

    /// <summary>The evidence that the canary is worse; the metric fails at <see cref="RequiredE"/>. Null without a comparison.</summary>
    public double? E { get; init; }

    /// <summary>1/α of this metric.</summary>
    public double? RequiredE { get; init; }

    /// <summary>The anytime-valid p-value of "not worse": 1 over the highest E so far.</summary>
    public double? P { get; init; }

    /// <summary>Lower end of the confidence sequence of the canary's rate over stable's; 0 when nothing is known.</summary>
    public double? RatioLow { get; init; }

    /// <summary>Upper end of it; null when nothing is known.</summary>
    public double? RatioHigh { get; init; }

    /// <summary>What is still needed for a decision, at the present traffic: <c>≈ 12 min at present traffic</c>; null when nothing is.</summary>
    public string? Needed { get; init; }

    /// <summary>The smallest ratio of the canary's rate to stable's that the exposure so far would have found in nine cases of ten.</summary>
    public double? SmallestRatio { get; init; }
}

/// <summary>What a look led to.</summary>
/// <param name="State">For the next look.</param>
/// <param name="Verdict">
/// <c>Fail</c>: act on it now. <c>Pass</c>: the soak is over. <c>Error</c>: telemetry has been missing for more than 4 looks: hold.
/// <c>Inconclusive</c>: go on looking.
/// </param>
/// <param name="Reason">Why, when it is not simply going on; null then.</param>
/// <param name="Progress">For people.</param>
/// <param name="Measurements">One per metric.</param>
public sealed record SoakResult(
    SoakState State, Verdict Verdict, string? Reason, SoakProgress Progress, IReadOnlyList<Measurement> Measurements)
{
    /// <summary>Why one of the plan's own metrics holds the soak; null when none does. The clock stands meanwhile.</summary>
    public PauseReason? Holding { get; init; }

    /// <summary>The exposure clock has gained nothing for the step's patience: the plan's policy for missing traffic applies.</summary>
    public bool Starved { get; init; }
}
