using Sluice.Catalog;
using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary>Which page of the catalogue a request asks for.</summary>
/// <param name="Limit">Most offers on the page.</param>
/// <param name="Filter">Which offers.</param>
/// <param name="After">The last one of the page before; null for the first page.</param>
internal sealed record ModelQuery(int Limit, OfferFilter Filter, OfferId? After)
{
    public const int DefaultLimit = 20;
    public const int MostPerPage = 100;
    private const long MostTokens = 1_000_000_000;

    /// <summary>Reads the query string.</summary>
    /// <param name="query">The request's; holds everything wrong with it afterwards, and the result is good when that is nothing.</param>
    public static ModelQuery Read(QueryReader query)
    {
        var limit = query.Integer("limit", 1, MostPerPage) ?? DefaultLimit;
        var filter = new OfferFilter
        {
            Provider = query.Text("provider", IsProvider, "a provider's id, such as openmesh"),
            Lab = query.Text("lab", text => text.Length > 0, "a lab's name, such as aster"),
            ModelKey = query.Text("model", text => text.Contains('|', StringComparison.Ordinal), "a modelKey of an earlier answer, such as large-lyra|2"),
            Modality = Modality("modality"),
            InputModality = Modality("inputModality"),
            OutputModality = Modality("outputModality"),
            PriceKind = query.Word<PriceKind>("priceKind"),
            MaxInputPrice = query.Price("maxInputPrice"),
            MaxOutputPrice = query.Price("maxOutputPrice"),
            MinContext = query.Long("minContext", 0, MostTokens),
            OpenWeights = query.Flag("openWeights"),
            Status = query.Word<OfferStatus>("status"),
        };
        return new ModelQuery(limit, filter, ReadCursor(query, filter.Provider));

        string? Modality(string name) => query.Text(
            name,
            text => text.Length > 0 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'),
            "text, image, audio, video, pdf or another kind in lower case");
    }

    private static OfferId? ReadCursor(QueryReader query, string? provider)
    {
        if (query.Single("cursor") is not { } cursor)
        {
            return null;
        }

        if (!OfferCursor.TryParse(cursor, out var last))
        {
            query.Refuse("cursor", "expected the nextCursor of an earlier answer, unchanged; leave it out to start at the first page");
        }
        else if (provider is not null && last.Provider != provider)
        {
            query.Refuse("cursor", "comes from a list with another provider; leave it out to start at the first page");
        }

        return last;
    }

    private static bool IsProvider(string text) => OfferId.TryParse($"{text}/x", out _) && !text.Contains('/', StringComparison.Ordinal);
}
