namespace Sluice.Catalog.Sources;

/// <summary>Somebody else's list of models, prices, benchmarks or popularity: where it is, how it is paged, and in what unit its prices are.</summary>
public interface ISource
{
    /// <summary>Its name in the history, in <see cref="Offer.Source"/> and in the settings.</summary>
    string Name { get; }

    /// <summary>What its prices are for; null when it has none that we take.</summary>
    PriceUnit? Unit { get; }

    /// <summary>Reads the whole list.</summary>
    /// <exception cref="SourceException">It is away, refuses, or sends something else than its list.</exception>
    Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken);
}

/// <summary>One reading of a source: rows in our form, and the rows that could not be read.</summary>
/// <param name="Source">Which.</param>
/// <param name="Listings">Offers, each id once.</param>
/// <param name="Benchmarks">Measurements of models, each id once.</param>
/// <param name="Popularity">Downloads and likes, each id once.</param>
/// <param name="Faults">Rows that were refused, with why.</param>
public sealed record SourceSnapshot(
    string Source,
    IReadOnlyList<Listing> Listings,
    IReadOnlyList<Benchmark> Benchmarks,
    IReadOnlyList<Popularity> Popularity,
    IReadOnlyList<RowFault> Faults)
{
    /// <summary>Rows that the source sent, readable or not, repetitions counted.</summary>
    public int Fetched { get; init; }

    /// <summary>Which models' weights lie in which repositories of Hugging Face, as far as the source says; each repository once.</summary>
    public IReadOnlyList<ModelWeights> Weights { get; init; } = [];

    /// <summary>For a list that people keep: the day they last compared it with the provider's. Null for one that a server sends.</summary>
    public DateOnly? VerifiedOn { get; init; }

    /// <summary>Rows that can be stored.</summary>
    public int Readable => Listings.Count + Benchmarks.Count + Popularity.Count;
}

/// <summary>Where a model's weights lie.</summary>
/// <param name="Repository">On Hugging Face: <c>org/name</c>.</param>
/// <param name="ModelId">The model as the source names it.</param>
public sealed record ModelWeights(string Repository, string ModelId);

/// <summary>A row that was refused. What is stored under its id stays as it is.</summary>
/// <param name="Id">The offer, as far as it could be read.</param>
/// <param name="Reason">For people.</param>
/// <param name="Raw">The row as it came.</param>
public sealed record RowFault(OfferId Id, string Reason, string Raw);

/// <summary>An offer as one source describes it.</summary>
/// <param name="Id">Provider and the provider's own id, exact case.</param>
/// <param name="Name">Display name. Names lie: nothing is joined on them.</param>
/// <param name="Raw">The row as it came, without insignificant white space.</param>
public sealed record Listing(OfferId Id, string Name, RawRow Raw)
{
    /// <summary>Who trained the model, as <see cref="Identity.Labs"/> writes it; null when the source does not say.</summary>
    public string? Lab { get; init; }

    /// <summary>Whether the provider is the lab itself, whose facts about the model count most.</summary>
    public bool IsFirstParty { get; init; }

    /// <summary>Series that the model belongs to.</summary>
    public string? Family { get; init; }

    /// <summary>Whether the weights can be downloaded; null when the source does not say.</summary>
    public bool? OpenWeights { get; init; }

    /// <summary><c>YYYY-MM</c> or <c>YYYY-MM-DD</c> as published.</summary>
    public string? ReleaseDate { get; init; }

    /// <summary>Tokens of context; null when not known.</summary>
    public long? Context { get; init; }

    /// <summary>Most tokens of one answer; null when not known.</summary>
    public long? MaxOutput { get; init; }

    /// <summary>What goes in and what comes out.</summary>
    public Modalities Modalities { get; init; } = new([], []);

    /// <summary>Prices, normalised.</summary>
    public Pricing Pricing { get; init; } = Pricing.Unknown;

    /// <summary>Prices that count under conditions, normalised.</summary>
    public IReadOnlyList<PriceTier> Tiers { get; init; } = [];

    /// <summary>How far the provider stands behind it.</summary>
    public OfferStatus Status { get; init; }

    /// <summary>Last day, when one is announced.</summary>
    public DateOnly? ExpiresOn { get; init; }

    /// <summary>Id of the offer that this one only stands for.</summary>
    public string? AliasOf { get; init; }

    /// <summary>The weights' repository, when the source names it.</summary>
    public string? HuggingFaceId { get; init; }
}

/// <summary>What somebody measured of a model.</summary>
/// <param name="Id">The source's own id, the only thing that stays: slugs are handed on to other models.</param>
/// <param name="Slug">Readable id at present.</param>
/// <param name="Name">Display name.</param>
/// <param name="Lab">Who trained it.</param>
/// <param name="Intelligence">Overall index, 0 to 100.</param>
/// <param name="Coding">Index of coding, 0 to 100.</param>
/// <param name="Maths">Index of mathematics, 0 to 100.</param>
/// <param name="TokensPerSecond">Median of the output; null when not measured.</param>
/// <param name="FirstTokenSeconds">Median time to the first token; null when not measured.</param>
/// <param name="Pricing">What the measurement paid, USD per 1M tokens. Never taken into an offer.</param>
/// <param name="Raw">The row as it came.</param>
public sealed record Benchmark(
    string Id,
    string Slug,
    string Name,
    string? Lab,
    decimal? Intelligence,
    decimal? Coding,
    decimal? Maths,
    decimal? TokensPerSecond,
    decimal? FirstTokenSeconds,
    Pricing Pricing,
    RawRow Raw);

/// <summary>How much a repository of weights is used.</summary>
/// <param name="Id">The repository, <c>owner/name</c>, exact case.</param>
/// <param name="Downloads">Of the last 30 days.</param>
/// <param name="Likes">Ever.</param>
/// <param name="Raw">The row as it came.</param>
public sealed record Popularity(string Id, long Downloads, long Likes, RawRow Raw);
