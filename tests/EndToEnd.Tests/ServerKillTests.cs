using System.Diagnostics;
using Sluice.Domain.Rollouts;
using Sluice.KillableServer;

namespace Sluice.EndToEnd.Tests;

/// <summary>
/// SIGKILL of the server at stratified moments of a rollout, and its start afterwards: the same outcome, the same effects on the world,
/// none of them twice, and users who never know.
/// </summary>
public sealed class ServerKillTests
{
    private const int Folders = 5;

    // Every activity that the good plan calls, and which of its calls are killed: a test holds the list against a run.
    private static readonly (string Activity, int[] Calls)[] Good =
    [
        ("ReadCommands", [2]),
        ("AcquireLock", [1]),
        ("ReadEnvironment", [1]),
        ("Record", [1]),
        ("ValidateEnvironment", [1]),
        ("StoreStack", [1, 3]),
        ("CheckFreeze", [1]),
        ("StartRevision", [1]),
        ("GetRevision", [1]),
        ("Smoke", [1]),
        ("Warm", [1]),
        ("SetTraffic", [1, 2]),
        ("SetDesiredState", [1]),
        ("Look", [2]),
        ("StopRevision", [1]),
        ("ReleaseLock", [1]),
    ];

    // The way back of a bad release.
    private static readonly KillPoint[] Bad =
    [
        new(KillMoment.Before, "Warm", 1),
        new(KillMoment.Recorded, "StartRevision", 2),
        new(KillMoment.Before, "SetTraffic", 2),
        new(KillMoment.After, "SetTraffic", 2),
        new(KillMoment.After, "StopRevision", 1),
        new(KillMoment.Recorded, "StoreStack", 3),
    ];

    [Fact]
    public async Task The_activities_killed_are_those_that_the_plan_calls()
    {
        await using var sluice = await LocalSluice.StartAsync();
        await using var shop = await Shop.OpenAsync(sluice);
        var before = sluice.ActivitiesCalled.Count;

        var release = await shop.ReleaseAsync("v2.0.0");

        Assert.Equal(Shop.GoodStory, release.Story);
        var calls = sluice.ActivitiesCalled.Skip(before).CountBy(name => name).ToDictionary();
        Assert.Equal(Good.Select(g => g.Activity).Order(), calls.Keys.Order());
        Assert.All(Good, g => Assert.True(g.Calls.Max() <= calls[g.Activity], $"{g.Activity} is called {calls[g.Activity]} times"));
    }

    [Theory]
    [InlineData(KillMoment.Before)]
    [InlineData(KillMoment.After)]
    [InlineData(KillMoment.Recorded)]
    public Task A_kill_around_any_activity_changes_nothing(KillMoment moment) => Lanes.RunAsync(
        Good.SelectMany(g => g.Calls.Select(call => new KillPoint(moment, g.Activity, call))),
        Folders,
        async (sluice, shop, version, point) => AssertGood(await shop.ReleaseThroughKillAsync(version, point)));

    [Fact]
    public Task A_kill_at_any_time_changes_nothing()
    {
        const int Kills = 20;
        var random = new Random(20261);
        var length = TimeSpan.FromSeconds(8);
        return Lanes.RunAsync(
            Enumerable.Range(0, Kills).Select(i => length * ((i + random.NextDouble()) / Kills)),
            Folders,
            async (sluice, shop, version, at) =>
            {
                var watch = Stopwatch.StartNew();
                AssertGood(await shop.ReleaseAsync(version, meanwhile: async _ =>
                {
                    await Task.Delay(at - watch.Elapsed is { Ticks: > 0 } left ? left : TimeSpan.Zero);
                    await sluice.KillServerAsync();
                    await sluice.StartServerAsync();
                }));
            });
    }

    [Fact]
    public async Task A_bad_release_is_brought_back_through_kills()
    {
        await Lanes.RunAsync(Bad, 3, async (sluice, shop, version, point) =>
        {
            // It fails all its users, so that the first look with numbers knows.
            var bad = ShopPlan.For(sluice, ["fail-every=1"], weight: 50, soak: "60s");
            var release = await shop.ReleaseThroughKillAsync(version, point, bad);

            Assert.Equal(Outcome.RolledBack, release.Status.Outcome);
            Assert.Equal(DeploymentStatus.RolledBack, release.Row.Status);
            Assert.Equal(Shop.BadStory, release.Story);
            Assert.Equal([new(release.Stable!, 100)], release.Weights);
            shop.Excuse(release);
        });
    }

    private static void AssertGood(ShopRelease release)
    {
        Assert.Equal((Phase.Healthy, Outcome.Promoted), (release.Status.Phase, release.Status.Outcome));
        Assert.Equal(DeploymentStatus.Success, release.Row.Status);
        Assert.Equal(Shop.GoodStory, release.Story);
        Assert.Equal([new(release.Revision, 100)], release.Weights);
    }
}
