namespace Sluice.Catalog;

/// <summary>A model with everything that is known of it.</summary>
/// <param name="Model">Its facts.</param>
/// <param name="Offers">All that are shown, in the order of provider, then id.</param>
/// <param name="Measurements">What Artificial Analysis measured, one for each effort.</param>
/// <param name="Repositories">Its weights on Hugging Face, the most downloaded first.</param>
public sealed record ModelView(Model Model, IReadOnlyList<Offer> Offers, IReadOnlyList<Measurement> Measurements, IReadOnlyList<Repository> Repositories);

/// <summary>A model as Artificial Analysis measured it; null where it did not.</summary>
/// <param name="Name">As it is called there.</param>
/// <param name="Effort">How hard the model was told to think, such as <c>high</c>; null when it was not told.</param>
/// <param name="Intelligence">Index, 0 to 100.</param>
/// <param name="Coding">Index, 0 to 100.</param>
/// <param name="Maths">Index, 0 to 100.</param>
/// <param name="TokensPerSecond">Median speed of the answer.</param>
/// <param name="FirstTokenSeconds">Median wait for its beginning.</param>
public sealed record Measurement(
    string Name, string? Effort, decimal? Intelligence, decimal? Coding, decimal? Maths, decimal? TokensPerSecond, decimal? FirstTokenSeconds);

/// <summary>Weights on Hugging Face.</summary>
/// <param name="Id"><c>owner/name</c>.</param>
/// <param name="Downloads">Of the last 30 days.</param>
/// <param name="Likes">Of all time.</param>
public sealed record Repository(string Id, long Downloads, long Likes);

/// <summary>A price that a sync changed.</summary>
/// <param name="Position">When and by which run.</param>
/// <param name="ChangedBy"><c>sync:SOURCE</c>, and who asked for it unless it was the schedule.</param>
/// <param name="Old">Before.</param>
/// <param name="New">After.</param>
public sealed record PriceChange(PriceChangePosition Position, string ChangedBy, Pricing Old, Pricing New);

/// <summary>Where a change stands in an offer's history: one run changes a price once.</summary>
/// <param name="At">When, to the millisecond.</param>
/// <param name="SyncId">The run.</param>
public readonly record struct PriceChangePosition(DateTimeOffset At, string SyncId);

/// <summary>How a source stood when a sync last read it.</summary>
/// <param name="Source">Which.</param>
/// <param name="Status">Completed, partial or failed.</param>
/// <param name="ReadAt">When.</param>
/// <param name="GoodAt">When it last did not fail; null when it never did.</param>
public sealed record SourceStanding(string Source, string Status, DateTimeOffset ReadAt, DateTimeOffset? GoodAt);
