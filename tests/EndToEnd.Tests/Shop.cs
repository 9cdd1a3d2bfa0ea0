using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.KillableServer;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests;

/// <summary>How one release of the shop went.</summary>
/// <param name="Id">Of its rollout.</param>
/// <param name="Status">At its end.</param>
/// <param name="Revision">What ran.</param>
/// <param name="Stable">What served before; null for the first.</param>
/// <param name="Row">Its deployment in the registry.</param>
/// <param name="Weights">The router's, at the end.</param>
/// <param name="Effects">What the gateway did meanwhile.</param>
internal sealed record ShopRelease(
    string Id, RolloutStatus Status, string Revision, string? Stable, Deployment Row, IReadOnlyDictionary<string, int> Weights, IReadOnlyList<Effect> Effects)
{
    public IReadOnlyList<string> Story => Journal.Story(Effects, Stable);

    /// <summary>Every process that was started for it.</summary>
    public IEnumerable<int> Processes => Effects.Where(e => e.Kind == EffectKind.ReplicaStarted && e.Revision == Revision).Select(e => e.Pid!.Value);
}

/// <summary>A service in production with users on it, released again and again.</summary>
internal sealed class Shop : IAsyncDisposable
{
    /// <summary>What the gateway does for a good release, and nothing else.</summary>
    public static readonly string[] GoodStory =
    [
        "ReplicaStarted new", "ReplicaReady new", "TrafficSet new 10 %, old 90 %", "TrafficSet new 100 %",
        "Drained old", "ReplicaStopped old", "RevisionStopped old",
    ];

    /// <summary>What the gateway does for one that is caught in the soak at 50 %.</summary>
    public static readonly string[] BadStory =
    [
        "ReplicaStarted new", "ReplicaReady new", "TrafficSet new 50 %, old 50 %", "TrafficSet old 100 %",
        "Drained new", "ReplicaStopped new", "RevisionStopped new",
    ];

    private readonly LocalSluice _sluice;
    private readonly Users _users;
    private readonly HashSet<int> _bad = [];
    private int _lastBegan;
    private string? _lastStable;

    private Shop(LocalSluice sluice, Users users) => (_sluice, _users) = (sluice, users);

    /// <summary>The first release, v1.0.0, with all traffic; then users come.</summary>
    public static async Task<Shop> OpenAsync(LocalSluice sluice, int usersPerSecond = 50)
    {
        var first = await sluice.EndOfAsync(await sluice.BeginAsync(ShopPlan.For(sluice), "v1.0.0"));
        Assert.True(first.Status.Outcome == Outcome.Promoted, first.Status.ToString());
        return new Shop(sluice, new Users(sluice.UsersAddress, usersPerSecond));
    }

    /// <summary>Takes a release through its plan.</summary>
    /// <param name="version">Its version.</param>
    /// <param name="bundle">Its plan; the good one when null.</param>
    /// <param name="meanwhile">Done while it runs.</param>
    public async Task<ShopRelease> ReleaseAsync(string version, Bundle? bundle = null, Func<Task<string>, Task>? meanwhile = null)
    {
        var before = _lastBegan = _sluice.Effects.Count;
        var stable = _lastStable = (await EnvironmentAsync()).Stable?.Revision;
        var begun = _sluice.BeginAsync(bundle ?? ShopPlan.For(_sluice), version);
        if (meanwhile is not null)
        {
            await meanwhile(begun);
        }

        return await DescribeAsync(await begun, stable, before);
    }

    /// <summary>As <see cref="ReleaseAsync"/>, with the server killed at a point and started again.</summary>
    public Task<ShopRelease> ReleaseThroughKillAsync(string version, KillPoint point, Bundle? bundle = null)
    {
        _sluice.Arm(point);
        return ReleaseAsync(version, bundle, async _ =>
        {
            await _sluice.DiedAsync();
            await _sluice.StartServerAsync();
        });
    }

    /// <summary>Waits for the end of a rollout and says how it went.</summary>
    public async Task<ShopRelease> DescribeAsync(string id, string? stable, int effectsBefore)
    {
        var view = await _sluice.EndOfAsync(id);
        var row = (await _sluice.DeploymentsAsync()).First(d => d.RolloutId == id);
        var weights = (await EnvironmentAsync()).Weights!;
        return new ShopRelease(id, view.Status, row.Revision, stable, row, weights, [.. _sluice.Effects.Skip(effectsBefore)]);
    }

    /// <summary>What the last release did so far, for whoever wonders why it failed.</summary>
    public IReadOnlyList<string> LastStory => Journal.Story(_sluice.Effects.Skip(_lastBegan), _lastStable);

    /// <summary>Failed requests that a process of this release answered are its own; everybody else's count.</summary>
    public void Excuse(ShopRelease release) => _bad.UnionWith(release.Processes);

    public Task<EnvironmentView> EnvironmentAsync() => _sluice.GetAsync<EnvironmentView>("/api/services/shop/environments/production");

    /// <summary>Every process that was ever started for a revision.</summary>
    public Task<IReadOnlyList<int>> ProcessesOfAsync(string revision) => Task.FromResult<IReadOnlyList<int>>(
        [.. _sluice.Effects.Where(e => e.Kind == EffectKind.ReplicaStarted && e.Revision == revision).Select(e => e.Pid!.Value)]);

    /// <summary>Ends the users: each was answered well (by what is not excused), by a revision that was ready and had a share.</summary>
    public async Task AssertNobodyNoticedAsync()
    {
        var answers = await _users.StopAsync();
        Assert.NotEmpty(answers);
        Assert.DoesNotContain(answers, a => a.Fault is not null && !(a.Pid is { } pid && _bad.Contains(pid)));
        Assert.Empty(Journal.Misrouted(_sluice.Effects, answers));
    }

    /// <summary>As <see cref="AssertNobodyNoticedAsync"/>, for what was sent since the first good answer after a moment.</summary>
    public async Task AssertNobodyNoticedSinceAnswersCameBackAsync(DateTimeOffset moment)
    {
        await Eventually.Async(() => _users.Answers.Any(a => a.SentAt > moment && a.Fault is null), $"users are answered again after {moment:O}");
        var (all, failed) = await AnswersSinceAsync(_users.Answers.First(a => a.SentAt > moment && a.Fault is null).AnsweredAt);
        Assert.Empty(failed);
        Assert.Empty(Journal.Misrouted(_sluice.Effects, all));
    }

    /// <summary>What users sent since a moment met, after at least some have come.</summary>
    public async Task<(IReadOnlyList<Answer> All, IReadOnlyList<Answer> Failed)> AnswersSinceAsync(DateTimeOffset moment)
    {
        await Eventually.Async(() => _users.Answers.Count(a => a.SentAt > moment) > 20, $"users come after {moment:O}");
        var answers = (await _users.StopAsync()).Where(a => a.SentAt > moment).ToList();
        return (answers, answers.FindAll(a => a.Fault is not null));
    }

    public ValueTask DisposeAsync() => _users.DisposeAsync();
}
