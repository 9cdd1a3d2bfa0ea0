using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sluice.Catalog;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Durable;
using Sluice.Functions.Hosting;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Api;

/// <summary>
/// Syncs on the Azure host: its own composition, orchestrators and activities over Durable Functions' kernel, the catalogue in PostgreSQL. Only the
/// lists are made up.
/// </summary>
public sealed class SyncTests : IAsyncLifetime
{
    private const string Variable = "SLUICE_TEST_POSTGRES";

    private readonly string _name = $"sluice_azure_{Guid.NewGuid():N}";
    private FunctionsServer? _server;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Place), $"{Variable} names no PostgreSQL server: SYNCS ON THE AZURE HOST ARE NOT TESTED.");
        await ExecuteAsync($"CREATE DATABASE {_name}");
        var settings = SyncSettings.Read(name => name switch
        {
            "MODEL_SYNC_INTERVAL_HOURS" => "2",
            "PRICING_SYNC_ENABLED" => "true",
            "PRICING_SYNC_PROVIDERS" => "openrouter,nearai",
            _ => null,
        });
        _server = await FunctionsServer.StartAsync(new NpgsqlConnectionStringBuilder(Place) { Database = _name, Pooling = false }.ConnectionString, services => services
            .AddSingleton(s => new SyncStore(s.GetRequiredService<AzureRegistry>().Catalogue, new SyncThresholds { FewestRows = new Dictionary<string, int>() }))
            .AddSingleton(s => new SyncTools(
                s.GetRequiredService<SyncStore>(), name => new OneOffer(name), s.GetRequiredService<SourceHttp>(), s.GetRequiredService<TimeProvider>()))
            .AddSingleton(s => new SyncScheduler(
                s.GetRequiredService<DurableClient>(), () => settings, s.GetRequiredService<TimeProvider>(), startedAt: null, s.GetRequiredService<SyncLimits>())));
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
            await ExecuteAsync($"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
        }
    }

    [Fact]
    public async Task One_that_is_started_by_hand_runs_to_its_end_and_is_told_source_by_source()
    {
        var (status, started, _) = await _server!.SendAsync("admin", "POST", "/v1/admin/sync", """{"force":true}""");
        var run = await EndedAsync((string)started!["id"]!);
        var (_, history, _) = await _server.SendAsync("admin", "GET", "/v1/admin/sync/history?kind=models");

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal(("completed", "admin", true), ((string)run["status"]!, (string)run["startedBy"]!, (bool)run["force"]!));
        Assert.Equal([1, 1, 1, 1], run["sources"]!.AsArray().Select(source => (int)source!["stored"]!));
        Assert.Equal([(string)run["id"]!], history!["items"]!.AsArray().Select(item => (string)item!["id"]!));
    }

    [Fact]
    public async Task The_timer_starts_what_is_due_once()
    {
        await _server!.StartDueSyncsAsync();
        await _server.StartDueSyncsAsync();
        var runs = await Eventually.AsyncOf(
            RunsAsync, found => found.Count > 1 && found.TrueForAll(r => (string?)r["status"] != "running"), "both have ended");
        await _server.StartDueSyncsAsync();

        Assert.Equal(["models", "prices"], runs.Select(r => (string)r["kind"]!));
        Assert.All(runs, r => Assert.Equal(("completed", "schedule"), ((string)r["status"]!, (string)r["startedBy"]!)));
        Assert.Equal(2, (await RunsAsync()).Count);
    }

    private async Task<List<JsonNode>> RunsAsync()
    {
        var runs = new List<JsonNode>();
        foreach (var kind in new[] { "models", "prices" })
        {
            runs.AddRange((await _server!.SendAsync("admin", "GET", $"/v1/admin/sync/history?kind={kind}")).Body!["items"]!.AsArray().Select(r => r!));
        }

        return runs;
    }

    private static string? Place => Environment.GetEnvironmentVariable(Variable);

    private async Task<JsonNode> EndedAsync(string id) => (await Eventually.AsyncOf(
        async () => (await _server!.SendAsync("admin", "GET", $"/v1/admin/sync/runs/{id}")).Body,
        run => (string?)run?["status"] is { } status and not "running",
        $"the end of {id}"))!;

    private static async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Place);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class OneOffer(string name) : ISource
    {
        public string Name => name;

        public PriceUnit? Unit => PriceUnit.PerMillionTokens;

        public Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken) => Task.FromResult(
            new SourceSnapshot(name, [new Listing(new OfferId(name, "m"), "m", new RawRow("{}", "hash"))], [], [], []) { Fetched = 1 });
    }
}
