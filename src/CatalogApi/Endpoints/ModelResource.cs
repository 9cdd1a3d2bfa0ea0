using Sluice.Catalog;

namespace Sluice.CatalogApi;

/// <summary>An offer as the API shows it: the model's facts and the provider's terms side by side.</summary>
internal sealed record ModelResource(
    string Id,
    string Provider,
    string Name,
    string Lab,
    string? Family,
    string ModelKey,
    string? Variant,
    string? Version,
    string? AliasOf,
    Modalities Modalities,
    long? Context,
    long? MaxOutput,
    Pricing Pricing,
    IReadOnlyList<PriceTier> Tiers,
    OfferStatus Status,
    DateOnly? ExpiresOn,
    bool? OpenWeights,
    string? ReleaseDate,
    string Source)
{
    public static ModelResource Of(Offer offer) => new(
        offer.Id.ToString(),
        offer.Id.Provider,
        offer.Model.Name,
        offer.Model.Lab,
        offer.Model.Family,
        offer.Model.Key,
        offer.Variant,
        offer.Version,
        offer.AliasOf,
        offer.Modalities,
        offer.Context,
        offer.MaxOutput,
        offer.Pricing,
        offer.Tiers,
        offer.Status,
        offer.ExpiresOn,
        offer.Model.OpenWeights,
        offer.Model.ReleaseDate,
        offer.Source);
}

/// <summary>One page.</summary>
/// <param name="Data">In the order of provider, then id.</param>
/// <param name="NextCursor">Asks for the page that follows; null on the last.</param>
internal sealed record ModelList(IReadOnlyList<ModelResource> Data, string? NextCursor);

/// <summary>A model with everything that is known of it.</summary>
/// <param name="Model">Its facts.</param>
/// <param name="Offers">Who sells it, in the order of provider, then id.</param>
/// <param name="Benchmarks">Measured by Artificial Analysis, which asks to be named.</param>
/// <param name="Repositories">Its weights on Hugging Face, the most downloaded first.</param>
internal sealed record ModelDetail(
    Model Model, IReadOnlyList<ModelResource> Offers, IReadOnlyList<Measurement> Benchmarks, IReadOnlyList<Repository> Repositories)
{
    public static ModelDetail Of(ModelView view) => new(view.Model, [.. view.Offers.Select(ModelResource.Of)], view.Measurements, view.Repositories);
}
