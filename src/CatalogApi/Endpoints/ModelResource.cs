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
    Modalities Modalities,
    long? Context,
    long? MaxOutput,
    Pricing Pricing,
    OfferStatus Status,
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
        offer.Modalities,
        offer.Context,
        offer.MaxOutput,
        offer.Pricing,
        offer.Status,
        offer.Model.OpenWeights,
        offer.Model.ReleaseDate,
        offer.Source);
}

/// <summary>One page.</summary>
/// <param name="Data">In the order of provider, then id.</param>
/// <param name="NextCursor">Asks for the page that follows; null on the last.</param>
internal sealed record ModelList(IReadOnlyList<ModelResource> Data, string? NextCursor);
