using Microsoft.Extensions.DependencyInjection;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Domain.Plans;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Http;
using Sluice.Testing.Contract.Api;

namespace Sluice.Api.Tests;

/// <summary>What <c>verifySync</c> asks and changes, over HTTP at a real server: a rollout watches the syncs of the Sluice that runs them.</summary>
public sealed class VerifySyncHttpTests : IAsyncLifetime
{
    private readonly HttpSyncs _syncs = new(new AdminKey());
    private CatalogStore _catalogue = null!;
    private SyncStore _history = null!;
    private Server _server = null!;

    private HttpAccess Access => new(_server.Url) { BearerSecret = "admin" };

    public async ValueTask InitializeAsync()
    {
        _catalogue = await CatalogStore.OpenAsync(new DatabaseAddress.SqliteMemory(), default);
        _history = new SyncStore(_catalogue, new SyncThresholds());
        var settings = SyncSettings.Read(name => name is "PRICING_SYNC_ENABLED" ? "true" : null);
        _server = await Server.StartAsync(services => services
            .AddSingleton(_history)
            .AddSingleton(new SyncLimits(_catalogue))
            .AddSingleton(s => new SyncScheduler(s.GetRequiredService<DurableClient>(), () => settings, TimeProvider.System, startedAt: null, s.GetRequiredService<SyncLimits>())));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _catalogue.DisposeAsync();
    }

    [Fact]
    public async Task Runs_since_a_moment_are_read_with_what_a_plan_judges_them_by()
    {
        var since = DateTimeOffset.UtcNow.AddHours(-1);
        await AddAsync("before", since.AddMinutes(-1));
        await AddAsync("first", since.AddSeconds(30));
        Assert.Null(await _history.BeginAsync(new SyncBeginning("second", SyncKinds.Prices, "schedule", false, since.AddMinutes(2)), TimeSpan.FromHours(2), default));

        var seen = await _syncs.ReadAsync(Access, SyncKind.Prices, since, default);

        Assert.Equal((true, TimeSpan.FromHours(6)), (seen.Enabled, seen.Interval));
        Assert.Equal(["second", "first"], seen.Runs.Select(run => run.Id));
        Assert.Equal(("running", null), (seen.Runs[0].Status, seen.Runs[0].EndedAt));
        Assert.Equal(("failed", "schedule", "nearai: It is away."), (seen.Runs[1].Status, seen.Runs[1].StartedBy, seen.Runs[1].Errors[0]));
        Assert.Equal(TimeSpan.FromSeconds(4), seen.Runs[1].EndedAt - seen.Runs[1].StartedAt);
        Assert.Empty((await _syncs.ReadAsync(Access, SyncKind.Models, since, default)).Runs);
    }

    [Fact]
    public async Task A_schedule_is_limited_once_and_each_further_limit_is_added_to_those_before()
    {
        Assert.Equal("the schedule syncs openrouter, nearai every 6 h", await LimitAsync(new(SyncFailureKind.Providers, null, ["nearai", "openrouter", "elsewhere"])));
        Assert.Equal("the schedule syncs openrouter, nearai every 12 h", await LimitAsync(new(SyncFailureKind.Widen, TimeSpan.FromHours(12), [])));
        var setAt = Assert.Single(await new SyncLimits(_catalogue).ReadAsync(default)).SetAt;

        Assert.Equal("the schedule syncs openrouter, nearai every 12 h", await LimitAsync(new(SyncFailureKind.Widen, TimeSpan.FromHours(8), [])));
        Assert.Equal("the schedule syncs openrouter, nearai every 12 h", await LimitAsync(new(SyncFailureKind.Widen, TimeSpan.FromHours(12), [])));
        Assert.Equal(setAt, Assert.Single(await new SyncLimits(_catalogue).ReadAsync(default)).SetAt);

        Assert.Equal("the schedule is off", await LimitAsync(new(SyncFailureKind.Disable, null, [])));
        Assert.Equal("the schedule is off", await LimitAsync(new(SyncFailureKind.Disable, null, [])));
        var limit = Assert.Single(await new SyncLimits(_catalogue).ReadAsync(default));
        Assert.Equal((false, 12, "too slow", "admin"), (limit.Enabled, limit.IntervalHours, limit.Reason, limit.SetBy));
        Assert.Equal(["openrouter", "nearai"], limit.Sources);
    }

    [Fact]
    public async Task A_key_that_may_not_is_told_apart_from_a_server_that_is_away()
    {
        var viewer = Access with { BearerSecret = "viewer" };

        Assert.Equal(PlatformError.Unauthorized, (await Assert.ThrowsAsync<PlatformException>(() => _syncs.ReadAsync(viewer, SyncKind.Prices, DateTimeOffset.UtcNow, default))).Error);
    }

    private Task<string> LimitAsync(SyncFailureAction action) => _syncs.EnsureLimitedAsync(Access, SyncKind.Prices, action, "too slow", default);

    private async Task AddAsync(string id, DateTimeOffset at)
    {
        Assert.Null(await _history.BeginAsync(new SyncBeginning(id, SyncKinds.Prices, "schedule", false, at), TimeSpan.FromHours(2), default));
        await _history.RecordFailureAsync(id, SourceNames.NearAi, "It is away.", at, default);
        await _history.EndAsync(id, null, at.AddSeconds(4), default);
    }

    private sealed class AdminKey : ISecretStore
    {
        public Task<string?> GetAsync(string name, CancellationToken cancellationToken) => Task.FromResult<string?>(ContractServer.TextOf(name));
    }
}
