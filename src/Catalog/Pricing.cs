namespace Sluice.Catalog;

/// <summary>
/// What an offer costs, USD per 1M tokens, at most ten decimals. Null means that the price is not known or does not apply;
/// it is never 0, because unknown is not free.
/// </summary>
/// <param name="Kind">How to read the numbers.</param>
/// <param name="Input">Per 1M tokens read.</param>
/// <param name="Output">Per 1M tokens written; 0 beside a paid input is real (embeddings).</param>
/// <param name="CacheRead">Per 1M tokens read from the provider's cache.</param>
/// <param name="CacheWrite">Per 1M tokens written to the provider's cache.</param>
public sealed record Pricing(PriceKind Kind, decimal? Input, decimal? Output, decimal? CacheRead = null, decimal? CacheWrite = null)
{
    private const int Decimals = 10;

    // Dividing by a one with all its zeros drops the trailing zeros of a decimal: 0.1500 and 0.15 must print alike.
    private const decimal One = 1.0000000000000000000000000000m;

    /// <summary>The form that is stored and compared: half-even to ten decimals, no trailing zeros.</summary>
    /// <exception cref="ArgumentException">A negative price, a price without a kind that has prices, or a kind without its prices.</exception>
    public Pricing Normalize()
    {
        decimal?[] all = [Input, Output, CacheRead, CacheWrite];
        if (all.Any(price => price < 0))
        {
            throw new ArgumentException($"A price below zero is not a price: {this}. Feeds use -1 for prices that vary; say Dynamic.");
        }

        var consistent = Kind switch
        {
            PriceKind.Fixed => all.Any(price => price > 0),
            PriceKind.Free or PriceKind.Subscription => Input == 0 && Output == 0,
            _ => all.All(price => price is null),
        };
        return consistent
            ? new Pricing(Kind, Round(Input), Round(Output), Round(CacheRead), Round(CacheWrite))
            : throw new ArgumentException(
                $"Prices and kind contradict each other: {this}. Fixed has one above zero, Free and Subscription are 0 in and out, Dynamic and Unknown have none.");
    }

    private static decimal? Round(decimal? price) =>
        price is { } value ? Math.Round(value, Decimals, MidpointRounding.ToEven) / One : null;
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
