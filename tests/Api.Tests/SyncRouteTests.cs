using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Catalog;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Durable;
using Sluice.Testing;

namespace Sluice.Api.Tests;

/// <summary>Syncs over HTTP: started by hand by an admin, one of a kind at a time, and told in the history.</summary>
public sealed class SyncRouteTests
{
    [Fact]
    public async Task A_sync_is_started_with_its_id_and_told_with_counts_for_each_source()
    {
        await using var catalogue = await Catalogue.OpenAsync();
        await using var server = await catalogue.ServeAsync();

        var (status, started, answer) = await server.SendAsync("admin", "POST", "/v1/admin/sync", """{"force":true}""");
        var id = (string)started!["id"]!;
        var run = await EndedAsync(server, id);
        var (_, history, _) = await server.SendAsync("admin", "GET", "/v1/admin/sync/history?limit=5");
        var (_, trail, _) = await server.SendAsync("admin", "GET", "/api/audit");

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.EndsWith($"/v1/admin/sync/runs/{id}", answer.Headers.Location!.ToString());
        Assert.Equal(("completed", "admin", true), ((string)run["status"]!, (string)run["startedBy"]!, (bool)run["force"]!));
        Assert.Equal([1, 1, 1, 1], run["sources"]!.AsArray().Select(source => (int)source!["stored"]!));
        Assert.Equal([id], history!["items"]!.AsArray().Select(item => (string)item!["id"]!));
        Assert.Contains(trail!["items"]!.AsArray(), e => (string?)e!["action"] == "sync.models" && (string?)e["detail"] == "force");
    }

    [Fact]
    public async Task A_second_sync_is_refused_with_the_id_of_the_first()
    {
        await using var catalogue = await Catalogue.OpenAsync();
        await using var server = await catalogue.ServeAsync();
        catalogue.Gate = new TaskCompletionSource();

        var (_, first, _) = await server.SendAsync("admin", "POST", "/v1/admin/pricing/scheduler/trigger");
        var (status, second, _) = await server.SendAsync("admin", "POST", "/admin/pricing/scheduler/trigger");
        var (_, standing, _) = await server.SendAsync("admin", "GET", "/v1/admin/pricing/scheduler/status");
        catalogue.Gate.SetResult();
        await EndedAsync(server, (string)first!["id"]!);
        var (_, after, _) = await server.SendAsync("admin", "GET", "/admin/pricing/scheduler/status");

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal((string)first["id"]!, (string)second!["syncId"]!);
        Assert.Equal((true, true, (string)first["id"]!), ((bool)standing!["enabled"]!, (bool)standing["running"]!, (string)standing["runningId"]!));
        Assert.Equal((false, "completed", 6), ((bool)after!["running"]!, (string)after["lastRun"]!["status"]!, (int)after["intervalHours"]!));
        Assert.Equal(["openrouter", "nearai"], after["providers"]!.AsArray().Select(provider => (string)provider!));
    }

    [Fact]
    public async Task A_dry_run_is_told_and_leaves_nothing()
    {
        await using var catalogue = await Catalogue.OpenAsync();
        await using var server = await catalogue.ServeAsync();

        var (_, started, _) = await server.SendAsync("admin", "POST", "/v1/admin/sync", """{"dryRun":true}""");
        var report = await EndedAsync(server, (string)started!["id"]!);
        var (_, history, _) = await server.SendAsync("admin", "GET", "/v1/admin/sync/history");

        Assert.Equal(4, report["sources"]!.AsArray().Sum(source => (int)source!["stored"]!));
        Assert.Empty(history!["items"]!.AsArray());
        Assert.Equal(0, await catalogue.Store.CountAsync(default));
    }

    [Theory]
    [InlineData("GET", "/v1/admin/sync/history")]
    [InlineData("POST", "/v1/admin/sync")]
    [InlineData("GET", "/v1/admin/pricing/scheduler/status")]
    [InlineData("POST", "/v1/admin/pricing/scheduler/trigger")]
    public async Task Only_an_admin_may(string method, string path)
    {
        await using var catalogue = await Catalogue.OpenAsync();
        await using var server = await catalogue.ServeAsync();

        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("deployer", method, path)).Status);
    }

    [Theory]
    [InlineData("/v1/admin/sync/history?limit=101", HttpStatusCode.BadRequest)]
    [InlineData("/v1/admin/sync/history?kind=both", HttpStatusCode.BadRequest)]
    [InlineData("/v1/admin/sync/history?kind=prices", HttpStatusCode.OK)]
    [InlineData("/v1/admin/sync/runs/nothing", HttpStatusCode.NotFound)]
    public async Task Questions_are_answered_or_refused(string path, HttpStatusCode status)
    {
        await using var catalogue = await Catalogue.OpenAsync();
        await using var server = await catalogue.ServeAsync();

        Assert.Equal(status, (await server.SendAsync("admin", "GET", path)).Status);
    }

    [Fact]
    public async Task A_server_without_a_catalogue_says_so()
    {
        await using var server = await Server.StartAsync();

        var (status, problem, _) = await server.SendAsync("admin", "POST", "/v1/admin/sync");

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("keeps no catalogue", (string)problem!["detail"]!);
    }

    private static async Task<JsonNode> EndedAsync(Server server, string id) => (await Eventually.AsyncOf(
        async () => (await server.SendAsync("admin", "GET", $"/v1/admin/sync/runs/{id}")).Body,
        run => (string?)run?["status"] is { } status and not "running",
        $"the end of {id}"))!;

    private sealed class Catalogue(CatalogStore store) : IAsyncDisposable
    {
        private readonly SourceHttp _http = new(new SourceLimits(), TimeProvider.System);

        public CatalogStore Store => store;

        /// <summary>Holds every source while it is open.</summary>
        public TaskCompletionSource? Gate { get; set; }

        public static async Task<Catalogue> OpenAsync() => new(await CatalogStore.OpenAsync(new DatabaseAddress.SqliteMemory(), default));

        public Task<Server> ServeAsync()
        {
            var syncs = new SyncStore(store, new SyncThresholds { FewestRows = new Dictionary<string, int>() });
            var settings = SyncSettings.Read(name => name switch
            {
                "PRICING_SYNC_ENABLED" => "true",
                "PRICING_SYNC_PROVIDERS" => "openrouter,nearai",
                _ => null,
            });
            return Server.StartAsync(
                services => services.AddSingleton(syncs)
                    .AddSingleton(s => new SyncScheduler(s.GetRequiredService<DurableClient>(), () => settings, TimeProvider.System, startedAt: null)),
                tasks => tasks.AddSyncs(_ => new SyncTools(syncs, name => new Source(name, this), _http, TimeProvider.System)));
        }

        public async ValueTask DisposeAsync()
        {
            _http.Dispose();
            await store.DisposeAsync();
        }
    }

    /// <summary>A list of one offer.</summary>
    private sealed class Source(string name, Catalogue catalogue) : ISource
    {
        public string Name => name;

        public PriceUnit? Unit => PriceUnit.PerMillionTokens;

        public async Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken)
        {
            await (catalogue.Gate?.Task ?? Task.CompletedTask);
            return new SourceSnapshot(name, [new Listing(new OfferId(name, "m"), "m", new RawRow("{}", "hash"))], [], [], []) { Fetched = 1 };
        }
    }
}
