using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Api.Syncs;
using Sluice.Catalog;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Durable;
using Sluice.Testing;
using Sluice.Testing.Contract.Api;

namespace Sluice.Api.Tests;

/// <summary>Metrics of the syncs as Prometheus scrapes them, and the alerts that are made of them.</summary>
public sealed class SyncFigureTests
{
    private static readonly Dictionary<string, string> EveryTwoAndSix = new()
    {
        ["MODEL_SYNC_INTERVAL_HOURS"] = "2",
        ["PRICING_SYNC_ENABLED"] = "true",
        ["PRICING_SYNC_PROVIDERS"] = "openrouter,nearai",
    };

    [Fact]
    public async Task Runs_durations_and_last_syncs_are_right_at_the_first_scrape_of_a_new_process()
    {
        await using var history = await History.OpenAsync();
        var noon = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        await history.AddAsync(SyncKinds.Prices, "schedule", noon, 2.5, good: [SourceNames.OpenRouter, SourceNames.NearAi]);
        await history.AddAsync(SyncKinds.Prices, "schedule", noon.AddHours(1), 40, good: [SourceNames.OpenRouter], bad: [SourceNames.NearAi]);
        await history.AddAsync(SyncKinds.Prices, "schedule", noon.AddHours(2), 7, bad: [SourceNames.OpenRouter]);
        await history.AddAsync(SyncKinds.Prices, "ana", noon.AddHours(3), 7, good: [SourceNames.OpenRouter, SourceNames.Featherless]);
        await history.AddAsync(SyncKinds.Models, "schedule", noon, 7, good: [SourceNames.OpenRouter]);
        await history.BeginAsync("dead", SyncKinds.Models, noon.AddHours(1));
        await history.BeginAsync("alive", SyncKinds.Models, noon.AddHours(4));

        await using var server = await history.ServeAsync(EveryTwoAndSix);
        var text = await ScrapeAsync(server);

        Assert.All(
            new[]
            {
                """pricing_scheduled_sync_runs_total{status="success"} 1""",
                """pricing_scheduled_sync_runs_total{status="partial"} 1""",
                """pricing_scheduled_sync_runs_total{status="failed"} 1""",
                """pricing_scheduled_sync_duration_seconds_bucket{le="2"} 0""",
                """pricing_scheduled_sync_duration_seconds_bucket{le="5"} 1""",
                """pricing_scheduled_sync_duration_seconds_bucket{le="10"} 2""",
                """pricing_scheduled_sync_duration_seconds_bucket{le="+Inf"} 3""",
                "pricing_scheduled_sync_duration_seconds_count 3",
                "pricing_scheduled_sync_duration_seconds_sum 49.5",
                $$"""pricing_last_sync_timestamp{provider="openrouter"} {{Unix(noon.AddHours(3).AddSeconds(7))}}""",
                $$"""pricing_last_sync_timestamp{provider="nearai"} {{Unix(noon.AddSeconds(2.5))}}""",
                "pricing_scheduled_sync_interval_seconds 21600",
                "pricing_sync_running 0",
                // Of the abandoned run nobody knows how long it took.
                """model_scheduled_sync_runs_total{status="success"} 1""",
                """model_scheduled_sync_runs_total{status="failed"} 1""",
                "model_scheduled_sync_duration_seconds_count 1",
                "model_scheduled_sync_duration_seconds_sum 7",
                $$"""model_last_sync_timestamp{source="openrouter"} {{Unix(noon.AddSeconds(7))}}""",
                "model_scheduled_sync_interval_seconds 7200",
                "model_sync_running 1",
                $"model_sync_started_timestamp {Unix(noon.AddHours(4))}",
            },
            line => Assert.Contains("\n" + line + "\n", text, StringComparison.Ordinal));
        // It is not synced any more: nobody wants to hear how old it is.
        Assert.DoesNotContain("featherless", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schedule_that_is_off_has_no_interval_and_every_status_is_there_from_the_beginning()
    {
        await using var history = await History.OpenAsync();
        await using var server = await history.ServeAsync([]);

        var text = await ScrapeAsync(server);

        Assert.DoesNotContain("\npricing_scheduled_sync_interval_seconds ", text, StringComparison.Ordinal);
        Assert.All(["success", "partial", "failed"], status =>
            Assert.Contains($"model_scheduled_sync_runs_total{{status=\"{status}\"}} 0\n", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_alert_of_the_rule_file_fires_in_a_real_Prometheus_that_scrapes_a_server()
    {
        Assert.SkipUnless(PrometheusServer.IsInstalled, "Needs Prometheus: install the package prometheus, or set SLUICE_TEST_PROMETHEUS to its program.");
        await using var history = await History.OpenAsync();
        var now = DateTimeOffset.UtcNow;
        await history.AddAsync(SyncKinds.Prices, "schedule", now.AddHours(-9), 20, good: [SourceNames.OpenRouter]);
        await history.AddAsync(SyncKinds.Models, "schedule", now.AddHours(-3), 20, good: [SourceNames.ModelsDev]);
        await using var server = await history.ServeAsync(EveryTwoAndSix);
        // As shipped, but that 8 h without a run are 3 s.
        var rules = (await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "syncs.rules.yaml")))
            .Replace("8h]", "3s]", StringComparison.Ordinal).Replace("160m]", "3s]", StringComparison.Ordinal)
            .Replace("offset 8h", "offset 3s", StringComparison.Ordinal).Replace("offset 160m", "offset 3s", StringComparison.Ordinal);

        await using var prometheus = await PrometheusServer.StartAsync(new Uri(server.Url + "/metrics"), ContractServer.TextOf("viewer"), rules);

        await FiringAsync(prometheus, "ModelSyncNotRunning", "ModelSyncStale", "PricingSyncNotRunning", "PricingSyncStale");
        await history.AddAsync(SyncKinds.Prices, "schedule", now.AddMinutes(-10), 100, bad: [SourceNames.OpenRouter]);
        await history.AddAsync(SyncKinds.Models, "schedule", now.AddMinutes(-10), 400, bad: [SourceNames.ModelsDev]);
        await FiringAsync(
            prometheus, "ModelSyncFailing", "ModelSyncNotRunning", "ModelSyncSlow", "ModelSyncStale", "PricingSyncFailing", "PricingSyncNotRunning", "PricingSyncSlow",
            "PricingSyncStale");
        await history.AddAsync(SyncKinds.Prices, "schedule", DateTimeOffset.UtcNow.AddSeconds(-1), 1, good: [SourceNames.OpenRouter]);
        await FiringAsync(
            prometheus, "ModelSyncFailing", "ModelSyncNotRunning", "ModelSyncSlow", "ModelSyncStale", "PricingSyncNotRunning");
    }

    private static Task<string> FiringAsync(PrometheusServer prometheus, params string[] names)
    {
        var http = new HttpClient();
        return Eventually.AsyncOf(
            async () =>
            {
                var answer = await http.GetStringAsync(new Uri(prometheus.Url, "/api/v1/alerts"));
                using var json = System.Text.Json.JsonDocument.Parse(answer);
                return string.Join(' ', json.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray()
                    .Where(alert => alert.GetProperty("state").GetString() == "firing")
                    .Select(alert => alert.GetProperty("labels").GetProperty("alertname").GetString()).Distinct().Order(StringComparer.Ordinal));
            },
            firing => firing == string.Join(' ', names),
            "the alerts that fire");
    }

    private static async Task<string> ScrapeAsync(Server server)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ContractServer.TextOf("viewer"));
        return await http.GetStringAsync(server.Url + "/metrics");
    }

    private static string Unix(DateTimeOffset time) => (time.ToUnixTimeMilliseconds() / 1000.0).ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A catalogue with runs in its history.</summary>
    private sealed class History(CatalogStore store) : IAsyncDisposable
    {
        private readonly SyncStore _syncs = new(store, new SyncThresholds { FewestRows = new Dictionary<string, int>() });
        private int _runs;

        public static async Task<History> OpenAsync() => new(await CatalogStore.OpenAsync(new DatabaseAddress.SqliteMemory(), default));

        public async Task BeginAsync(string id, string kind, DateTimeOffset at, string startedBy = "schedule") =>
            Assert.Null(await _syncs.BeginAsync(new SyncBeginning(id, kind, startedBy, false, at), TimeSpan.FromMinutes(30), default));

        public async Task AddAsync(string kind, string startedBy, DateTimeOffset at, double seconds, string[]? good = null, string[]? bad = null)
        {
            var (id, end) = ($"run-{++_runs}", at.AddSeconds(seconds));
            await BeginAsync(id, kind, at, startedBy);
            foreach (var source in good ?? [])
            {
                var listing = new Listing(new OfferId(source, "m"), "m", new RawRow("{}", "hash"));
                await _syncs.MergeAsync(new SourceSnapshot(source, [listing], [], [], []) { Fetched = 1 }, new MergeRequest(id, end, "test"), default);
            }

            foreach (var source in bad ?? [])
            {
                await _syncs.RecordFailureAsync(id, source, "It is away.", end, default);
            }

            await _syncs.EndAsync(id, null, end, default);
        }

        public Task<Server> ServeAsync(Dictionary<string, string> variables) => Server.StartAsync(services => services
            .AddSingleton(_syncs)
            .AddSingleton(new SyncTotals(store))
            .AddSingleton(SyncFigures.Source)
            .AddSingleton(s => new SyncScheduler(
                s.GetRequiredService<DurableClient>(), () => SyncSettings.Read(name => variables.GetValueOrDefault(name)), TimeProvider.System, startedAt: null)));

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }
}
