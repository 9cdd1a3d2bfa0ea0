using System.Globalization;

namespace Sluice.Catalog.Syncs;

/// <summary>An offer with a fixed price, beside the others of its model.</summary>
/// <param name="Id">The offer.</param>
/// <param name="Source">Who owns its price.</param>
/// <param name="ModelKey">Its model.</param>
/// <param name="Input">Price of the input, USD per 1M tokens, above 0.</param>
public sealed record ComparedOffer(OfferId Id, string Source, string ModelKey, decimal Input);

/// <summary>Finds prices that are far from those of the same model elsewhere. It only marks: real ones differ up to 97-fold.</summary>
public static class CrossCheck
{
    /// <summary>Offers to mark, with why.</summary>
    public static IReadOnlyList<(ComparedOffer Offer, string Detail)> Marks(IEnumerable<ComparedOffer> offers, SyncThresholds limits)
    {
        List<(ComparedOffer, string)> marks = [];
        foreach (var model in offers.GroupBy(offer => offer.ModelKey).Where(model => model.Count() >= limits.CrossCheckOffers))
        {
            var prices = model.Select(offer => offer.Input).Order().ToList();
            var middle = prices.Count / 2;
            var median = prices.Count % 2 == 1 ? prices[middle] : (prices[middle - 1] + prices[middle]) / 2;
            marks.AddRange(model
                .Where(offer => Math.Max(offer.Input / median, median / offer.Input) > limits.CrossCheck)
                .Select(offer => (offer, string.Create(
                    CultureInfo.InvariantCulture, $"{offer.Input} in, where {prices.Count} offers of {model.Key} have the median {median:0.##########}"))));
        }

        return marks;
    }
}
