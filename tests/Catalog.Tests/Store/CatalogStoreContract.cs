using System.Data.Common;
using Sluice.Catalog.Sample;
using Sluice.Catalog.Store;

namespace Sluice.Catalog.Tests.Store;

/// <summary>What the catalogue's store promises on every database. Derive once per database; add no tests there.</summary>
public abstract class CatalogStoreContract
{
    /// <summary>Address of a database that nobody has used, skipping the test when there can be none.</summary>
    private protected abstract DatabaseAddress NewDatabase();

    /// <summary>A plain connection to it, past the store.</summary>
    private protected abstract DbConnection Connect(DatabaseAddress address);

    private protected abstract string Prefix { get; }

    [Fact]
    public async Task What_was_saved_is_found_as_it_was()
    {
        await using var store = await OpenAsync();
        var offer = Offers.Of("harbour/Lab/Model@2:free", new Pricing(PriceKind.Fixed, 0.15m, 0, null, 12.5m));

        await store.SaveAsync([offer], default);

        AssertSame(offer, await store.FindAsync(offer.Id, default));
    }

    [Fact]
    public async Task A_price_that_is_not_known_is_null_and_a_free_one_is_zero()
    {
        await using var store = await OpenAsync();
        var unknown = Offers.Of("p/unknown", new Pricing(PriceKind.Unknown, null, null));
        var free = Offers.Of("p/free", new Pricing(PriceKind.Free, 0, 0));

        await store.SaveAsync([unknown, free], default);

        Assert.Equal(new Pricing(PriceKind.Unknown, null, null), (await store.FindAsync(unknown.Id, default))!.Pricing);
        Assert.Equal(new Pricing(PriceKind.Free, 0, 0), (await store.FindAsync(free.Id, default))!.Pricing);
    }

    [Theory]
    [InlineData("0.0023", "0.0023")]
    [InlineData("0.1500", "0.15")]
    [InlineData("0.08333333333333333333333333", "0.0833333333")]
    [InlineData("0.00000000005", null)]
    [InlineData("0.00000000015", "0.0000000002")]
    [InlineData("1234567890.0123456789", "1234567890.0123456789")]
    public async Task Prices_are_exact_to_ten_decimals_rounded_half_to_even(string written, string? read)
    {
        await using var store = await OpenAsync();
        var price = decimal.Parse(written);
        var offer = Offers.Of("p/m", new Pricing(PriceKind.Fixed, price, 1));

        await store.SaveAsync([offer], default);

        var stored = (await store.FindAsync(offer.Id, default))!.Pricing.Input!.Value;
        Assert.Equal(read ?? "0", stored.ToString());
    }

    [Fact]
    public async Task A_contradictory_price_is_refused_and_nothing_of_its_batch_is_kept()
    {
        await using var store = await OpenAsync();

        await Assert.ThrowsAsync<ArgumentException>(() =>
            store.SaveAsync([Offers.Of("p/good"), Offers.Of("p/bad", new Pricing(PriceKind.Fixed, -1, 1))], default));

        Assert.Equal(0, await store.CountAsync(default));
    }

    [Fact]
    public async Task Saving_again_replaces_the_offer_and_the_model_behind_it()
    {
        await using var store = await OpenAsync();
        await store.SaveAsync([Offers.Of("p/m", new Pricing(PriceKind.Fixed, 1, 2))], default);

        var changed = Offers.Of("p/m", new Pricing(PriceKind.Fixed, 3, 4), name: "Lyra renamed");
        await store.SaveAsync([changed], default);

        Assert.Equal(1, await store.CountAsync(default));
        AssertSame(changed, await store.FindAsync(changed.Id, default));
    }

    [Fact]
    public async Task Ids_are_exact_in_case()
    {
        await using var store = await OpenAsync();
        await store.SaveAsync([Offers.Of("p/a-Ita"), Offers.Of("p/a-ITA")], default);

        Assert.Equal(2, await store.CountAsync(default));
        Assert.Null(await store.FindAsync(new OfferId("p", "a-ita"), default));
    }

    [Fact]
    public async Task Pages_cover_everything_once_in_the_order_of_bytes()
    {
        await using var store = await OpenAsync();
        string[] ids = ["a/~x", "a/B", "a/b", "a/b/c", "a/é", "a-b/a", "b/0", "ab/z", "a/\U0001F600", "a/\uFF21"];
        await store.SaveAsync([.. ids.Select(id => Offers.Of(id))], default);

        var seen = await ReadAllAsync(store, provider: null, limit: 3);

        Assert.Equal(["a/B", "a/b", "a/b/c", "a/~x", "a/é", "a/\uFF21", "a/\U0001F600", "a-b/a", "ab/z", "b/0"], seen);
    }

    [Fact]
    public async Task A_provider_lists_only_its_own_offers()
    {
        await using var store = await OpenAsync();
        await store.SaveAsync([Offers.Of("a/1"), Offers.Of("b/1"), Offers.Of("b/2"), Offers.Of("c/1")], default);

        Assert.Equal(["b/1", "b/2"], await ReadAllAsync(store, "b", limit: 1));
        Assert.Empty(await ReadAllAsync(store, "nobody", limit: 1));
    }

    [Fact]
    public async Task The_last_page_says_so_even_when_it_is_full()
    {
        await using var store = await OpenAsync();
        await store.SaveAsync([Offers.Of("a/1"), Offers.Of("a/2")], default);

        Assert.False((await store.ListAsync(OfferFilter.All, null, 2, default)).HasMore);
        Assert.True((await store.ListAsync(OfferFilter.All, null, 1, default)).HasMore);
    }

    [Fact]
    public async Task Rows_that_come_between_two_pages_neither_repeat_nor_hide_another()
    {
        await using var store = await OpenAsync();
        await store.SaveAsync([.. Enumerable.Range(0, 10).Select(n => Offers.Of($"p/{n}"))], default);
        var first = await store.ListAsync(OfferFilter.All, null, 5, default);

        await store.SaveAsync([Offers.Of("o/before"), Offers.Of("p/1-before"), Offers.Of("p/7-after")], default);
        var rest = await store.ListAsync(OfferFilter.All, first.Offers[^1].Id, 100, default);

        Assert.Equal(["p/5", "p/6", "p/7", "p/7-after", "p/8", "p/9"], rest.Offers.Select(offer => offer.Id.ToString()));
    }

    [Fact]
    public async Task The_sample_fills_an_empty_store_once()
    {
        var address = NewDatabase();
        await using var store = await CatalogStore.OpenAsync(address, default);

        Assert.Equal(60, await store.SeedAsync(SampleCatalogue.Read, default));
        Assert.Equal(0, await store.SeedAsync(SampleCatalogue.Read, default));
        Assert.Equal(60, await store.CountAsync(default));
    }

    [Fact]
    public async Task Of_many_that_open_and_seed_at_once_each_succeeds_and_one_fills()
    {
        var address = NewDatabase();
        if (address is DatabaseAddress.SqliteMemory)
        {
            Assert.Skip("A database in memory belongs to one store.");
        }

        var written = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            await using var store = await CatalogStore.OpenAsync(address, default);
            return await store.SeedAsync(SampleCatalogue.Read, default);
        })));

        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 60], written.Order());
    }

    [Fact]
    public async Task Opening_twice_keeps_what_is_there()
    {
        var address = NewDatabase();
        await using (var first = await CatalogStore.OpenAsync(address, default))
        {
            await first.SaveAsync([Offers.Of("p/m")], default);
        }

        await using var second = await CatalogStore.OpenAsync(address, default);
        Assert.Equal(1, await second.CountAsync(default));
    }

    [Fact]
    public async Task A_newer_database_is_refused_with_both_numbers_and_left_alone()
    {
        var address = NewDatabase();
        await (await CatalogStore.OpenAsync(address, default)).DisposeAsync();
        Assert.Equal(1L, Convert.ToInt64(await SqlAsync(address, $"SELECT version FROM {Prefix}schema_version")));
        await SqlAsync(address, $"UPDATE {Prefix}schema_version SET version = 7");

        var refusal = await Assert.ThrowsAsync<CatalogStoreException>(() => CatalogStore.OpenAsync(address, default));

        Assert.Contains("schema version 7", refusal.Message);
        Assert.Contains("knows 1 at most", refusal.Message);
        Assert.Equal(7L, Convert.ToInt64(await SqlAsync(address, $"SELECT version FROM {Prefix}schema_version")));
    }

    [Fact]
    public async Task Every_filter_leaves_out_what_it_says_and_several_leave_out_what_any_does()
    {
        await using var store = await OpenAsync();
        await store.SeedAsync(SampleCatalogue.Read, default);
        var all = SampleCatalogue.Read();
        await CheckAsync(new OfferFilter { Lab = "aster" }, offer => offer.Model.Lab == "aster");
        await CheckAsync(new OfferFilter { ModelKey = "large-lyra|2" }, offer => offer.Model.Key == "large-lyra|2");
        await CheckAsync(new OfferFilter { Modality = "audio" }, offer => offer.Modalities.Input.Concat(offer.Modalities.Output).Contains("audio"));
        await CheckAsync(new OfferFilter { InputModality = "image" }, offer => offer.Modalities.Input.Contains("image"));
        await CheckAsync(new OfferFilter { OutputModality = "audio" }, offer => offer.Modalities.Output.Contains("audio"));
        await CheckAsync(new OfferFilter { MinContext = 131_072 }, offer => offer.Context >= 131_072);
        await CheckAsync(new OfferFilter { OpenWeights = true }, offer => offer.Model.OpenWeights == true);
        await CheckAsync(new OfferFilter { OpenWeights = false }, offer => offer.Model.OpenWeights == false);
        await CheckAsync(new OfferFilter { Status = OfferStatus.Deprecated }, offer => offer.Status == OfferStatus.Deprecated);
        await CheckAsync(new OfferFilter { MaxInputPrice = 0.6m }, offer => Known(offer) && offer.Pricing.Input <= 0.6m);
        await CheckAsync(new OfferFilter { MaxOutputPrice = 0.06m }, offer => Known(offer) && offer.Pricing.Output <= 0.06m);
        await CheckAsync(
            new OfferFilter { Lab = "aster", InputModality = "image", MaxInputPrice = 3, Status = OfferStatus.Active },
            offer => offer.Model.Lab == "aster" && offer.Modalities.Input.Contains("image") && Known(offer) && offer.Pricing.Input <= 3 && offer.Status == OfferStatus.Active);
        foreach (var kind in Enum.GetValues<PriceKind>())
        {
            await CheckAsync(new OfferFilter { PriceKind = kind }, offer => offer.Pricing.Kind == kind);
        }

        static bool Known(Offer offer) => offer.Pricing.Kind is PriceKind.Fixed or PriceKind.Free;

        async Task CheckAsync(OfferFilter filter, Func<Offer, bool> belongs)
        {
            var expected = all.Where(belongs).Select(offer => offer.Id.ToString()).Order(StringComparer.Ordinal).ToList();
            Assert.True(expected.Count is > 0 and < 60, $"{filter} parts nothing: {expected.Count}");
            Assert.Equal(expected, (await ReadAllAsync(store, filter, limit: 7)).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task A_price_in_another_currency_is_not_compared_with_dollars()
    {
        await using var store = await OpenAsync();
        await store.SaveAsync([Offers.Of("p/yuan", new Pricing(PriceKind.Fixed, 0.8m, 2, Currency: "CNY")), Offers.Of("p/dollar", new Pricing(PriceKind.Fixed, 0.8m, 2))], default);

        Assert.Equal(["p/dollar"], await ReadAllAsync(store, new OfferFilter { MaxInputPrice = 0.8m }, limit: 5));
        Assert.Empty(await ReadAllAsync(store, new OfferFilter { MaxInputPrice = 0.7999999999m }, limit: 5));
    }

    [Fact]
    public async Task Tiers_are_stored_in_their_order_and_replaced_with_their_offer()
    {
        await using var store = await OpenAsync();
        PriceTier[] tiers = [PriceTier.Above(200_000, new Pricing(PriceKind.Fixed, 2, 4)), PriceTier.Between(1800, 300, new Pricing(PriceKind.Fixed, 0.5m, 1))];
        await store.SaveAsync([Offers.Of("p/a"), Offers.Of("p/b") with { Tiers = tiers }, Offers.Of("p/c")], default);

        Assert.Equal(tiers, (await store.FindAsync(new OfferId("p", "b"), default))!.Tiers);
        Assert.Equal([0, 2, 0], (await store.ListAsync(OfferFilter.All, null, 10, default)).Offers.Select(offer => offer.Tiers.Count));

        await store.SaveAsync([Offers.Of("p/b") with { Tiers = [tiers[1]] }], default);
        Assert.Equal([tiers[1]], (await store.FindAsync(new OfferId("p", "b"), default))!.Tiers);
    }

    [Fact]
    public async Task A_model_is_found_with_all_its_offers_and_one_without_offers_is_not()
    {
        await using var store = await OpenAsync();
        await store.SaveAsync([Offers.Of("q/b"), Offers.Of("p/a")], default);

        var model = (await store.FindModelAsync("lyra|2", default))!;

        Assert.Equal(("lyra|2", "aster"), (model.Model.Key, model.Model.Lab));
        Assert.Equal(["p/a", "q/b"], model.Offers.Select(offer => offer.Id.ToString()));
        Assert.Null(await store.FindModelAsync("lyra|3", default));
    }

    [Fact]
    public async Task A_check_tells_how_the_database_is()
    {
        await using var store = await OpenAsync();
        await store.SaveAsync([Offers.Of("p/a")], default);

        var state = await store.CheckAsync(default);

        Assert.Equal(1, state.Offers);
        if (store.Address is DatabaseAddress.Postgres)
        {
            Assert.Equal((0L, null), (state.Replicas, state.ReplicationLag));
            Assert.InRange(state.Connections!.Value, 1, state.ConnectionLimit!.Value);
            Assert.Equal(10, state.PoolLimit);
        }
    }

    private async Task<CatalogStore> OpenAsync() => await CatalogStore.OpenAsync(NewDatabase(), default);

    private async Task<object?> SqlAsync(DatabaseAddress address, string sql)
    {
        await using var connection = Connect(address);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }

    private static Task<List<string>> ReadAllAsync(CatalogStore store, string? provider, int limit) =>
        ReadAllAsync(store, new OfferFilter { Provider = provider }, limit);

    private static async Task<List<string>> ReadAllAsync(CatalogStore store, OfferFilter filter, int limit)
    {
        List<string> seen = [];
        OfferId? after = null;
        OfferPage page;
        do
        {
            page = await store.ListAsync(filter, after, limit, default);
            Assert.True(page.Offers.Count <= limit, $"{page.Offers.Count} offers on a page of {limit}");
            seen.AddRange(page.Offers.Select(offer => offer.Id.ToString()));
            after = page.HasMore ? page.Offers[^1].Id : null;
        }
        while (page.HasMore);
        return seen;
    }

    private static void AssertSame(Offer expected, Offer? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Modalities.Input, actual.Modalities.Input);
        Assert.Equal(expected.Modalities.Output, actual.Modalities.Output);
        Assert.Equal(expected with { Modalities = actual.Modalities }, actual);
    }
}
