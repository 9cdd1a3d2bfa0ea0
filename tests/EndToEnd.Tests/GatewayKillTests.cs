using Sluice.Domain.Rollouts;
using Sluice.Platforms.Gateway.Control;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests;

/// <summary>SIGKILL of the gateway: requests in flight are lost, nothing else.</summary>
public sealed class GatewayKillTests
{
    [Fact]
    public async Task A_new_gateway_takes_over_processes_and_weights_in_the_middle_of_a_canary()
    {
        await using var sluice = await LocalSluice.StartAsync();
        await using var shop = await Shop.OpenAsync(sluice);
        int first = 0, second = 0;
        var killed = DateTimeOffset.MinValue;

        var release = await shop.ReleaseAsync("v2.0.0", ShopPlan.For(sluice, soak: "6s"), async begun =>
        {
            await sluice.WaitForAsync(await begun, v => v.Status is { ActualWeight: 10 } && v.Soak is { Looks: > 0 }, "it soaks at 10 %");
            first = (await sluice.Gateway.TryGetStatusAsync(default))!.Pid;
            await sluice.KillGatewayAsync();
            killed = DateTimeOffset.UtcNow;

            // Nobody of ours starts one: the server's next look does.
            second = (await Eventually.AsyncOf(() => sluice.Gateway.TryGetStatusAsync(default), s => s is not null, "a new gateway answers"))!.Pid;
        });

        Assert.NotEqual(first, second);
        Assert.Equal((Phase.Healthy, Outcome.Promoted), (release.Status.Phase, release.Status.Outcome));
        Assert.Equal([10, 100], Journal.WeightsOf(release.Effects, release.Revision));
        Assert.Single(release.Effects, e => e.Kind == EffectKind.ReplicaStarted);
        Assert.Equal(2, release.Effects.Count(e => e.Kind == EffectKind.ReplicaAdopted));
        Assert.Equal([new(release.Revision, 100)], release.Weights);
        await shop.AssertNobodyNoticedSinceAnswersCameBackAsync(killed);
    }
}
