using System.Globalization;
using System.Text.Json;
using Sluice.Catalog.Identity;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Store;

/// <summary>What is staged of each kind of row, in the order of the columns in <see cref="SyncSql"/>.</summary>
internal static class StagedRows
{
    public static object?[] Of(OfferId id) => [id.Provider, id.ModelId];

    public static object?[] Of(Hold hold) => [hold.Id.Provider, hold.Id.ModelId, hold.Reason, hold.Detail, hold.Raw, hold.Hash];

    public static object?[] Of((OfferId Id, string Reason) release) => [release.Id.Provider, release.Id.ModelId, release.Reason];

    public static object?[] Of(ModelFacts facts) =>
        [facts.Key, facts.Lab, facts.Name, facts.Family, facts.OpenWeights, facts.ReleaseDate, facts.Rank, facts.From];

    public static object?[] Of(Listing row) => [row.Id.Provider, row.Id.ModelId, row.Raw.Json, row.Raw.Hash];

    public static object?[] Of(string source, Listing row) => [source, .. Of(row)];

    public static object?[] Of(RowChange change, ModelIdentity identity) =>
    [
        change.Row.Id.Provider,
        change.Row.Id.ModelId,
        change.IsHeld ? 1L : 0L,
        identity.Key,
        identity.Variant,
        identity.Version,
        change.Row.AliasOf,
        change.Row.HuggingFaceId,
        change.Row.Context,
        change.Row.MaxOutput,
        Json(change.Row.Modalities.Input),
        Json(change.Row.Modalities.Output),
        change.Row.Status.ToString().ToLowerInvariant(),
        change.Row.ExpiresOn?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        .. PriceColumns.Values(change.Price),
    ];

    public static object?[] Of(OfferId id, PriceTier tier, int ordinal) =>
    [
        id.Provider,
        id.ModelId,
        (long)ordinal,
        tier.Kind.ToString().ToLowerInvariant(),
        tier.MinTokens,
        (long?)tier.UtcFrom,
        (long?)tier.UtcTo,
        .. PriceColumns.Values(tier.Pricing),
    ];

    public static object?[] Of(OfferId id, Pricing old, Pricing now) =>
    [
        id.Provider,
        id.ModelId,
        JsonSerializer.Serialize(old, CatalogJson.Default.Pricing),
        JsonSerializer.Serialize(now, CatalogJson.Default.Pricing),
    ];

    public static object?[] Of(Benchmark row, string? model) =>
    [
        row.Id, model, BenchmarkName.Of(row.Name).Effort, row.Slug, row.Name, row.Lab, row.Intelligence, row.Coding, row.Maths, row.TokensPerSecond,
        row.FirstTokenSeconds, row.Pricing.Input, row.Pricing.Output, row.Raw.Json, row.Raw.Hash,
    ];

    public static object?[] Of(Popularity row, string? model) => [row.Id, model, row.Downloads, row.Likes, row.Raw.Json, row.Raw.Hash];

    private static string Json(IReadOnlyList<string> texts) => JsonSerializer.Serialize(texts, CatalogJson.Default.IReadOnlyListString);
}
