using System.Text.Json;
using Sluice.Catalog.Identity;

namespace Sluice.Catalog.Sources;

/// <summary>
/// Featherless: its own offers, <c>{ data: [row], pagination? }</c>. Which unit a price is in follows from its field's name, never from its
/// size: <c>input</c> and <c>output</c> are USD per 1M tokens, <c>prompt</c> and <c>completion</c> USD per token. Most rows have none: a flat
/// subscription pays.
/// </summary>
public sealed class Featherless(Uri? url = null, string? key = null) : ISource
{
    private const int PerPage = 1_000;
    private const int MostPages = 200;
    private readonly Uri _url = url ?? new Uri("https://api.featherless.ai/v1/models");

    /// <inheritdoc/>
    public string Name => SourceNames.Featherless;

    /// <summary>Of the fields <c>input</c> and <c>output</c>.</summary>
    public PriceUnit? Unit => PriceUnit.PerMillionTokens;

    /// <inheritdoc/>
    public async Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken)
    {
        var headers = key is null ? null : new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" };
        var rows = new SnapshotBuilder(Name);
        for (var page = 1; ; page++)
        {
            var (items, pages) = await http.GetAsync(
                _url.With(("page", page), ("per_page", PerPage)),
                headers,
                (body, token) => Paging.ReadAsync(body, "data.[]", "pagination.total_pages", token),
                cancellationToken);
            foreach (var row in items)
            {
                rows.AddById(SourceNames.Featherless, "id", row, (id, raw) => (Read(id, row, raw), row.Number("created") ?? 0));
            }

            // Without pages everything is in one body.
            var last = pages.ValueKind == JsonValueKind.Number ? pages.GetDecimal() : 1;
            if (page >= last)
            {
                return rows.Build();
            }

            if (page == MostPages)
            {
                throw new SourceException($"{Name} says it has {last} pages, which is more than the {MostPages} that are read.");
            }
        }
    }

    private Listing Read(OfferId id, JsonElement row, RawRow raw)
    {
        var readsImages = (row.Object("features") ?? default).Flag("image_input") == true;
        return new Listing(id, id.ModelId, raw)
        {
            Lab = Labs.OfId(id.ModelId),
            OpenWeights = true,
            Context = row.Count("context_length"),
            MaxOutput = row.Count("max_completion_tokens"),
            Modalities = new Modalities(readsImages ? ["text", "image"] : ["text"], ["text"]),
            Pricing = row.Object("pricing") is { } pricing ? Prices(pricing) : Pricing.Unknown,
            HuggingFaceId = id.ModelId,
        };
    }

    private Pricing Prices(JsonElement pricing)
    {
        var perMillion = pricing.Field("input") is not null || pricing.Field("output") is not null;
        var perToken = pricing.Field("prompt") is not null || pricing.Field("completion") is not null;
        if (perMillion && perToken)
        {
            throw new FormatException("prices are there both per 1M tokens (input, output) and per token (prompt, completion): which counts?");
        }

        return perToken
            ? new Pricing(
                PriceKind.Unknown,
                PriceUnit.PerToken.PerMillion(pricing.Number("prompt")),
                PriceUnit.PerToken.PerMillion(pricing.Number("completion")),
                ImageIn: PriceUnit.PerToken.PerMillion(pricing.Number("image")),
                PerRequest: pricing.Number("request")).Classify()
            : new Pricing(
                PriceKind.Unknown, Unit!.Value.PerMillion(pricing.Number("input")), Unit!.Value.PerMillion(pricing.Number("output"))).Classify();
    }
}
