namespace Sluice.Catalog.Store;

/// <summary>Which offers a list has. What is null does not narrow it; what is given must all be true of an offer.</summary>
public sealed record OfferFilter
{
    /// <summary>Everything that is shown.</summary>
    public static OfferFilter All { get; } = new();

    /// <summary>Who sells it.</summary>
    public string? Provider { get; init; }

    /// <summary>Who trained it.</summary>
    public string? Lab { get; init; }

    /// <summary>Key of the model behind it.</summary>
    public string? ModelKey { get; init; }

    /// <summary>Read or written, such as <c>image</c>; lower-case letters, digits and hyphens.</summary>
    public string? Modality { get; init; }

    /// <summary>Read.</summary>
    public string? InputModality { get; init; }

    /// <summary>Written.</summary>
    public string? OutputModality { get; init; }

    /// <summary>How its prices are to be read.</summary>
    public PriceKind? PriceKind { get; init; }

    /// <summary>Most USD per 1M tokens read. Only offers with a price list or none to pay: what is not known is not cheap.</summary>
    public decimal? MaxInputPrice { get; init; }

    /// <summary>Most USD per 1M tokens written, likewise.</summary>
    public decimal? MaxOutputPrice { get; init; }

    /// <summary>Least tokens of context.</summary>
    public long? MinContext { get; init; }

    /// <summary>Whether the weights can be downloaded; not known is neither.</summary>
    public bool? OpenWeights { get; init; }

    /// <summary>How far the provider stands behind it.</summary>
    public OfferStatus? Status { get; init; }

    /// <summary>The same as SQL over the offer <c>o</c> and its model <c>m</c>.</summary>
    internal void Narrow(List<string> conditions, List<(string Name, object? Value)> parameters)
    {
        Add(Provider, "o.provider_id = @provider", "@provider");
        Add(Lab, "m.lab = @lab", "@lab");
        Add(ModelKey, "o.model_key = @model", "@model");
        Add(Listed(Modality), "(o.modalities_in LIKE @modality OR o.modalities_out LIKE @modality)", "@modality");
        Add(Listed(InputModality), "o.modalities_in LIKE @reads", "@reads");
        Add(Listed(OutputModality), "o.modalities_out LIKE @writes", "@writes");
        Add(PriceKind?.ToString().ToLowerInvariant(), "o.price_kind = @priceKind", "@priceKind");
        Add(MaxInputPrice, AtMost("input", "@maxInput"), "@maxInput");
        Add(MaxOutputPrice, AtMost("output", "@maxOutput"), "@maxOutput");
        Add(MinContext, "o.context >= @minContext", "@minContext");
        Add(OpenWeights, "m.open_weights = @openWeights", "@openWeights");
        Add(Status?.ToString().ToLowerInvariant(), "o.status = @status", "@status");

        void Add(object? value, string condition, string name)
        {
            if (value is not null)
            {
                conditions.Add(condition);
                parameters.Add((name, value));
            }
        }
    }

    private static string? Listed(string? modality) => modality is null ? null : $"%\"{modality}\"%";

    // SQLite keeps exact prices as text; no believed price has more digits than a double tells apart.
    private static string AtMost(string column, string name) =>
        $"o.price_kind IN ('fixed', 'free') AND o.currency = 'USD' AND CAST(o.{column} AS DOUBLE PRECISION) <= CAST({name} AS DOUBLE PRECISION)";
}
