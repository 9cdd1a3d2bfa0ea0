using System.Text.Json;
using Sluice.Catalog.Identity;

namespace Sluice.Catalog.Sources;

/// <summary>
/// models.dev: what about 150 providers offer, kept by people in a repository. One body
/// <c>{ provider: { models: { id: row } } }</c>; prices are USD per 1M tokens. Beside it <c>models.json</c>, <c>{ id: { weights: [ { url } ] } }</c>,
/// says where weights lie.
/// </summary>
/// <param name="url">Where the list of providers is; null for the public one.</param>
public sealed class ModelsDev(Uri? url = null) : ISource
{
    // Its zero prices mean that something else than a token is paid for. Reviewed by hand.
    private static readonly HashSet<string> Subscriptions = new(StringComparer.Ordinal)
    {
        "github-models", "github-copilot", "gitlab", "opencode", "kimi-for-coding", "nvidia",
    };

    private readonly Uri _url = url ?? new Uri("https://models.dev/api.json");

    /// <inheritdoc/>
    public string Name => SourceNames.ModelsDev;

    /// <inheritdoc/>
    public PriceUnit? Unit => PriceUnit.PerMillionTokens;

    /// <inheritdoc/>
    public async Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken) =>
        await ReadOffersAsync(http, cancellationToken) with { Weights = await ReadWeightsAsync(http, cancellationToken) };

    private Task<SourceSnapshot> ReadOffersAsync(SourceHttp http, CancellationToken cancellationToken) => http.GetAsync(
        _url,
        headers: null,
        async (body, token) =>
        {
            var rows = new SnapshotBuilder(Name);
            await foreach (var (path, row) in JsonRows.ReadAsync(body.Stream, ["*.models.*"], token))
            {
                // The key counts: the id inside a row was wrong before.
                rows.Add(path[0], path[2], row, (id, raw) => Read(id, row, raw));
            }

            return rows.Build();
        },
        cancellationToken);

    // Offers and prices need none of it: without it what was known of weights stays.
    private async Task<IReadOnlyList<ModelWeights>> ReadWeightsAsync(SourceHttp http, CancellationToken cancellationToken)
    {
        try
        {
            return await http.GetAsync(
                new Uri(_url, "models.json"),
                headers: null,
                async (body, token) =>
                {
                    var weights = new Dictionary<string, ModelWeights>(StringComparer.OrdinalIgnoreCase);
                    await foreach (var (path, link) in JsonRows.ReadAsync(body.Stream, ["*.weights.[]"], token))
                    {
                        if (Repository(link.Text("url")) is { } repository)
                        {
                            weights.TryAdd(repository, new ModelWeights(repository, path[0]));
                        }
                    }

                    return weights.Values.ToList();
                },
                cancellationToken);
        }
        catch (SourceException)
        {
            return [];
        }
    }

    private static string? Repository(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var place) && place.Host == "huggingface.co" && place.AbsolutePath.Split('/') is ["", { Length: > 0 } org, { Length: > 0 } name, ..]
            ? $"{org}/{name}"
            : null;

    private static Listing Read(OfferId id, JsonElement row, RawRow raw)
    {
        var limit = row.Object("limit") ?? default;
        var modalities = row.Object("modalities") ?? default;
        return new Listing(id, row.Required("name"), raw)
        {
            Lab = Labs.OfId(id.ModelId, onlyKnown: true) ?? Labs.OfProvider(id.Provider),
            IsFirstParty = Labs.OfProvider(id.Provider) is not null,
            Family = row.Text("family"),
            OpenWeights = row.Flag("open_weights"),
            ReleaseDate = row.Text("release_date"),
            Context = limit.Count("context"),
            MaxOutput = limit.Count("output"),
            Modalities = new Modalities(modalities.Texts("input"), modalities.Texts("output")),
            Status = row.Text("status") switch
            {
                "alpha" => OfferStatus.Alpha,
                "beta" => OfferStatus.Beta,
                "deprecated" => OfferStatus.Deprecated,
                _ => OfferStatus.Active,
            },
            Pricing = row.Object("cost") is { } cost ? Prices(cost, IsSubscription(id.Provider)) : Pricing.Unknown,
            Tiers = row.Object("cost") is { } tiered ? [.. Tiers(tiered)] : [],
        };
    }

    private static bool IsSubscription(string provider) =>
        Subscriptions.Contains(provider)
        || provider.Contains("-coding-plan", StringComparison.Ordinal)
        || provider.Contains("-token-plan", StringComparison.Ordinal);

    private static IEnumerable<PriceTier> Tiers(JsonElement cost)
    {
        // context_over_200k is a copy of the first tier, whatever that tier's threshold is: the tiers count when there are any.
        var tiers = cost.List("tiers").ToList();
        if (tiers.Count == 0 && cost.Object("context_over_200k") is { } legacy)
        {
            yield return PriceTier.Above(200_000, Prices(legacy, bySubscription: false));
        }

        foreach (var tier in tiers)
        {
            if (tier.Object("tier") is { } condition && condition.Text("type") == "context" && condition.Count("size") is { } size)
            {
                yield return PriceTier.Above(size, Prices(tier, bySubscription: false));
            }
        }
    }

    private static Pricing Prices(JsonElement cost, bool bySubscription) => new Pricing(
        PriceKind.Unknown,
        cost.Number("input"),
        cost.Number("output"),
        cost.Number("cache_read"),
        cost.Number("cache_write"),
        cost.Number("reasoning"),
        cost.Number("input_audio"),
        cost.Number("output_audio")).Classify(bySubscription);
}
