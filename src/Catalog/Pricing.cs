namespace Sluice.Catalog;

/// <summary>
/// What an offer costs per 1M tokens, at most ten decimals. Null means that the price is not known or does not apply;
/// it is never 0, because unknown is not free.
/// </summary>
/// <param name="Kind">How to read the numbers.</param>
/// <param name="Input">Per 1M tokens read.</param>
/// <param name="Output">Per 1M tokens written; 0 beside a paid input is real (embeddings).</param>
/// <param name="CacheRead">Per 1M tokens read from the provider's cache.</param>
/// <param name="CacheWrite">Per 1M tokens written to the provider's cache.</param>
/// <param name="Reasoning">Per 1M tokens of reasoning, where they are sold apart.</param>
/// <param name="AudioIn">Per 1M tokens of audio read.</param>
/// <param name="AudioOut">Per 1M tokens of audio written.</param>
/// <param name="ImageIn">Per 1M tokens of image read.</param>
/// <param name="ImageOut">Per 1M tokens of image written.</param>
/// <param name="PerRequest">For one request, whatever its size.</param>
/// <param name="PerWebSearch">For one search of the web on behalf of a request; says nothing about the model's own price.</param>
/// <param name="Currency">ISO 4217. What a provider publishes in another currency stays in it: rates move, prices do not.</param>
public sealed record Pricing(
    PriceKind Kind,
    decimal? Input,
    decimal? Output,
    decimal? CacheRead = null,
    decimal? CacheWrite = null,
    decimal? Reasoning = null,
    decimal? AudioIn = null,
    decimal? AudioOut = null,
    decimal? ImageIn = null,
    decimal? ImageOut = null,
    decimal? PerRequest = null,
    decimal? PerWebSearch = null,
    string Currency = Pricing.Usd)
{
    /// <summary>The currency of nearly every price list.</summary>
    public const string Usd = "USD";

    private const int Decimals = 10;

    // NUMERIC(20,10) ends here.
    private const decimal TooMuch = 10_000_000_000m;

    // Dividing by a one with all its zeros drops the trailing zeros of a decimal: 0.1500 and 0.15 must print alike.
    private const decimal One = 1.0000000000000000000000000000m;

    /// <summary>No price at all: nobody said.</summary>
    public static Pricing Unknown { get; } = new(PriceKind.Unknown, null, null);

    /// <summary>No price list: decided at each request.</summary>
    public static Pricing Dynamic { get; } = new(PriceKind.Dynamic, null, null);

    /// <summary>The same prices with the kind that they imply, normalised: none known, one above zero, or all of them zero.</summary>
    /// <param name="bySubscription">Whether zero means that a subscription pays.</param>
    /// <exception cref="ArgumentException">See <see cref="Normalize"/>.</exception>
    public Pricing Classify(bool bySubscription = false)
    {
        var (lowest, highest, _) = ForTheModel();
        var kind = lowest != 0 || highest != 0 ? PriceKind.Fixed
            : Input is null && Output is null ? PriceKind.Unknown
            : bySubscription ? PriceKind.Subscription
            : PriceKind.Free;
        return (kind == PriceKind.Unknown ? Unknown with { Currency = Currency } : this with { Kind = kind }).Normalize();
    }

    /// <summary>The form that is stored and compared: half-even to ten decimals, no trailing zeros.</summary>
    /// <exception cref="ArgumentException">
    /// A negative price, one that no column holds, a price without a kind that has prices, or a kind without its prices.
    /// </exception>
    public Pricing Normalize()
    {
        var (lowest, highest, isKnown) = ForTheModel();
        if (lowest < 0 || PerWebSearch < 0)
        {
            throw new ArgumentException($"A price below zero is not a price: {this}. Feeds use -1 for prices that vary; say Dynamic.");
        }

        if (highest >= TooMuch || PerWebSearch >= TooMuch)
        {
            throw new ArgumentException($"A price above ten thousand million is not a price: {this}.");
        }

        var consistent = Kind switch
        {
            PriceKind.Fixed => highest > 0,
            PriceKind.Free or PriceKind.Subscription => (Input ?? Output) == 0 && highest == 0,
            _ => !isKnown && PerWebSearch is null,
        };
        return consistent
            ? new Pricing(
                Kind,
                Round(Input),
                Round(Output),
                Round(CacheRead),
                Round(CacheWrite),
                Round(Reasoning),
                Round(AudioIn),
                Round(AudioOut),
                Round(ImageIn),
                Round(ImageOut),
                Round(PerRequest),
                Round(PerWebSearch),
                Currency)
            : throw new ArgumentException(
                $"Prices and kind contradict each other: {this}. Fixed has one above zero, Free and Subscription have nothing above it, Dynamic and Unknown have none.");
    }

    // Zero is within the range also when no price is.
    private (decimal Lowest, decimal Highest, bool IsKnown) ForTheModel()
    {
        var (lowest, highest, isKnown) = (0m, 0m, false);
        ReadOnlySpan<decimal?> prices = [Input, Output, CacheRead, CacheWrite, Reasoning, AudioIn, AudioOut, ImageIn, ImageOut, PerRequest];
        foreach (var price in prices)
        {
            if (price is { } value)
            {
                (lowest, highest, isKnown) = (Math.Min(lowest, value), Math.Max(highest, value), true);
            }
        }

        return (lowest, highest, isKnown);
    }

    private static decimal? Round(decimal? price) =>
        price is { } value ? Math.Round(value, Decimals, MidpointRounding.ToEven) / One : null;
}

/// <summary>Other prices of an offer that count for long prompts or at some hours.</summary>
/// <param name="Kind">Which of the two.</param>
/// <param name="MinTokens">Context: tokens of the prompt from which the prices count.</param>
/// <param name="UtcFrom">Time: <c>HHMM</c> UTC from which they count, inclusive.</param>
/// <param name="UtcTo">Time: <c>HHMM</c> UTC to which they count, exclusive; below <paramref name="UtcFrom"/> when midnight lies between.</param>
/// <param name="Pricing">The prices.</param>
public sealed record PriceTier(TierKind Kind, long? MinTokens, int? UtcFrom, int? UtcTo, Pricing Pricing)
{
    /// <summary>Prices for prompts of at least so many tokens.</summary>
    public static PriceTier Above(long tokens, Pricing pricing) => new(TierKind.Context, tokens, null, null, pricing);

    /// <summary>Prices between two times of day, <c>HHMM</c> UTC.</summary>
    public static PriceTier Between(int from, int to, Pricing pricing) => new(TierKind.Time, null, from, to, pricing);
}

/// <summary>What a tier's prices depend on.</summary>
public enum TierKind
{
    /// <summary>Length of the prompt.</summary>
    Context,

    /// <summary>Time of day.</summary>
    Time,
}

/// <summary>How to read the numbers of a <see cref="Pricing"/>.</summary>
public enum PriceKind
{
    /// <summary>The price list applies.</summary>
    Fixed,

    /// <summary>Costs nothing.</summary>
    Free,

    /// <summary>Costs nothing per token because a subscription pays.</summary>
    Subscription,

    /// <summary>Decided at each request.</summary>
    Dynamic,

    /// <summary>Nobody said.</summary>
    Unknown,
}
