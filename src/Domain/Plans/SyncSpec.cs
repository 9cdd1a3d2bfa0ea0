namespace Sluice.Domain.Plans;

/// <summary>Which syncs a step waits for.</summary>
public enum SyncKind
{
    /// <summary>Of providers' prices.</summary>
    Prices,

    /// <summary>Of models.</summary>
    Models,
}

/// <summary>From when syncs count.</summary>
public enum SyncMoment
{
    /// <summary>Since the revision was started; its time for the first runs from when it was ready.</summary>
    Deployed,

    /// <summary>Since its weight last rose.</summary>
    Traffic,

    /// <summary>Since the step began.</summary>
    Step,
}

/// <summary>What a good sync is, besides having ended in time.</summary>
/// <param name="MaxDuration">From its start to its end.</param>
/// <param name="MinFetched">Rows that its sources sent, together, at least.</param>
/// <param name="MaxQuarantined">Rows that were not believed, together, at most; null for any number.</param>
/// <param name="Partial">Whether some of its sources may have failed.</param>
public sealed record SyncCriteria(TimeSpan MaxDuration, int MinFetched, int? MaxQuarantined, bool Partial);

/// <summary>What a sync that is not good leads to.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Interval">For <see cref="SyncFailureKind.Widen"/>: whole hours.</param>
/// <param name="Providers">For <see cref="SyncFailureKind.Providers"/>: those that are still synced.</param>
public sealed record SyncFailureAction(SyncFailureKind Kind, TimeSpan? Interval, IReadOnlyList<string> Providers)
{
    /// <summary>The default.</summary>
    public static SyncFailureAction Rollback { get; } = new(SyncFailureKind.Rollback, null, []);
}

/// <summary>What a sync that is not good leads to, the gentlest last. Stored: never renamed.</summary>
public enum SyncFailureKind
{
    /// <summary>Everything back.</summary>
    Rollback,

    /// <summary>Stay and wait for a person.</summary>
    Pause,

    /// <summary>The schedule is switched off, the release stays.</summary>
    Disable,

    /// <summary>The schedule runs less often, the release stays.</summary>
    Widen,

    /// <summary>Fewer providers are synced, the release stays.</summary>
    Providers,
}
