using System.Globalization;
using Npgsql;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Catalog.Tests.Sources;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Catalog.Tests.Store;

/// <summary>PostgreSQL dies in the middle of a merge, with half of the rows staged and written: as a whole, nothing of it has happened.</summary>
public sealed class PostgresRestartTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Old_data_stay_the_history_tells_the_truth_and_the_next_run_heals()
    {
        await using var server = await OwnPostgres.StartAsync();
        await using var catalogue = await CatalogStore.OpenAsync(server.Address, default);
        var syncs = Syncs(catalogue);
        await MergeAsync(syncs, "first", Noon, price: 1);
        await syncs.EndAsync("first", null, Noon, default);

        await using var hold = await Hold.OnOffersAsync(server);
        var cut = Task.Run(() => MergeAsync(syncs, "cut", Noon.AddHours(2), price: 2));
        await InMidMergeAsync(server, cut);
        await server.RestartAsync();

        await Assert.ThrowsAsync<CatalogStoreException>(() => cut);
        await using var after = await CatalogStore.OpenAsync(server.Address, default);
        Assert.Equal(50, await after.CountAsync(default));
        Assert.All((await after.ListAsync(OfferFilter.All, null, 100, default)).Offers, offer => Assert.Equal(1, offer.Pricing.Input));
        Assert.Equal(0, await NumberAsync(server, "SELECT count(*) FROM catalog.price_history"));
        var run = (await Syncs(after).FindRunAsync("cut", default))!;
        Assert.Equal((SyncStatuses.Running, 0), (run.Status, run.Sources.Count));

        var healed = await MergeAsync(Syncs(after), "next", Noon.AddHours(4), price: 2);

        Assert.Equal((SyncStatuses.Completed, 50, 50), (healed.Status, healed.Updated, healed.PriceChanges));
        Assert.Equal(SyncHealth.Healthy, (await Syncs(after).EndAsync("next", null, Noon.AddHours(4), default)).Health!.Status);
        Assert.Equal((SyncStatuses.Failed, "abandoned: its process ended before it did"), (await Syncs(after).FindRunAsync("cut", default)) is { } dead ? (dead.Status, dead.Message) : default);
    }

    [Fact]
    public async Task A_run_goes_on_by_itself_when_the_database_is_back()
    {
        await using var server = await OwnPostgres.StartAsync();
        await using var catalogue = await CatalogStore.OpenAsync(server.Address, default);
        var syncs = Syncs(catalogue);
        await MergeAsync(syncs, "first", Noon, price: 1);
        await syncs.EndAsync("first", null, Noon, default);
        var clock = new ManualTimeProvider(Noon.AddHours(2));
        using var http = new SourceHttp(new SourceLimits(), clock);
        // Between attempts virtual time passes at once, and a server needs real time to come back.
        using var back = new ManualResetEventSlim(initialState: true);
        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks().AddSyncs(_ =>
            {
                back.Wait(Eventually.Deadline);
                return new SyncTools(syncs, _ => new Fixed(), http, clock);
            }),
            services: null,
            new VirtualEngineOptions { Clock = clock, ActivityPatience = TimeSpan.FromMinutes(2) });
        // Before it is begun: what is scheduled runs at once.
        await using var hold = await Hold.OnOffersAsync(server);
        var input = new SyncInput("cut", SyncScheduler.BySchedule, [SourceNames.OpenRouter]);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync(SyncOrchestrations.Models, input, new StartOptions { InstanceId = "modelsync" }, default);
        var running = Task.Run(() => engine.RunAsync("modelsync"));
        await InMidMergeAsync(server, running);
        back.Reset();
        await server.RestartAsync();
        back.Set();
        var ended = await running;

        var run = (await syncs.FindRunAsync("cut", default))!;
        Assert.Equal(RuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Equal((SyncStatuses.Completed, SyncHealth.Healthy, 50), (run.Status, run.Health!.Status, run.Sources.Single().PriceChanges));
        Assert.Equal(50, await NumberAsync(server, "SELECT count(*) FROM catalog.price_history"));
    }

    // Its rows are staged, and some are written.
    private static async Task InMidMergeAsync<T>(OwnPostgres server, Task<T> merge)
    {
        const string waits = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sluice-catalog' AND wait_event_type = 'Lock' AND query LIKE 'UPDATE catalog.offer AS %'";
        var seen = await Eventually.AsyncOf(
            async () => merge.IsCompleted ? $"it has ended: {await merge}" : await NumberAsync(server, waits) == 1 ? "waits" : "is on its way",
            state => state != "is on its way",
            "the merge waits to write its offers");
        Assert.True(seen == "waits", seen);
    }

    private static async Task<long> NumberAsync(OwnPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.Address.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task<SourceOutcome> MergeAsync(SyncStore syncs, string id, DateTimeOffset at, int price)
    {
        Assert.Null(await syncs.BeginAsync(new SyncBeginning(id, SyncKinds.Models, SyncScheduler.BySchedule, false, at), TimeSpan.FromMinutes(30), default));
        return await syncs.MergeAsync(await ListAsync(price), new MergeRequest(id, at, "test"), default);
    }

    private static Task<SourceSnapshot> ListAsync(int price) => Reading.OfAsync(
        SourceNames.OpenRouter,
        Rows.OpenRouter([.. Enumerable.Range(0, 50).Select(n => Rows.OpenRouterRow($"x/m{n}", $$"""{ "prompt": "0.00000{{price}}", "completion": "0.00000{{price}}" }"""))]));

    private static SyncStore Syncs(CatalogStore catalogue) => new(catalogue, new SyncThresholds { FewestRows = new Dictionary<string, int>() });

    /// <summary>The list with its second price.</summary>
    private sealed class Fixed : ISource
    {
        public string Name => SourceNames.OpenRouter;

        public PriceUnit? Unit => PriceUnit.PerToken;

        public Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken) => ListAsync(2);
    }

    /// <summary>Lets nobody write offers while it lives.</summary>
    private sealed class Hold(NpgsqlConnection connection) : IAsyncDisposable
    {
        public static async Task<Hold> OnOffersAsync(OwnPostgres server)
        {
            var connection = new NpgsqlConnection(server.Address.ConnectionString + ";Pooling=false");
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE catalog.offer IN SHARE ROW EXCLUSIVE MODE", connection);
            await command.ExecuteNonQueryAsync();
            return new Hold(connection);
        }

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
