namespace Sluice.Catalog.Syncs;

/// <summary>What is stored of one source when a new reading of it is judged.</summary>
/// <param name="Rows">Its rows by id, also those that are missing at present.</param>
/// <param name="BestCount">Most rows that a good run of the last days read; null when there was none.</param>
public sealed record SourceState(IReadOnlyDictionary<OfferId, StoredRow> Rows, int? BestCount)
{
    /// <summary>Which model each benchmark or repository that came is about, by its id; null for a repository of none.</summary>
    public IReadOnlyDictionary<string, string?> Models { get; init; } = new Dictionary<string, string?>();
}

/// <summary>A stored row of a source.</summary>
/// <param name="Hash">Of the raw row; null when this source never had it: another one has, or it was never believed.</param>
/// <param name="MissedRuns">Good runs in a row that did not have it.</param>
/// <param name="Price">The offer's stored price, whichever source it is from.</param>
/// <param name="OwnedByOther">Whether the offer's price is another source's.</param>
/// <param name="Held">Why it is held at present; empty when it is not.</param>
public sealed record StoredRow(string? Hash, int MissedRuns, Pricing? Price, bool OwnedByOther, IReadOnlySet<string> Held)
{
    /// <summary>Of a benchmark or a repository: the model that it is about; null when it is about none.</summary>
    public string? ModelKey { get; init; }

    /// <summary>Whether the last good run did not have it.</summary>
    public bool IsMissing => MissedRuns > 0;
}

/// <summary>What is to be done with a reading. Pure data: the store carries it out in one transaction.</summary>
/// <param name="Refusal">Why nothing of the reading counts; null when it does.</param>
/// <param name="Changes">Offers to write.</param>
/// <param name="Missing">Stored rows that the reading does not have, until they are hidden.</param>
/// <param name="Holds">Rows whose price is not believed, or that could not be read.</param>
/// <param name="Released">Rows whose hold ends, with its reason.</param>
/// <param name="RefusedProviders">Providers of which nothing counts, with why.</param>
/// <param name="Unchanged">Rows that are stored as they came.</param>
public sealed record SourceVerdict(
    string? Refusal,
    IReadOnlyList<RowChange> Changes,
    IReadOnlyList<OfferId> Missing,
    IReadOnlyList<Hold> Holds,
    IReadOnlyList<(OfferId Id, string Reason)> Released,
    IReadOnlyList<(string Provider, string Reason)> RefusedProviders,
    int Unchanged)
{
    /// <summary>Benchmarks or popularity to write.</summary>
    public IReadOnlyList<FactChange> Facts { get; init; } = [];

    internal static SourceVerdict Refused(string reason) => new(reason, [], [], [], [], [], 0);
}

/// <summary>A benchmark or the popularity of a repository to write.</summary>
/// <param name="Id">Of the row at its source.</param>
/// <param name="IsNew">Whether the source had no such row before.</param>
/// <param name="ModelKey">The model that it is about; null when it is about none.</param>
public sealed record FactChange(string Id, bool IsNew, string? ModelKey);

/// <summary>An offer to write.</summary>
/// <param name="Row">As the source sent it.</param>
/// <param name="IsNew">Whether the source had no such row before.</param>
/// <param name="IsOwned">Whether the source decides the offer's price; otherwise only its raw row is kept.</param>
/// <param name="Price">The price to store: the row's, or the one before when the row's is held.</param>
/// <param name="IsHeld">Whether price and tiers stay as they are.</param>
/// <param name="OldPrice">The price that changes; null when none does.</param>
public sealed record RowChange(Sources.Listing Row, bool IsNew, bool IsOwned, Pricing Price, bool IsHeld, Pricing? OldPrice);

/// <summary>A row that is not believed, or believed with a mark.</summary>
/// <param name="Id">The offer.</param>
/// <param name="Reason">One of <see cref="HoldReasons"/>.</param>
/// <param name="Detail">For people: what came and what was expected.</param>
/// <param name="Hash">Of the raw row that was held; empty when the row could not be read.</param>
/// <param name="Raw">The raw row.</param>
public sealed record Hold(OfferId Id, string Reason, string Detail, string Hash, string Raw);

/// <summary>Why a row is in quarantine. Stored: never renamed.</summary>
public static class HoldReasons
{
    /// <summary>The row could not be read.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>A price that nobody asks.</summary>
    public const string Implausible = "implausible";

    /// <summary>A price that changed by a large factor.</summary>
    public const string Jump = "jump";

    /// <summary>A price in another unit.</summary>
    public const string UnitError = "unit-error";

    /// <summary>A price that became nothing; believed when the next good run says it again.</summary>
    public const string FreeFlip = "free-flip";

    /// <summary>A price far from that of the model's other offers. Only a mark: the price is stored.</summary>
    public const string CrossCheck = "cross-check";

    /// <summary>An alias of an offer that is not there.</summary>
    public const string AliasWithoutTarget = "alias-without-target";
}
