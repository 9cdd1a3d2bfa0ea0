using Sluice.Catalog;
using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary><c>GET /v1/compare?id=…&amp;id=…</c>: models with all their offers, or single offers, side by side.</summary>
internal sealed class CompareEndpoint(CatalogStore store, Answers answers)
{
    public const int Fewest = 2;
    public const int Most = 10;

    public async Task GetAsync(HttpContext http)
    {
        string[] ids = [.. http.Request.Query["id"].Select(id => id ?? "")];
        var reader = new QueryReader(http.Request.Query);
        if (ids.Length is < Fewest or > Most)
        {
            reader.Refuse("id", $"expected {Fewest} to {Most} times, each an id or a modelKey; came {ids.Length} times");
        }

        foreach (var id in ids.Where(id => !RouteId.IsValid(id)))
        {
            reader.Refuse("id", $"expected provider/model or a modelKey; got '{QueryReader.Shorten(id)}'");
        }

        if (await Problem.RefusedAsync(http, reader))
        {
            return;
        }

        var missing = new List<ParameterFault>();
        await answers.WriteAsync(
            http,
            $"compare\n{string.Join('\n', ids)}",
            ApiJson.Wire.Comparison,
            async () =>
            {
                var compared = new List<ComparedModel>();
                foreach (var id in ids)
                {
                    if (await store.ResolveAsync(id) is not var (view, offer))
                    {
                        return null;
                    }

                    compared.Add(ComparedModel.Of(id, view, offer));
                }

                return new Comparison(compared);
            },
            async () =>
            {
                foreach (var id in ids)
                {
                    if (await store.ResolveAsync(id) is null)
                    {
                        missing.Add(new ParameterFault("id", $"there is no '{id}'"));
                    }
                }

                return missing;
            });
    }
}

/// <summary>What <c>/v1/compare</c> answers, in the order that was asked for.</summary>
internal sealed record Comparison(IReadOnlyList<ComparedModel> Data);

/// <summary>One side of a comparison.</summary>
/// <param name="Id">As it was asked for.</param>
/// <param name="Model">The model's facts.</param>
/// <param name="Offers">All of the model's, or the one that was asked for.</param>
/// <param name="LowestInput">Cheapest of these to read, among prices in USD that are known and not paid by a subscription; null when there is none.</param>
/// <param name="LowestOutput">Cheapest to write, likewise.</param>
/// <param name="LargestContext">Tokens; null when no offer says it.</param>
/// <param name="Benchmarks">Measured by Artificial Analysis.</param>
internal sealed record ComparedModel(
    string Id,
    Model Model,
    IReadOnlyList<ModelResource> Offers,
    LowestPrice? LowestInput,
    LowestPrice? LowestOutput,
    long? LargestContext,
    IReadOnlyList<Measurement> Benchmarks)
{
    public static ComparedModel Of(string id, ModelView view, Offer? only)
    {
        var offers = only is null ? view.Offers : [only];
        return new ComparedModel(
            id,
            view.Model,
            [.. offers.Select(ModelResource.Of)],
            Lowest(offers, pricing => pricing.Input),
            Lowest(offers, pricing => pricing.Output),
            offers.Max(offer => offer.Context),
            view.Measurements);
    }

    private static LowestPrice? Lowest(IEnumerable<Offer> offers, Func<Pricing, decimal?> price) => offers
        .Where(offer => offer.Pricing is { Kind: PriceKind.Fixed or PriceKind.Free, Currency: Pricing.Usd } && price(offer.Pricing) is not null)
        .Select(offer => new LowestPrice(offer.Id.ToString(), price(offer.Pricing)!.Value))
        .MinBy(lowest => lowest.Price);
}

/// <summary>A price and who asks it.</summary>
/// <param name="Offer">Id of the offer.</param>
/// <param name="Price">USD per 1M tokens.</param>
internal sealed record LowestPrice(string Offer, decimal Price);
