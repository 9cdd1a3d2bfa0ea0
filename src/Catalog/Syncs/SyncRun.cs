namespace Sluice.Catalog.Syncs;

/// <summary>The two kinds of sync. Stored: never renamed.</summary>
public static class SyncKinds
{
    /// <summary>Models, benchmarks and popularity.</summary>
    public const string Models = "models";

    /// <summary>Prices of single providers.</summary>
    public const string Prices = "prices";
}

/// <summary>How a run or a source ended. Stored: never renamed.</summary>
public static class SyncStatuses
{
    /// <summary>Under way.</summary>
    public const string Running = "running";

    /// <summary>All of it was believed.</summary>
    public const string Completed = "completed";

    /// <summary>Some of it was not; what was is stored.</summary>
    public const string Partial = "partial";

    /// <summary>Nothing of it was.</summary>
    public const string Failed = "failed";

    /// <summary>Of a run, from what became of its sources. Without sources nothing was done, which is a failure too.</summary>
    public static string Of(IReadOnlyCollection<SourceOutcome> sources) =>
        sources.All(source => source.Status == Failed) ? Failed
        : sources.All(source => source.Status == Completed) ? Completed
        : Partial;
}

/// <summary>A run that begins.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind">One of <see cref="SyncKinds"/>.</param>
/// <param name="StartedBy"><c>schedule</c>, or who asked for it.</param>
/// <param name="Force">Whether guards are set aside.</param>
/// <param name="At">When.</param>
public sealed record SyncBeginning(string Id, string Kind, string StartedBy, bool Force, DateTimeOffset At);

/// <summary>A run in the history.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind">One of <see cref="SyncKinds"/>.</param>
/// <param name="Status">One of <see cref="SyncStatuses"/>.</param>
/// <param name="StartedBy"><c>schedule</c>, or who asked for it.</param>
/// <param name="Force">Whether guards were set aside.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it is under way.</param>
/// <param name="Message">What else is to say.</param>
/// <param name="Sources">What became of each source so far.</param>
public sealed record SyncRun(
    string Id,
    string Kind,
    string Status,
    string StartedBy,
    bool Force,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    string? Message,
    IReadOnlyList<SourceOutcome> Sources)
{
    /// <summary>Whether the shared cache was told of the new rows; null when there is none, and in the history, where <see cref="Message"/> says it.</summary>
    public bool? CacheInvalidated { get; init; }
}

/// <summary>What became of a source in a run.</summary>
/// <param name="Source">Which.</param>
/// <param name="Status">Completed, partial or failed.</param>
public sealed record SourceOutcome(string Source, string Status)
{
    /// <summary>Rows that it sent.</summary>
    public int Fetched { get; init; }

    /// <summary>Of these, rows that could be read, each id once.</summary>
    public int Readable { get; init; }

    /// <summary>Rows that are new.</summary>
    public int Stored { get; init; }

    /// <summary>Rows that changed.</summary>
    public int Updated { get; init; }

    /// <summary>Rows that did not.</summary>
    public int Unchanged { get; init; }

    /// <summary>Stored rows that it did not send.</summary>
    public int Missing { get; init; }

    /// <summary>Rows that were not believed.</summary>
    public int Quarantined { get; init; }

    /// <summary>Prices that changed.</summary>
    public int PriceChanges { get; init; }

    /// <summary>Why it failed, or what of it was refused.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>For a list that people keep: when they last compared it.</summary>
    public DateOnly? VerifiedOn { get; init; }

    /// <summary>The first prices that changed. Not kept in the history: the price history has them all.</summary>
    public IReadOnlyList<PriceDifference> Differences { get; init; } = [];

    /// <summary>A source that failed.</summary>
    public static SourceOutcome Failed(string source, string error) => new(source, SyncStatuses.Failed) { Errors = [error] };
}

/// <summary>A price that changes.</summary>
/// <param name="Offer">Id of the offer.</param>
/// <param name="Old">Before.</param>
/// <param name="New">After.</param>
public sealed record PriceDifference(string Offer, Pricing Old, Pricing New);

/// <summary>For which run a reading is merged.</summary>
/// <param name="SyncId">The run.</param>
/// <param name="At">When.</param>
/// <param name="ChangedBy">Who changed prices, for their history.</param>
/// <param name="Force">Whether guards are set aside.</param>
/// <param name="DryRun">Whether only to say what would be done.</param>
public sealed record MergeRequest(string SyncId, DateTimeOffset At, string ChangedBy, bool Force = false, bool DryRun = false);
