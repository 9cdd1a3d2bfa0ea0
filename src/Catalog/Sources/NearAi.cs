using System.Globalization;
using System.Text.Json;
using Sluice.Catalog.Identity;

namespace Sluice.Catalog.Sources;

/// <summary>
/// NEAR AI: its own offers, <c>{ models: [row], total }</c> by limit and offset. A price is <c>amount / 10^scale</c> USD per token; rates for
/// long prompts are texts in USD per 1M tokens.
/// </summary>
public sealed class NearAi(Uri? url = null) : ISource
{
    private const int PerPage = 100;
    private const int MostPages = 100;
    private readonly Uri _url = url ?? new Uri("https://cloud-api.near.ai/v1/model/list");

    /// <inheritdoc/>
    public string Name => SourceNames.NearAi;

    /// <inheritdoc/>
    public PriceUnit? Unit => PriceUnit.PerToken;

    /// <inheritdoc/>
    public async Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken)
    {
        var rows = new SnapshotBuilder(Name);
        var offset = 0;
        for (var page = 0; page < MostPages; page++)
        {
            var (items, total) = await http.GetAsync(
                _url.With(("limit", PerPage), ("offset", offset)),
                headers: null,
                (body, token) => Paging.ReadAsync(body, "models.[]", "total", token),
                cancellationToken);
            foreach (var row in items)
            {
                rows.AddById(SourceNames.NearAi, "modelId", row, (id, raw) => (Read(id, row, raw), 0));
            }

            offset += items.Count;
            if (items.Count == 0 || total.ValueKind != JsonValueKind.Number || offset >= total.GetDecimal())
            {
                return rows.Build();
            }
        }

        throw new SourceException($"{Name} has no end: {MostPages} pages were read and more rows are promised.");
    }

    private Listing Read(OfferId id, JsonElement row, RawRow raw)
    {
        var about = row.Object("metadata") ?? default;
        var architecture = about.Object("architecture") ?? default;
        return new Listing(id, about.Text("modelDisplayName") ?? id.ModelId, raw)
        {
            Lab = Labs.OfId(id.ModelId),
            Context = about.Count("contextLength"),
            MaxOutput = about.Count("maxOutputLength"),
            Modalities = new Modalities(architecture.Texts("inputModalities"), architecture.Texts("outputModalities")),
            Pricing = new Pricing(
                PriceKind.Unknown, Cost(row, "inputCostPerToken"), Cost(row, "outputCostPerToken"), Cost(row, "cacheReadCostPerToken")).Classify(),
            Tiers = [.. Tiers(row)],
        };
    }

    // costPerImage is for a picture, not for tokens: no column of ours has that unit, so only the raw row keeps it.
    private decimal? Cost(JsonElement row, string name)
    {
        if (row.Object(name) is not { } cost || cost.Number("amount") is not { } amount)
        {
            return null;
        }

        if ((cost.Text("currency") ?? Pricing.Usd) != Pricing.Usd)
        {
            throw new FormatException($"{name} is in {cost.Text("currency")}, not in USD");
        }

        var scale = cost.Number("scale") ?? throw new FormatException($"{name} has an amount without its scale");
        if (scale is < 0 or > 18 || scale != decimal.Truncate(scale))
        {
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{name} has the scale {scale}; 0 to 18 decimals were expected"));
        }

        var divisor = 1m;
        for (var i = 0; i < scale; i++)
        {
            divisor *= 10;
        }

        // Multiply first: the quotient alone could lose digits.
        return Unit!.Value.PerMillion(amount) / divisor;
    }

    private static IEnumerable<PriceTier> Tiers(JsonElement row)
    {
        if (row.Object("textPricing") is not { } pricing
            || pricing.Count("longContextThreshold") is not { } threshold
            || ((pricing.Object("tiers") ?? default).Object("default") ?? default).Object("long") is not { } rates)
        {
            yield break;
        }

        if (pricing.Text("unit") != "million_tokens" || pricing.Text("currency") != Pricing.Usd)
        {
            throw new FormatException($"textPricing is in {pricing.Text("currency")} per {pricing.Text("unit")}; USD per million_tokens was expected");
        }

        yield return PriceTier.Above(
            threshold,
            new Pricing(PriceKind.Unknown, rates.Number("uncachedInput"), rates.Number("output"), rates.Number("cachedInput")).Classify());
    }
}
