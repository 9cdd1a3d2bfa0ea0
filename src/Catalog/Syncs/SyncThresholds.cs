using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Syncs;

/// <summary>
/// When a reading is not believed. The defaults were measured: over two years of one list, sampled twice a day, no reading lost 10 % of its
/// rows; of 1,630 price changes 14 were above tenfold and none above a hundredfold.
/// </summary>
public sealed record SyncThresholds
{
    /// <summary>Good runs in a row that must miss a row before it is hidden. Nothing is ever deleted.</summary>
    public const int MissesUntilHidden = 3;

    /// <summary>Fewer rows than this are no list but a fault of the source.</summary>
    public IReadOnlyDictionary<string, int> FewestRows { get; init; } = new Dictionary<string, int>
    {
        [SourceNames.ModelsDev] = 1_000,
        [SourceNames.OpenRouter] = 50,
        [SourceNames.HuggingFace] = 50,
        [SourceNames.ArtificialAnalysis] = 50,
        [SourceNames.Featherless] = 20,
        [SourceNames.NearAi] = 5,
        [SourceNames.AlibabaCloud] = 5,
    };

    /// <summary>Fraction of a source's rows that may be unreadable before the list is taken for one of another shape.</summary>
    public decimal MostFaults { get; init; } = 0.10m;

    /// <summary>Fraction of a source's rows that may be gone since the last good run, and since the best of a week.</summary>
    public decimal MostShrink { get; init; } = 0.10m;

    /// <summary>Fraction of one provider's rows that may be gone inside a source of many.</summary>
    public decimal MostProviderShrink { get; init; } = 0.50m;

    /// <summary>So many rows may always be gone, be unreadable or lose their price: small lists move in large steps.</summary>
    public int SmallLoss { get; init; } = 5;

    /// <summary>How far back the largest list counts: a slow bleed passes any comparison with the run before.</summary>
    public TimeSpan BestOf { get; init; } = TimeSpan.FromDays(7);

    /// <summary>A change by more than this factor, up or down, is held.</summary>
    public decimal PriceJump { get; init; } = 10m;

    /// <summary>A change by more than this factor is a price in another unit; those of 10^3 and 10^6 among them.</summary>
    public decimal UnitError { get; init; } = 100m;

    /// <summary>Fraction of a provider's offers with a price in another unit, or with none any more, from which nothing of it is believed.</summary>
    public decimal MostUnitErrors { get; init; } = 0.05m;

    /// <summary>Lowest price above zero that is believed, per 1M tokens.</summary>
    public decimal LowestPrice { get; init; } = 0.0005m;

    /// <summary>Highest price that is believed, per 1M tokens.</summary>
    public decimal HighestPrice { get; init; } = 2_000m;

    /// <summary>Factor between an offer and the median of its model from which it is flagged. Real offers of one model differ up to 97-fold.</summary>
    public decimal CrossCheck { get; init; } = 20m;

    /// <summary>Offers with a fixed price that a model needs to be compared by.</summary>
    public int CrossCheckOffers { get; init; } = 4;
}
