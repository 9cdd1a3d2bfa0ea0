namespace Sluice.Domain.Analysis.Thresholds;

/// <summary>What the thresholds of a soak carry from look to look. Small, immutable and a stored format: members are only ever added.</summary>
public sealed record ThresholdState
{
    /// <summary>Nothing measured.</summary>
    public static ThresholdState None { get; } = new();

    /// <summary>How each one fared, by its name; those not measured yet are absent.</summary>
    public IReadOnlyDictionary<string, ThresholdTally> Metrics { get; init; } = new Dictionary<string, ThresholdTally>();

    /// <summary>The counts at the last measurement, by interval: those of one interval share them.</summary>
    public IReadOnlyDictionary<string, CountMark> Marks { get; init; } = new Dictionary<string, CountMark>();

    /// <summary>A person wants to go on in spite of what held: what could not be told so far is forgotten, what failed is not.</summary>
    public ThresholdState StartOver() => this with
    {
        Metrics = Metrics.ToDictionary(m => m.Key, m => m.Value with
        {
            Inconclusive = 0,
            ConsecutiveErrors = 0,
            Count = IsHolding(m.Value) ? 0 : m.Value.Count,
            Phase = IsHolding(m.Value) ? ThresholdPhase.Running : m.Value.Phase,
        }),
    };

    private static bool IsHolding(ThresholdTally tally) => tally.Phase is ThresholdPhase.Inconclusive or ThresholdPhase.Error;
}

/// <summary>How one threshold fared.</summary>
public sealed record ThresholdTally
{
    /// <summary>Good measurements.</summary>
    public int Successful { get; init; }

    /// <summary>Bad ones.</summary>
    public int Failed { get; init; }

    /// <summary>Neither.</summary>
    public int Inconclusive { get; init; }

    /// <summary>Measurements that gave no answer.</summary>
    public int Errors { get; init; }

    /// <summary>Those at the end of the row.</summary>
    public int ConsecutiveErrors { get; init; }

    /// <summary>Good ones at the end of the row.</summary>
    public int ConsecutiveSuccesses { get; init; }

    /// <summary>Measurements that count towards the plan's <c>count</c>: all but errors.</summary>
    public int Count { get; init; }

    /// <summary>When the next one is due, UTC.</summary>
    public required DateTimeOffset NextAt { get; init; }

    /// <summary>Since when the condition has been broken without a break, UTC; null when the last measurement did not break it.</summary>
    public DateTimeOffset? BrokenSince { get; init; }

    /// <summary>When it was last seen broken, UTC.</summary>
    public DateTimeOffset? BrokenAt { get; init; }

    /// <summary>What it comes to so far.</summary>
    public ThresholdPhase Phase { get; init; } = ThresholdPhase.Pending;

    /// <summary>The rule that made it fail or hold; null while none does.</summary>
    public string? Why { get; init; }

    /// <summary>What the last measurement said, for people; no secret.</summary>
    public string Message { get; init; } = "";
}

/// <summary>What a threshold comes to, or all of them together: the worst. From good to bad.</summary>
public enum ThresholdPhase
{
    /// <summary>Settled, and good.</summary>
    Successful,

    /// <summary>Ended because another one failed; says nothing.</summary>
    Terminated,

    /// <summary>Measured, and going on.</summary>
    Running,

    /// <summary>Not measured yet.</summary>
    Pending,

    /// <summary>Cannot tell: hold.</summary>
    Inconclusive,

    /// <summary>Cannot measure: hold.</summary>
    Error,

    /// <summary>Bad.</summary>
    Failed,
}

/// <summary>Counts at a moment, to subtract the next ones from.</summary>
/// <param name="At">UTC.</param>
/// <param name="Epoch">Of the reading.</param>
/// <param name="Canary">Cumulative.</param>
/// <param name="Stable">Cumulative; null when there is none.</param>
public sealed record CountMark(DateTimeOffset At, string Epoch, RevisionCounts Canary, RevisionCounts? Stable);
