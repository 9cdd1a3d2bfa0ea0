using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Catalog.Tests.Sources;

namespace Sluice.Catalog.Tests.Store;

public sealed class SqliteSyncStoreTests : SyncStoreContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private protected override string Prefix => "";

    private protected override DatabaseAddress NewDatabase() => new DatabaseAddress.SqliteFile(_folder.File("catalog.db"));

    private protected override DbConnection Connect(DatabaseAddress address) =>
        new SqliteConnection($"Data Source={((DatabaseAddress.SqliteFile)address).Path};Pooling=False");

    public void Dispose() => _folder.Dispose();
}

public sealed class PostgresSyncStoreTests : SyncStoreContract, IAsyncLifetime
{
    private PostgresDatabase? _database;

    private protected override string Prefix => "catalog.";

    private protected override DatabaseAddress NewDatabase() => _database!.Address;

    private protected override DbConnection Connect(DatabaseAddress address) =>
        new NpgsqlConnection(((DatabaseAddress.Postgres)address).ConnectionString);

    public async ValueTask InitializeAsync() => _database = await PostgresDatabase.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }
}

/// <summary>What PostgreSQL itself says that a run wrote.</summary>
public sealed class PostgresWriteTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_second_run_that_changes_nothing_writes_no_row_but_the_history()
    {
        await using var database = await PostgresDatabase.CreateAsync();
        await using var catalogue = await CatalogStore.OpenAsync(database.Address, default);
        var syncs = new SyncStore(catalogue, new SyncThresholds { FewestRows = new Dictionary<string, int>() });
        SourceSnapshot[] reads =
        [
            await Reading.OfAsync(SourceNames.ModelsDev, Rows.ModelsDev("acme", ("m", """{ "input": 1, "output": 2 }"""), ("odd", """{ "input": 9000, "output": 2 }"""), ("bad", "[]"))),
            await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(Rows.OpenRouterRow("x/m", "{}"))),
            await Reading.OfAsync(SourceNames.ArtificialAnalysis, Rows.ArtificialAnalysis(("1", "A", "1", "1", "1"))),
            await Reading.OfAsync(SourceNames.HuggingFace, """[{ "id": "x/M", "downloads": 5, "likes": 1 }]"""),
        ];

        await RunAsync("first");
        var before = await WritesAsync();
        await RunAsync("second");
        var after = await WritesAsync();

        Assert.True(before["offer"] == 3 && before["quarantine"] == 2 && before["benchmark"] == 1 && before["hf_stat"] == 1, string.Join(' ', before));
        Assert.Equal(["sync_run", "sync_source_run"], after.Where(table => table.Value != before[table.Key]).Select(table => table.Key).Order(StringComparer.Ordinal));

        async Task RunAsync(string id)
        {
            Assert.Null(await syncs.BeginAsync(new SyncBeginning(id, SyncKinds.Models, "test", false, Noon), TimeSpan.FromHours(1), default));
            foreach (var read in reads)
            {
                await syncs.MergeAsync(read, new MergeRequest(id, Noon, "test"), default);
            }

            await syncs.CrossCheckAsync(id, Noon, default);
            await syncs.EndAsync(id, null, Noon, default);
        }

        async Task<Dictionary<string, long>> WritesAsync()
        {
            // A connection that ends, as each of these does, reports what it wrote before its server process goes.
            await using var connection = new NpgsqlConnection(database.Address.ConnectionString);
            await connection.OpenAsync();
            var writes = new Dictionary<string, long>();
            await using var command = new NpgsqlCommand(
                "SELECT pg_stat_force_next_flush(); SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'catalog'", connection);
            await using var row = await command.ExecuteReaderAsync();
            await row.NextResultAsync();
            while (await row.ReadAsync())
            {
                writes[row.GetString(0)] = row.GetInt64(1);
            }

            return writes;
        }
    }

    [Fact]
    public async Task The_recorded_lists_become_5398_offers_and_a_second_run_writes_none()
    {
        if (!Fixtures.Present)
        {
            return;
        }

        await using var database = await PostgresDatabase.CreateAsync();
        await using var catalogue = await CatalogStore.OpenAsync(database.Address, default);
        await using var server = await ListServer.StartAsync();
        server.File("/api.json", Fixtures.File("models_dev_api.json"));
        server.File("/api/v1/models", Fixtures.File("openrouter_models.json"));
        server.File("/api/v2/data/llms/models", Fixtures.File("artificial_analysis_models.json"));
        server.File("/api/models", Fixtures.File("huggingface_models.json"));
        server.File("/v1/models", Fixtures.File("featherless_models.json"));
        var syncs = new SyncStore(catalogue, new SyncThresholds());
        // Repositories come before the models that they are of, as they may.
        string[] models = [SourceNames.HuggingFace, SourceNames.ModelsDev, SourceNames.OpenRouter, SourceNames.ArtificialAnalysis];

        var first = await RunAsync("first", models);
        Assert.Equal(5_398, await catalogue.CountAsync(default));
        var kimi = (await catalogue.FindAsync(new OfferId("openrouter", "moonshotai/kimi-k2.6"), default))!;
        Assert.Equal(53, (await catalogue.FindModelAsync(kimi.Model.Key, default))!.Offers.Count);
        Assert.Equal(5_398, await CountPagesAsync());
        var second = await RunAsync("second", models);
        var prices = await RunAsync("third", [SourceNames.Featherless]);

        Assert.All(first.Run.Concat(second.Run).Concat(prices.Run), source => Assert.Equal((SyncStatuses.Completed, 0), (source.Status, source.Quarantined)));
        Assert.Equal([1_000, 5_276, 421, 589], first.Run.Select(source => source.Readable));
        Assert.All(second.Run, source => Assert.Equal((0, 0, source.Readable), (source.Stored, source.Updated, source.Unchanged)));
        Assert.Equal(5_398 + 15_695, await catalogue.CountAsync(default));
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"first {first.Time.TotalMilliseconds:0} ms, second {second.Time.TotalMilliseconds:0} ms, Featherless {prices.Time.TotalMilliseconds:0} ms");

        async Task<int> CountPagesAsync()
        {
            var seen = new HashSet<OfferId>();
            OfferId? after = null;
            OfferPage page;
            do
            {
                page = await catalogue.ListAsync(OfferFilter.All, after, 100, default);
                Assert.All(page.Offers, offer => Assert.True(seen.Add(offer.Id), $"{offer.Id} came twice"));
                after = page.Offers[^1].Id;
            }
            while (page.HasMore);
            return seen.Count;
        }

        async Task<(List<SourceOutcome> Run, TimeSpan Time)> RunAsync(string id, string[] sources)
        {
            var began = TimeProvider.System.GetTimestamp();
            Assert.Null(await syncs.BeginAsync(new SyncBeginning(id, SyncKinds.Models, "test", false, Noon), TimeSpan.FromHours(1), default));
            List<SourceOutcome> outcomes = [];
            foreach (var source in sources)
            {
                outcomes.Add(await syncs.MergeAsync(await Reading.From(server, source).ReadAsync(), new MergeRequest(id, Noon, "test"), default));
            }

            await syncs.LinkPopularityAsync(default);
            await syncs.EndAsync(id, null, Noon, default);
            return (outcomes, TimeProvider.System.GetElapsedTime(began));
        }
    }
}
