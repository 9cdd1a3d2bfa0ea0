using System.Text.Json.Serialization;

namespace Sluice.Domain.Plans;

/// <summary>A metric of the plan's own: a query, and the conditions its answers are held to. The semantics are Argo Rollouts' as its code has them.</summary>
/// <param name="Name">Unique in the plan: lower-case letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</param>
/// <param name="Provider">Which provider of the environment answers; <see cref="Counts"/> for the environment's own counts.</param>
/// <param name="Query">In the provider's language; arguments such as <c>{revision}</c> are not filled in yet.</param>
public sealed record ThresholdSpec(string Name, string Provider, string Query)
{
    /// <summary>The provider that needs no server: what the environment's source of metrics counted since the measurement before.</summary>
    public const string Counts = "counts";

    /// <summary>When a measurement is good; null for "when it is not bad".</summary>
    public string? SuccessCondition { get; init; }

    /// <summary>When a measurement is bad; null for "when it is not good".</summary>
    public string? FailureCondition { get; init; }

    /// <summary>What the answers are in.</summary>
    public MetricUnit Unit { get; init; } = MetricUnit.Number;

    /// <summary>Time between two measurements.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Time before the first one, from the end of the soak's warm-up.</summary>
    public TimeSpan InitialDelay { get; init; }

    /// <summary>How many measurements there are; null for as many as the soak has room for.</summary>
    public int? Count { get; init; }

    /// <summary>Bad measurements that are tolerated: one more fails. −1 for any number.</summary>
    public int FailureLimit { get; init; }

    /// <summary>Measurements neither good nor bad that are tolerated: one more holds.</summary>
    public int InconclusiveLimit { get; init; }

    /// <summary>Errors in a row that are tolerated: one more holds.</summary>
    public int ConsecutiveErrorLimit { get; init; } = 4;

    /// <summary>Good measurements in a row that settle it; 0 for no such rule.</summary>
    public int ConsecutiveSuccessLimit { get; init; }

    /// <summary>How long the condition must be broken without a break before a measurement is bad; zero for at once.</summary>
    public TimeSpan For { get; init; }

    /// <summary>What a failure leads to.</summary>
    public Severity Severity { get; init; }

    /// <summary>The resource it is about: then it fails only while stable is within the bound. Null for anything else.</summary>
    public ResourceKind? Resource { get; init; }

    /// <summary>A measurement that stable breaks as well holds instead of failing. Always so for resources.</summary>
    public bool WhileStableHolds { get; init; }

    /// <summary>
    /// How many times stable's answer is bad as well, while both have traffic: for percentiles of a source without a histogram, which cannot be
    /// compared by counts. Null for no such rule.
    /// </summary>
    public double? Regression { get; init; }

    /// <summary>Whether the query is asked of stable too.</summary>
    [JsonIgnore]
    public bool AsksStable => WhileStableHolds || Regression is not null;

    /// <summary>Measured and recorded, decides nothing.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What a failed threshold leads to.</summary>
public enum Severity
{
    /// <summary>The soak fails.</summary>
    Critical,

    /// <summary>It is shown with the evidence and recorded, and the soak goes on.</summary>
    Warning,

    /// <summary>It is recorded.</summary>
    Info,
}

/// <summary>What the answers of a query are in. A number with a unit in a condition is converted, or refused when it cannot be.</summary>
public enum MetricUnit
{
    /// <summary>Plain numbers.</summary>
    Number,

    /// <summary>Fractions of one: <c>5%</c> is 0.05.</summary>
    Ratio,

    /// <summary>Hundredths: <c>5%</c> is 5.</summary>
    Percent,

    /// <summary>Fractions of one an hour: <c>2%/h</c> is 0.02.</summary>
    RatioPerHour,

    /// <summary>Seconds.</summary>
    Seconds,

    /// <summary>Milliseconds.</summary>
    Milliseconds,

    /// <summary>Bytes.</summary>
    Bytes,
}

/// <summary>What a revision may use up.</summary>
public enum ResourceKind
{
    /// <summary>Processor time.</summary>
    Cpu,

    /// <summary>Memory in use.</summary>
    Memory,

    /// <summary>Growth of the memory in use.</summary>
    MemoryGrowth,

    /// <summary>Connections, to a database or from users.</summary>
    Connections,
}
