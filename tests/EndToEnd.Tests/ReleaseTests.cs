using Sluice.Domain.Rollouts;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.EndToEnd.Tests;

/// <summary>Releases of a real service by a real server through a real gateway, with users on it.</summary>
public sealed class ReleaseTests
{
    [Fact]
    public async Task A_good_release_takes_over_step_by_step_and_nobody_notices()
    {
        await using var sluice = await LocalSluice.StartAsync();
        await using var shop = await Shop.OpenAsync(sluice);

        var release = await shop.ReleaseAsync("v2.0.0");

        Assert.Equal((Phase.Healthy, Outcome.Promoted), (release.Status.Phase, release.Status.Outcome));
        Assert.Equal([10, 100], Journal.WeightsOf(release.Effects, release.Revision));
        Assert.Equal(Shop.GoodStory, release.Story);
        Assert.All(await shop.ProcessesOfAsync(release.Stable!), pid => Assert.False(LocalSluice.IsRunning(pid)));
        Assert.Equal(DeploymentStatus.Success, release.Row.Status);
        Assert.Null(release.Row.RollbackReason);
        await shop.AssertNobodyNoticedAsync();
    }

    [Theory]
    [InlineData("fail-every=20")]
    [InlineData("crash-on-request")]
    public async Task A_canary_that_fails_its_users_is_brought_back(string fault)
    {
        await using var sluice = await LocalSluice.StartAsync();
        await using var shop = await Shop.OpenAsync(sluice, usersPerSecond: 100);

        var release = await shop.ReleaseAsync("v2.0.0", ShopPlan.For(sluice, [fault], weight: 50, soak: "60s"));

        AssertRolledBack(release);
        Assert.Equal([50], Journal.WeightsOf(release.Effects, release.Revision));
        var (after, failed) = await shop.AnswersSinceAsync(release.Effects.Last(e => e.Kind == EffectKind.TrafficSet).At);
        Assert.NotEmpty(after);
        Assert.Empty(failed);
    }

    [Theory]
    [InlineData("unhealthy")]
    [InlineData("crash")]
    public async Task A_release_that_never_gets_ready_never_gets_users(string fault)
    {
        await using var sluice = await LocalSluice.StartAsync();
        await using var shop = await Shop.OpenAsync(sluice);

        var release = await shop.ReleaseAsync("v2.0.0", ShopPlan.For(sluice, [fault], readyWithin: "4s"));

        AssertRolledBack(release);
        Assert.Empty(Journal.WeightsOf(release.Effects, release.Revision));
        await shop.AssertNobodyNoticedAsync();
    }

    private static void AssertRolledBack(ShopRelease release)
    {
        Assert.Equal((Phase.Degraded, Outcome.RolledBack), (release.Status.Phase, release.Status.Outcome));
        Assert.Equal(DeploymentStatus.RolledBack, release.Row.Status);
        Assert.NotEmpty(release.Row.RollbackReason!);
        Assert.Equal(100, release.Weights.GetValueOrDefault(release.Stable!));
        Assert.Single(release.Weights);
        Assert.DoesNotContain(release.Processes, LocalSluice.IsRunning);
    }
}
