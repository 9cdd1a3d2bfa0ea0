namespace Sluice.Catalog.Sources;

/// <summary>What a source's price is for. Declared by each source in code, never guessed from the size of a number.</summary>
public enum PriceUnit
{
    /// <summary>1M tokens: our own unit.</summary>
    PerMillionTokens,

    /// <summary>1,000 tokens.</summary>
    PerThousandTokens,

    /// <summary>One token.</summary>
    PerToken,
}

/// <summary>From a source's unit to ours.</summary>
public static class PriceUnits
{
    /// <summary>The price of 1M tokens; null stays null.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A unit that is not declared.</exception>
    public static decimal? PerMillion(this PriceUnit unit, decimal? price) => unit switch
    {
        PriceUnit.PerMillionTokens => price,
        PriceUnit.PerThousandTokens => price * 1_000m,
        PriceUnit.PerToken => price * 1_000_000m,
        _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "A source must declare what its prices are for."),
    };
}
