using Sluice.Catalog.Sample;

namespace Sluice.Catalog.Tests;

public sealed class SampleAndCursorTests
{
    [Fact]
    public void The_sample_shows_every_kind_of_price_and_several_providers_of_one_model()
    {
        var offers = SampleCatalogue.Read();

        Assert.Equal(Enum.GetValues<PriceKind>(), offers.Select(offer => offer.Pricing.Kind).Distinct().Order());
        Assert.True(offers.Select(offer => offer.Id.Provider).Distinct().Count() >= 6);
        Assert.Equal(offers.Count, offers.Select(offer => offer.Id).Distinct().Count());
        Assert.Contains(offers.GroupBy(offer => offer.Model.Key), model => model.Select(offer => offer.Id.Provider).Distinct().Count() >= 3);
        Assert.All(offers, offer => Assert.Equal(offer.Pricing, offer.Pricing.Normalize()));
    }

    [Theory]
    [InlineData("p/m")]
    [InlineData("workers/@cf/a/b:free~é")]
    public void A_cursor_comes_back_as_the_offer_it_was_made_of(string id)
    {
        Assert.True(OfferId.TryParse(id, out var offer));

        Assert.True(OfferCursor.TryParse(OfferCursor.After(offer), out var read));
        Assert.Equal(offer, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("not base64!")]
    [InlineData("cC9t")] // p/m without the format's number
    [InlineData("MTpw")] // 1:p, no id
    [InlineData("_____w")] // not UTF-8
    public void What_is_no_cursor_is_not_read(string? text) => Assert.False(OfferCursor.TryParse(text, out _));
}
