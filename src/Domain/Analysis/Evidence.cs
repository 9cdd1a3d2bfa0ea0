namespace Sluice.Domain.Analysis;

/// <summary>
/// Everything the judge has learned in one environment, carried through the whole rollout: from look to look, step to step and weight to
/// weight. Small, immutable and a stored format: members are only ever added.
/// </summary>
public sealed record Evidence
{
    /// <summary>Nothing learned.</summary>
    public static Evidence None { get; } = new();

    /// <summary>What is known of each metric, by its name in plans.</summary>
    public IReadOnlyDictionary<string, MetricEvidence> Metrics { get; init; } = new Dictionary<string, MetricEvidence>();

    /// <summary>Buckets that wait to be judged.</summary>
    public SplitState Split { get; init; } = new();

    /// <summary>Stable's counts of the last hour of split traffic; null before there was any.</summary>
    public FrozenReference? Reference { get; init; }
}

/// <summary>Stable's counts of the last 60 minutes of the rollout's own split traffic: what the new revision is compared with at weight 100.</summary>
/// <param name="Requests">Requests.</param>
/// <param name="Errors">Errors among them, in the unit of <see cref="Evidence"/>.</param>
/// <param name="Latency">Per bucket of <see cref="LatencyBuckets"/>.</param>
public sealed record FrozenReference(long Requests, long Errors, IReadOnlyList<long> Latency);
