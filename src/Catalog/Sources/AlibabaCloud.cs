using System.Globalization;
using System.Text.Json;
using Sluice.Catalog.Identity;

namespace Sluice.Catalog.Sources;

/// <summary>
/// Alibaba Cloud publishes its prices on pages for people only. This reads a file that people keep from them:
/// <c>{ verified_at, price_lists: [ { region, site, currency, unit, models: [ { model, tiers: [ { min_input_tokens, prices } ] } ] } ] }</c>.
/// Each list says its unit and its currency; a price in another currency than USD stays in it.
/// </summary>
/// <param name="path">The file; null when there is none.</param>
public sealed class AlibabaCloud(string? path) : ISource
{
    private const long MostBytes = 16 * 1024 * 1024;

    /// <inheritdoc/>
    public string Name => SourceNames.AlibabaCloud;

    /// <summary>Each list declares its own.</summary>
    public PriceUnit? Unit => null;

    /// <inheritdoc/>
    public async Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            throw new SourceException(
                "Alibaba Cloud has no price API: name a price file in ALIBABA_PRICE_FILE, or take alibaba-cloud out of PRICING_SYNC_PROVIDERS.");
        }

        try
        {
            await using var file = File.OpenRead(path);
            await using var capped = new CappedStream(file, MostBytes, () => new SourceException($"{path} is larger than {MostBytes / (1024 * 1024)} MB."));
            return await ReadAsync(capped, cancellationToken);
        }
        catch (JsonException e)
        {
            throw new SourceException($"{path} is not JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private async Task<SourceSnapshot> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        List<JsonElement> lists = [];
        DateOnly? verifiedOn = null;
        await foreach (var (way, value) in JsonRows.ReadAsync(stream, ["verified_at", "price_lists.[]"], cancellationToken))
        {
            if (way[0] == "price_lists")
            {
                lists.Add(value);
            }
            else if (value.ValueKind == JsonValueKind.String
                && DateOnly.TryParseExact(value.GetString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            {
                verifiedOn = day;
            }
        }

        if (verifiedOn is null)
        {
            throw new SourceException($"{path} must say in verified_at (YYYY-MM-DD) when somebody last compared it with the provider's pages.");
        }

        var rows = new SnapshotBuilder(Name);
        try
        {
            // Of a model that a shop sells in two currencies the price in USD counts: the others cannot be compared with anything.
            foreach (var list in lists.OrderBy(list => list.Text("currency") != Pricing.Usd))
            {
                ReadList(rows, list);
            }
        }
        catch (FormatException e)
        {
            throw new SourceException($"{path}: {e.Message}", e);
        }

        return rows.Build(verifiedOn);
    }

    private static void ReadList(SnapshotBuilder rows, JsonElement list)
    {
        var provider = list.Required("site") switch
        {
            "international" => AlibabaCloudProviders.International,
            "china" => AlibabaCloudProviders.China,
            var other => throw new FormatException($"site must be international or china, not {other}"),
        };
        var unit = list.Required("unit") switch
        {
            "per_1m_tokens" => PriceUnit.PerMillionTokens,
            "per_1k_tokens" => PriceUnit.PerThousandTokens,
            var other => throw new FormatException($"unit must be per_1m_tokens or per_1k_tokens, not {other}"),
        };
        var currency = list.Required("currency");
        foreach (var row in list.List("models"))
        {
            rows.AddById(provider, "model", row, (id, raw) => (Read(id, row, raw, unit, currency), 0));
        }
    }

    private static Listing Read(OfferId id, JsonElement row, RawRow raw, PriceUnit unit, string currency)
    {
        var tiers = row.List("tiers").OrderBy(tier => tier.Number("min_input_tokens") ?? 0).ToList();
        return new Listing(id, row.Text("name") ?? id.ModelId, raw)
        {
            Lab = Labs.OfId(id.ModelId),
            Context = row.Count("context"),
            Pricing = tiers.Count == 0 ? Pricing.Unknown : Prices(tiers[0], unit, currency),
            Tiers = [.. tiers.Skip(1).Select(tier => PriceTier.Above(
                tier.Count("min_input_tokens") ?? throw new FormatException("two tiers begin at 0 tokens"), Prices(tier, unit, currency)))],
        };
    }

    private static Pricing Prices(JsonElement tier, PriceUnit unit, string currency)
    {
        var prices = tier.Object("prices") ?? throw new FormatException("a tier has no prices");
        return new Pricing(
            PriceKind.Unknown,
            Price("input") ?? Price("input_thinking"),
            Price("output") ?? Price("output_thinking"),
            Price("cache_read") ?? Price("input_cache_hit"),
            Price("cache_write"),
            Price("reasoning") ?? Price("output_thinking"),
            Price("input_audio"),
            Price("output_audio"),
            Currency: currency).Classify();

        decimal? Price(string name) => unit.PerMillion(prices.Number(name));
    }
}
