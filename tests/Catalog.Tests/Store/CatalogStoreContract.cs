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

        Assert.False((await store.ListAsync(null, null, 2, default)).HasMore);
        Assert.True((await store.ListAsync(null, null, 1, default)).HasMore);
    }

    [Fact]
    public async Task Rows_that_come_between_two_pages_neither_repeat_nor_hide_another()
    {
        await using var store = await OpenAsync();
        await store.SaveAsync([.. Enumerable.Range(0, 10).Select(n => Offers.Of($"p/{n}"))], default);
        var first = await store.ListAsync(null, null, 5, default);

        await store.SaveAsync([Offers.Of("o/before"), Offers.Of("p/1-before"), Offers.Of("p/7-after")], default);
        var rest = await store.ListAsync(null, first.Offers[^1].Id, 100, default);

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

    private async Task<CatalogStore> OpenAsync() => await CatalogStore.OpenAsync(NewDatabase(), default);

    private async Task<object?> SqlAsync(DatabaseAddress address, string sql)
    {
        await using var connection = Connect(address);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }

    private static async Task<List<string>> ReadAllAsync(CatalogStore store, string? provider, int limit)
    {
        List<string> seen = [];
        OfferId? after = null;
        OfferPage page;
        do
        {
            page = await store.ListAsync(provider, after, limit, default);
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
