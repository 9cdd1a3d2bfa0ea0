using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Catalog.Cache;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Catalog.Tests.Cache;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Catalog.Tests.Syncs;

/// <summary>Syncs as orchestrations: started when due, each source by itself, in virtual time and through crashes.</summary>
public sealed class SyncOrchestrationTests
{
    private static readonly Dictionary<string, string?> EveryTwoAndSix = new()
    {
        ["MODEL_SYNC_INTERVAL_HOURS"] = "2",
        ["PRICING_SYNC_ENABLED"] = "true",
        ["PRICING_SYNC_INTERVAL_HOURS"] = "6",
    };

    [Fact]
    public async Task A_week_has_84_model_syncs_and_28_pricing_syncs_none_missed_and_none_doubled()
    {
        await using var world = await World.StartAsync(EveryTwoAndSix);
        var began = world.Engine.Now;

        for (var minutes = 0; minutes < 7 * 24 * 60; minutes += 5)
        {
            // Two hosts ask.
            await world.Scheduler.StartDueAsync(default);
            await world.Scheduler.StartDueAsync(default);
            await world.Engine.SettleAsync();
            await world.Engine.AdvanceAsync(TimeSpan.FromMinutes(5));
        }

        var models = await world.Syncs.ListRunsAsync(SyncKinds.Models, 1000, default);
        var prices = await world.Syncs.ListRunsAsync(SyncKinds.Prices, 1000, default);
        Assert.Equal((84, 28), (models.Count, prices.Count));
        Assert.All(models.Concat(prices), run => Assert.Equal(SyncStatuses.Completed, run.Status));
        Assert.Equal(84, models.Select(run => (int)((run.StartedAt - began) / TimeSpan.FromHours(2))).Distinct().Count());
        Assert.Equal(28, prices.Select(run => (int)((run.StartedAt - began) / TimeSpan.FromHours(6))).Distinct().Count());
    }

    [Fact]
    public async Task A_source_that_fails_takes_no_other_with_it_and_the_next_run_heals()
    {
        await using var world = await World.StartAsync(EveryTwoAndSix);
        world.Failing[SourceNames.OpenRouter] = new SourceException("It is away.");

        var partial = await world.RunAsync(SyncKinds.Models);
        world.Failing.Clear();
        var healed = await world.RunAsync(SyncKinds.Models);

        Assert.Equal(SyncStatuses.Partial, partial.Status);
        Assert.Equal(["completed", "completed", "completed", "failed"], partial.Sources.Select(source => source.Status).Order(StringComparer.Ordinal));
        var stored = (await world.Syncs.FindRunAsync(partial.RunId, default))!;
        Assert.Equal("It is away.", Assert.Single(stored.Sources, source => source.Source == SourceNames.OpenRouter).Errors[0]);
        Assert.Equal(SyncStatuses.Completed, healed.Status);
    }

    [Fact]
    public async Task A_run_in_which_every_source_fails_has_failed()
    {
        await using var world = await World.StartAsync(EveryTwoAndSix);
        foreach (var source in world.Settings.ModelSources)
        {
            world.Failing[source] = new SourceException("It is away.");
        }

        Assert.Equal(SyncStatuses.Failed, (await world.RunAsync(SyncKinds.Models)).Status);
    }

    [Fact]
    public async Task What_goes_wrong_besides_the_source_is_tried_again_and_then_told()
    {
        await using var world = await World.StartAsync(EveryTwoAndSix);
        world.Failing[SourceNames.OpenRouter] = new CatalogStoreException("The database is away.");

        var report = await world.RunAsync(SyncKinds.Models);

        Assert.Equal(4, world.Reads.Count(source => source == SourceNames.OpenRouter));
        Assert.Equal(SyncStatuses.Partial, report.Status);
        Assert.Contains("The database is away.", report.Sources.Single(source => source.Source == SourceNames.OpenRouter).Errors[0]);
    }

    [Fact]
    public async Task Whoever_asks_while_a_sync_is_under_way_learns_its_id()
    {
        await using var world = await World.StartAsync(EveryTwoAndSix);

        var first = await world.Scheduler.StartAsync(SyncKinds.Models, "ana", force: false, dryRun: false, default);
        var second = await world.Scheduler.StartAsync(SyncKinds.Models, "ben", force: false, dryRun: false, default);
        var other = await world.Scheduler.StartAsync(SyncKinds.Prices, "ben", force: false, dryRun: false, default);

        Assert.Equal((true, false, true), (first.WasStarted, second.WasStarted, other.WasStarted));
        Assert.Equal(first.RunId, second.RunId);
        await world.EndAsync(first.InstanceId);
        Assert.Equal("ana", (await world.Syncs.FindRunAsync(first.RunId, default))!.StartedBy);
    }

    [Fact]
    public async Task A_dry_run_leaves_neither_offers_nor_history()
    {
        await using var world = await World.StartAsync(EveryTwoAndSix);

        var start = await world.Scheduler.StartAsync(SyncKinds.Models, "ana", force: false, dryRun: true, default);
        var report = await world.EndAsync(start.InstanceId);

        Assert.Equal((SyncStatuses.Completed, 4), (report.Status, report.Sources.Sum(source => source.Stored)));
        Assert.Equal(0, await world.Catalogue.CountAsync(default));
        Assert.Empty(await world.Syncs.ListRunsAsync(SyncKinds.Models, 10, default));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(6)]
    public async Task A_process_that_is_killed_in_a_run_ends_it_when_it_is_back(int afterActivity)
    {
        await using var world = await World.StartAsync(EveryTwoAndSix);
        world.Engine.CrashAfterActivity = afterActivity;

        var report = await world.RunAsync(SyncKinds.Models);

        Assert.Equal(1, world.Engine.Crashes);
        Assert.Equal(SyncStatuses.Completed, report.Status);
        var run = (await world.Syncs.ListRunsAsync(SyncKinds.Models, 10, default)).Single();
        Assert.Equal([1, 1, 1, 1], run.Sources.Select(source => source.Stored));
    }

    [Theory]
    [InlineData(false, SyncStatuses.Completed)]
    [InlineData(true, SyncStatuses.Partial)]
    public async Task The_end_of_a_run_tells_the_shared_cache_after_what_it_committed_also_when_a_source_failed(bool oneFails, string status)
    {
        await using var upstash = await UpstashServer.StartAsync();
        await using var cache = new SharedCache(upstash.Address.Connect(), TimeProvider.System, NullLogger.Instance);
        await using var world = await World.StartAsync(EveryTwoAndSix);
        world.Cache = cache;
        world.OnRead = () => Assert.Empty(upstash.Commands);
        if (oneFails)
        {
            world.Failing[SourceNames.OpenRouter] = new SourceException("It is away.");
        }

        var report = await world.RunAsync(SyncKinds.Models);

        Assert.Equal((status, true), (report.Status, report.CacheInvalidated));
        Assert.Equal(["SET", SharedCache.GenerationKey, report.RunId], Assert.Single(upstash.Commands));
    }

    [Fact]
    public async Task An_end_that_is_carried_out_again_tells_the_same_generation_again()
    {
        await using var upstash = await UpstashServer.StartAsync();
        await using var cache = new SharedCache(upstash.Address.Connect(), TimeProvider.System, NullLogger.Instance);
        await using var world = await World.StartAsync(EveryTwoAndSix);
        world.Cache = cache;
        world.Engine.CrashAfterActivity = 6;

        var report = await world.RunAsync(SyncKinds.Models);

        Assert.Equal((1, true), (world.Engine.Crashes, report.CacheInvalidated));
        Assert.Equal([report.RunId], upstash.Commands.Select(command => command[2]).Distinct());
    }

    [Fact]
    public async Task A_redis_that_is_killed_in_a_run_fails_no_sync_and_the_run_and_the_log_say_so()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, RedisServer.Missing);
        await using var redis = await RedisServer.StartAsync();
        var log = new LogLines();
        await using var cache = new SharedCache(
            RedisAddress.Read(name => name == "REDIS_URL" ? $"redis://127.0.0.1:{redis.Port}" : null, [])!.Connect(), TimeProvider.System, log);
        await using var world = await World.StartAsync(EveryTwoAndSix);
        world.Cache = cache;
        await cache.PingAsync(default);
        world.OnRead = () =>
        {
            redis.Kill();
            world.OnRead = () => { };
        };

        var report = await world.RunAsync(SyncKinds.Models);

        Assert.Equal((SyncStatuses.Completed, false), (report.Status, report.CacheInvalidated));
        Assert.StartsWith("The cache was not told: redis://127.0.0.1", (await world.Syncs.FindRunAsync(report.RunId, default))!.Message, StringComparison.Ordinal);
        Assert.Contains(log.Lines, line => line.Contains($"Sync {report.RunId} did not tell the shared cache", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_without_a_shared_cache_says_nothing_of_one()
    {
        await using var world = await World.StartAsync(EveryTwoAndSix);

        var report = await world.RunAsync(SyncKinds.Models);

        Assert.Null(report.CacheInvalidated);
        Assert.Null((await world.Syncs.FindRunAsync(report.RunId, default))!.Message);
    }

    [Fact]
    public async Task Prices_are_first_synced_half_a_minute_after_the_start_and_a_changed_setting_counts_at_once()
    {
        await using var world = await World.StartAsync(new Dictionary<string, string?> { ["PRICING_SYNC_ENABLED"] = "true", ["PRICING_SYNC_PROVIDERS"] = "openrouter" });

        Assert.Empty(await world.Scheduler.StartDueAsync(default));
        await world.Engine.AdvanceAsync(TimeSpan.FromSeconds(30));
        Assert.Single(await world.Scheduler.StartDueAsync(default));
        await world.EndAsync(SyncScheduler.InstanceId(SyncKinds.Prices));
        Assert.Equal([SourceNames.OpenRouter], world.Reads);

        world.Variables["PRICING_SYNC_INTERVAL_HOURS"] = "1";
        world.Variables["PRICING_SYNC_PROVIDERS"] = "nearai, featherless";
        await world.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Single(await world.Scheduler.StartDueAsync(default));
        await world.EndAsync(SyncScheduler.InstanceId(SyncKinds.Prices));
        Assert.Equal([SourceNames.Featherless, SourceNames.NearAi], world.Reads.Skip(1).Order(StringComparer.Ordinal));

        world.Variables["PRICING_SYNC_ENABLED"] = "false";
        await world.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Empty(await world.Scheduler.StartDueAsync(default));
    }

    [Fact]
    public void Settings_have_the_documented_defaults()
    {
        var settings = SyncSettings.Read(_ => null);

        Assert.Equal((null, null), (settings.ModelInterval, settings.PricingInterval));
        Assert.Equal(["models.dev", "openrouter", "huggingface", "artificial-analysis"], settings.ModelSources);
        Assert.Equal(["openrouter", "featherless", "nearai", "alibaba-cloud"], settings.PricingProviders);
        Assert.Equal(TimeSpan.FromHours(6), SyncSettings.Read(name => name == "PRICING_SYNC_ENABLED" ? "true" : null).PricingInterval);
        foreach (var source in settings.ModelSources.Concat(settings.PricingProviders))
        {
            Assert.Equal(source, SourceFactory.Create(source, _ => null).Name);
        }
    }

    [Fact]
    public void Wrong_settings_are_told_all_at_once()
    {
        var refusal = Assert.Throws<FormatException>(() => SyncSettings.Read(name => name switch
        {
            "PRICING_SYNC_ENABLED" => "yes",
            "PRICING_SYNC_INTERVAL_HOURS" => "0",
            "MODEL_SYNC_INTERVAL_HOURS" => "2h",
            "PRICING_SYNC_PROVIDERS" => "openrouter,elsewhere",
            _ => null,
        }));

        Assert.Equal(4, refusal.Message.Split(Environment.NewLine).Length);
        Assert.Contains("some of openrouter, featherless, nearai, alibaba-cloud", refusal.Message);
    }

    private sealed class World : IAsyncDisposable
    {
        private readonly SourceHttp _http;

        private World(Dictionary<string, string?> variables)
        {
            Variables = new(variables);
            _http = new SourceHttp(new SourceLimits(), TimeProvider.System);
        }

        public CatalogStore Catalogue { get; private set; } = null!;

        public SyncStore Syncs { get; private set; } = null!;

        /// <summary>Whom the end of a run tells; null for nobody.</summary>
        public SharedCache? Cache { get; set; }

        /// <summary>Happens whenever a source is read.</summary>
        public Action OnRead { get; set; } = () => { };

        public Dictionary<string, string?> Variables { get; }

        public Dictionary<string, Exception> Failing { get; } = [];

        public List<string> Reads { get; } = [];

        public VirtualEngine Engine { get; private set; } = null!;

        public SyncScheduler Scheduler { get; private set; } = null!;

        public SyncSettings Settings => SyncSettings.Read(name => Variables.GetValueOrDefault(name));

        public static async Task<World> StartAsync(Dictionary<string, string?> variables)
        {
            var world = new World(variables);
            // Midnight: the grid of every interval begins there.
            var clock = new ManualTimeProvider(new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.Zero));
            world.Engine = await VirtualEngine.StartAsync(
                new DurableTasks().AddSyncs(_ => new SyncTools(world.Syncs, name => new Source(name, world), world._http, clock, world.Cache)),
                services: null,
                new VirtualEngineOptions { Clock = clock, ActivityPatience = TimeSpan.FromMinutes(1) });
            world.Catalogue = await CatalogStore.OpenAsync(new DatabaseAddress.SqliteMemory(), default);
            world.Syncs = new SyncStore(world.Catalogue, new SyncThresholds { FewestRows = new Dictionary<string, int>() });
            world.Scheduler = new SyncScheduler(new LateClient { Present = () => world.Engine.Client }, () => world.Settings, clock, clock.GetUtcNow());
            return world;
        }

        public async Task<SyncReport> RunAsync(string kind)
        {
            var start = await Scheduler.StartAsync(kind, "test", force: false, dryRun: false, default);
            return await EndAsync(start.InstanceId);
        }

        /// <summary>Runs an instance to its end, which must be a good one.</summary>
        public async Task<SyncReport> EndAsync(string instanceId)
        {
            var ended = await Engine.RunAsync(instanceId);
            Assert.True(ended.RuntimeStatus == RuntimeStatus.Completed, $"{ended.RuntimeStatus}: {ended.SerializedOutput}");
            return ended.ReadOutputAs<SyncReport>()!;
        }

        public async ValueTask DisposeAsync()
        {
            await Engine.DisposeAsync();
            await Catalogue.DisposeAsync();
            _http.Dispose();
        }
    }

    /// <summary>A list of one offer.</summary>
    private sealed class Source(string name, World world) : ISource
    {
        public string Name => name;

        public PriceUnit? Unit => PriceUnit.PerMillionTokens;

        public Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken)
        {
            lock (world.Reads)
            {
                world.Reads.Add(name);
                world.OnRead();
            }

            return world.Failing.TryGetValue(name, out var failure)
                ? Task.FromException<SourceSnapshot>(failure)
                : Task.FromResult(new SourceSnapshot(name, [new Listing(new OfferId(name, "m"), "m", new RawRow("{}", "hash"))], [], [], []) { Fetched = 1 });
        }
    }

    /// <summary>Keeps what is logged.</summary>
    private sealed class LogLines : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
