using System.Text.Json;

namespace Sluice.Catalog.Sample;

/// <summary>The bundled catalogue of invented models: what an empty store starts with, so that the service answers before its first sync.</summary>
public static class SampleCatalogue
{
    /// <summary>Source that sample rows carry.</summary>
    public const string Source = "sample";

    /// <summary>Reads the bundled file, about sixty offers; read anew at each call.</summary>
    public static IReadOnlyList<Offer> Read()
    {
        using var stream = typeof(SampleCatalogue).Assembly.GetManifestResourceStream("catalogue.json")!;
        var file = JsonSerializer.Deserialize(stream, CatalogJson.Default.SampleFile)!;
        var models = file.Models.ToDictionary(model => model.Key);
        return [.. file.Offers.Select(row => row.ToOffer(models[row.Model]))];
    }
}

/// <summary>The file's shape: each model once, each offer naming its model by key.</summary>
internal sealed record SampleFile(IReadOnlyList<Model> Models, IReadOnlyList<SampleOffer> Offers);

internal sealed record SampleOffer(
    string Id,
    string Model,
    Modalities Modalities,
    long? Context,
    long? MaxOutput,
    Pricing Pricing,
    OfferStatus Status,
    IReadOnlyList<PriceTier>? Tiers = null)
{
    public Offer ToOffer(Model model) => OfferId.TryParse(Id, out var id)
        ? new Offer(id, SampleCatalogue.Source, model, Modalities, Context, MaxOutput, Pricing, Status) { Tiers = Tiers ?? [] }
        : throw new FormatException($"The bundled sample has an offer without a valid id: {Id}");
}
