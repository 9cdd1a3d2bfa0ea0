using System.Globalization;
using System.Text.Json;
using Sluice.Catalog.Identity;

namespace Sluice.Catalog.Sources;

/// <summary>
/// OpenRouter: its own offers, <c>{ data: [row], links: { next } }</c>. Prices are decimal texts in USD per token; per request and per
/// search of the web, USD per call; -1 means decided at each request.
/// </summary>
public sealed class OpenRouter(Uri? url = null, string? key = null) : ISource
{
    // Dates further away than anybody plans stand for none.
    private const int NeverFromYear = 2090;
    private const int MostPages = 100;
    private readonly Uri _url = url ?? new Uri("https://openrouter.ai/api/v1/models");

    /// <inheritdoc/>
    public string Name => SourceNames.OpenRouter;

    /// <inheritdoc/>
    public PriceUnit? Unit => PriceUnit.PerToken;

    /// <inheritdoc/>
    public async Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken)
    {
        var headers = key is null ? null : new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" };
        var rows = new SnapshotBuilder(Name);
        var page = _url;
        for (var pages = 0; page is not null; pages++)
        {
            var (items, next) = await http.GetAsync(
                page, headers, (body, token) => Paging.ReadAsync(body, "data.[]", "links.next", token), cancellationToken);
            foreach (var row in items)
            {
                rows.AddById(SourceNames.OpenRouter, "id", row, (id, raw) => (Read(id, row, raw), 0));
            }

            page = Paging.Next(Name, _url, page, next.ValueKind == JsonValueKind.String ? next.GetString() : null, pages, MostPages);
        }

        return rows.Build();
    }

    private Listing Read(OfferId id, JsonElement row, RawRow raw)
    {
        var architecture = row.Object("architecture") ?? default;
        var pricing = row.Object("pricing") ?? throw new FormatException("pricing is missing");
        return new Listing(id, row.Required("name"), raw)
        {
            Lab = Labs.OfId(id.ModelId),
            ReleaseDate = row.Count("created") is { } created
                ? DateTimeOffset.FromUnixTimeSeconds(created).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
                : null,
            Context = row.Count("context_length"),
            MaxOutput = (row.Object("top_provider") ?? default).Count("max_completion_tokens"),
            Modalities = new Modalities(architecture.Texts("input_modalities"), architecture.Texts("output_modalities")),
            Pricing = Prices(pricing),
            Tiers = [.. Tiers(pricing)],
            ExpiresOn = Expiry(row.Text("expiration_date")),
            AliasOf = (row.Object("alias_target") ?? default).Text("slug"),
            HuggingFaceId = row.Text("hugging_face_id"),
        };
    }

    private Pricing Prices(JsonElement pricing)
    {
        if (pricing.Number("prompt") == -1 || pricing.Number("completion") == -1)
        {
            return Pricing.Dynamic;
        }

        return new Pricing(
            PriceKind.Unknown,
            Price("prompt"),
            Price("completion"),
            Price("input_cache_read"),
            Price("input_cache_write"),
            Price("internal_reasoning"),
            Price("audio"),
            Price("audio_output"),
            Price("image"),
            Price("image_output"),
            pricing.Number("request"),
            pricing.Number("web_search")).Classify();

        decimal? Price(string name) => Unit!.Value.PerMillion(pricing.Number(name));
    }

    private IEnumerable<PriceTier> Tiers(JsonElement pricing)
    {
        foreach (var tier in pricing.List("overrides"))
        {
            if (tier.Count("min_prompt_tokens") is { } tokens)
            {
                yield return PriceTier.Above(tokens, Prices(tier));
            }
            else if (tier.Number("utc_start") is { } from && tier.Number("utc_end") is { } to)
            {
                yield return PriceTier.Between(Hour(from), Hour(to), Prices(tier));
            }
        }
    }

    private static int Hour(decimal time) => time is >= 0 and <= 2400 && time == decimal.Truncate(time) && time % 100 < 60
        ? (int)time
        : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{time} is no time of day in HHMM"));

    private static DateOnly? Expiry(string? date) =>
        date is null ? null
        : DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day.Year >= NeverFromYear ? null : day
        : throw new FormatException($"expiration_date must be a date, not {date}");
}
