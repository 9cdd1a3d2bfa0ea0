using Sluice.Domain.Rollouts;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.Functions.Tests.Host;

/// <summary>Two hosts share one hub, and one of them dies.</summary>
[Trait(Tools.Needs, Tools.Func)]
public sealed class TwoHostsTests(LocalAzure azure) : IClassFixture<LocalAzure>
{
    [Fact]
    public async Task What_one_host_began_the_other_ends_and_nothing_is_done_twice()
    {
        await azure.StartedAsync();
        var other = azure.NewApp();
        await other.StartAsync();
        var plans = new[] { "one", "two" }.Select(service => new HostPlan(service, azure.Folder)).ToList();
        await Task.WhenAll(plans.Select(azure.FirstReleaseAsync));
        var ids = await Task.WhenAll(plans.Select(plan => azure.BeginAsync(plan.Canary("20s"), "v2.0.0")));
        await Task.WhenAll(ids.Select(id => azure.WaitForAsync(id, v => v.Soak is { Looks: > 0 }, "it soaks")));

        // The one that was there first holds the hub's one partition.
        await azure.App.KillAsync();
        azure.App = other;

        foreach (var (plan, id) in plans.Zip(ids))
        {
            Assert.Equal(Outcome.Promoted, (await azure.EndOfAsync(id, TimeSpan.FromMinutes(5))).Status.Outcome);
            Assert.Equal([10, 100], azure.WeightsOf(plan.Service, "v2.0.0"));
            Assert.Equal(2, azure.EffectsOf(plan.Service).Count(e => e.Kind == EffectKind.ReplicaStarted));
        }
    }
}
