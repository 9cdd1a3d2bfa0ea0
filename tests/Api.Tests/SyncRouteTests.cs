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
        Assert.Equal("healthy", (string)run["health"]!["status"]!);
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
    public async Task Whoever_has_seen_a_sync_end_can_start_the_next()
    {
        await using var catalogue = await Catalogue.OpenAsync();
        await using var server = await catalogue.ServeAsync();

        for (var run = 0; run < 10; run++)
        {
            var (status, started, _) = await server.SendAsync("admin", "POST", "/v1/admin/sync");
            Assert.Equal(HttpStatusCode.Accepted, status);

            // Seen at once: its orchestration has a few milliseconds left.
            while (await catalogue.Syncs().FindRunAsync((string)started!["id"]!, default) is not { EndedAt: not null })
            {
                await Task.Yield();
            }
        }
    }

    [Fact]
    public async Task A_schedule_is_limited_until_the_limit_is_taken_away_and_the_trail_says_why()
    {
        await using var catalogue = await Catalogue.OpenAsync();
        await using var server = await catalogue.ServeAsync();
        const string schedule = "/v1/admin/pricing/scheduler";

        var (_, widened, _) = await server.SendAsync("admin", "PUT", schedule, """{"intervalHours":12,"providers":["nearai"],"reason":"too slow"}""");
        Assert.Equal((true, 12, "too slow", "admin"), ((bool)widened!["enabled"]!, (int)widened["intervalHours"]!, (string)widened["limit"]!["reason"]!, (string)widened["limit"]!["setBy"]!));
        Assert.Equal(["nearai"], widened["providers"]!.AsArray().Select(provider => (string)provider!));

        // A limit never makes a schedule do more.
        var (_, narrowed, _) = await server.SendAsync("admin", "PUT", schedule, """{"intervalHours":1}""");
        Assert.Equal((6, 2), ((int)narrowed!["intervalHours"]!, narrowed["providers"]!.AsArray().Count));

        var (_, off, _) = await server.SendAsync("admin", "PUT", schedule, """{"enabled":false}""");
        Assert.Equal((false, null), ((bool)off!["enabled"]!, (int?)off["intervalHours"]));
        var (byHand, _, _) = await server.SendAsync("admin", "POST", schedule + "/trigger");
        Assert.Equal(HttpStatusCode.Accepted, byHand);

        await server.SendAsync("admin", "PUT", schedule, "{}");
        var (_, after, _) = await server.SendAsync("admin", "GET", schedule + "/status");
        Assert.Equal((true, 6, null), ((bool)after!["enabled"]!, (int)after["intervalHours"]!, after["limit"]));

        var (_, models, _) = await server.SendAsync("admin", "PUT", "/v1/admin/sync/scheduler", """{"providers":["openrouter"]}""");
        Assert.Equal(["openrouter"], models!["providers"]!.AsArray().Select(provider => (string)provider!));
        var (_, trail, _) = await server.SendAsync("admin", "GET", "/api/audit");
        Assert.Contains(trail!["items"]!.AsArray(), e => (string?)e!["action"] == "sync.prices.limit" && (string?)e["detail"] == "every 12 h at most, only nearai, too slow");
    }

    [Fact]
    public async Task A_wrong_limit_is_refused_with_all_that_is_wrong_in_it()
    {
        await using var catalogue = await Catalogue.OpenAsync();
        await using var server = await catalogue.ServeAsync();

        var (status, problem, _) = await server.SendAsync("admin", "PUT", "/v1/admin/pricing/scheduler", """{"intervalHours":0,"providers":["elsewhere"]}""");

        Assert.Equal((HttpStatusCode.BadRequest, 2), (status, problem!["faults"]!.AsArray().Count));
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

    [Fact]
    public async Task Runs_of_30_days_are_the_history_page_by_page_and_older_ones_are_found_in_the_archive()
    {
        await using var catalogue = await Catalogue.OpenAsync();
        await using var server = await catalogue.ServeAsync();
        foreach (var days in new[] { 40, 31, 29, 2, 1 })
        {
            await catalogue.AddRunAsync($"before-{days}-days", DateTimeOffset.UtcNow.AddDays(-days));
        }

        var (_, first, _) = await server.SendAsync("admin", "GET", "/v1/admin/sync/history?limit=2");
        var (_, second, _) = await server.SendAsync("admin", "GET", $"/v1/admin/sync/history?limit=2&cursor={(string)first!["cursor"]!}");
        var (_, archive, _) = await server.SendAsync("admin", "GET", "/v1/admin/sync/history?of=archive");
        var (found, old, _) = await server.SendAsync("admin", "GET", "/v1/admin/sync/runs/before-40-days");

        Assert.Equal(["before-1-days", "before-2-days"], Ids(first));
        Assert.Equal(["before-29-days"], Ids(second!));
        Assert.Null(second!["cursor"]);
        Assert.Equal(["before-31-days", "before-40-days"], Ids(archive!));
        Assert.Equal((HttpStatusCode.OK, "failed"), (found, (string)old!["status"]!));

        static IEnumerable<string> Ids(JsonNode page) => page["items"]!.AsArray().Select(item => (string)item!["id"]!);
    }

    [Theory]
    [InlineData("GET", "/v1/admin/sync/history")]
    [InlineData("POST", "/v1/admin/sync")]
    [InlineData("GET", "/v1/admin/pricing/scheduler/status")]
    [InlineData("POST", "/v1/admin/pricing/scheduler/trigger")]
    [InlineData("PUT", "/v1/admin/pricing/scheduler")]
    [InlineData("PUT", "/v1/admin/sync/scheduler")]
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
    [InlineData("/v1/admin/sync/history?of=yesterday", HttpStatusCode.BadRequest)]
    [InlineData("/v1/admin/sync/history?of=archive", HttpStatusCode.OK)]
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

        /// <summary>A run in the history, with a source that was away.</summary>
        public async Task AddRunAsync(string id, DateTimeOffset at)
        {
            var syncs = Syncs();
            Assert.Null(await syncs.BeginAsync(new SyncBeginning(id, SyncKinds.Models, "schedule", false, at), TimeSpan.FromMinutes(1), default));
            await syncs.RecordFailureAsync(id, SourceNames.OpenRouter, "It is away.", at, default);
            await syncs.EndAsync(id, null, at, default);
        }

        public SyncStore Syncs() => new(store, new SyncThresholds { FewestRows = new Dictionary<string, int>() });

        public Task<Server> ServeAsync()
        {
            var syncs = Syncs();
            var settings = SyncSettings.Read(name => name switch
            {
                "PRICING_SYNC_ENABLED" => "true",
                "PRICING_SYNC_PROVIDERS" => "openrouter,nearai",
                _ => null,
            });
            return Server.StartAsync(
                services => services.AddSingleton(syncs)
                    .AddSingleton(new SyncLimits(store))
                    .AddSingleton(s => new SyncScheduler(
                        s.GetRequiredService<DurableClient>(), () => settings, TimeProvider.System, startedAt: null, s.GetRequiredService<SyncLimits>())),
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
