namespace Sluice.Catalog;

/// <summary>A model as one provider sells it under its own id. This is what the catalogue lists.</summary>
/// <param name="Id">Provider and the provider's own id, exact case.</param>
/// <param name="Source">Where the row comes from: the source that owns its price.</param>
/// <param name="Model">The model behind it; several offers share one.</param>
/// <param name="Modalities">What goes in and what comes out.</param>
/// <param name="Context">Tokens of context; null when not known.</param>
/// <param name="MaxOutput">Most tokens of one answer; null when not known.</param>
/// <param name="Pricing">Prices in USD per 1M tokens.</param>
/// <param name="Status">How far the provider stands behind it.</param>
public sealed record Offer(
    OfferId Id,
    string Source,
    Model Model,
    Modalities Modalities,
    long? Context,
    long? MaxOutput,
    Pricing Pricing,
    OfferStatus Status)
{
    /// <summary>What is special about it, such as <c>free</c>, <c>batch</c> or <c>thinking</c>.</summary>
    public string? Variant { get; init; }

    /// <summary>Which dated snapshot of the model, as the id says it.</summary>
    public string? Version { get; init; }

    /// <summary>Id of the offer that this one only stands for at present, in the same provider.</summary>
    public string? AliasOf { get; init; }

    /// <summary>Last day, when one is announced.</summary>
    public DateOnly? ExpiresOn { get; init; }

    /// <summary>Other prices for long prompts or some hours, in the order in which the provider lists them.</summary>
    public IReadOnlyList<PriceTier> Tiers { get; init; } = [];
}

/// <summary>Kinds of input and output: <c>text</c>, <c>image</c>, <c>audio</c>, <c>video</c>, <c>pdf</c>.</summary>
/// <param name="Input">What the model reads.</param>
/// <param name="Output">What the model writes.</param>
public sealed record Modalities(IReadOnlyList<string> Input, IReadOnlyList<string> Output);

/// <summary>How far a provider stands behind an offer.</summary>
public enum OfferStatus
{
    /// <summary>Generally available.</summary>
    Active,

    /// <summary>Early, may vanish.</summary>
    Alpha,

    /// <summary>Nearly ready.</summary>
    Beta,

    /// <summary>Still answers, to be switched off.</summary>
    Deprecated,
}
