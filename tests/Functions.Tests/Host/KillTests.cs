using Sluice.Domain.Rollouts;
using Sluice.Platforms.Gateway.Control;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>The host dies or is restarted while a rollout runs: the same outcome, and no effect twice.</summary>
[Trait(Tools.Needs, Tools.Func)]
public sealed class KillTests(LocalAzure azure) : IClassFixture<LocalAzure>
{
    [Fact]
    public Task A_kill_while_an_activity_acts_changes_nothing() => ThroughAsync(
        "kill-activity",
        async (id, service) =>
        {
            // As soon as the effect is seen; its activity has hardly answered.
            await Eventually.Async(() => azure.EffectsOf(service).Count(e => e.Kind == EffectKind.ReplicaStarted) == 2, $"{id} starts its replica");
            await azure.App.KillAsync();
        });

    [Fact]
    public Task A_kill_between_two_looks_of_a_soak_changes_nothing() => ThroughAsync("kill-timer", async (id, _) =>
    {
        await azure.WaitForAsync(id, v => v.Soak is { Looks: > 1 }, "it soaks");
        await azure.App.KillAsync();
    });

    [Fact]
    public Task A_restart_of_the_host_during_a_soak_changes_nothing() => ThroughAsync("restart", async (id, _) =>
    {
        await azure.WaitForAsync(id, v => v.Soak is { Looks: > 1 }, "it soaks");
        await azure.App.StopAsync();
    });

    private async Task ThroughAsync(string service, Func<string, string, Task> end)
    {
        await azure.StartedAsync();
        var plan = new HostPlan(service, azure.Folder);
        await azure.FirstReleaseAsync(plan);
        var id = await azure.BeginAsync(plan.Canary("20s"), "v2.0.0");

        await end(id, service);
        await azure.App.StartAsync();

        // Messages that the dead host held are seen again after a minute.
        var view = await azure.EndOfAsync(id, TimeSpan.FromMinutes(6));
        Assert.True(view.Status is { Phase: Phase.Healthy, Outcome: Outcome.Promoted }, view.Status.ToString());
        Assert.Equal([10, 100], azure.WeightsOf(service, "v2.0.0"));
        var started = azure.EffectsOf(service).Where(e => e.Kind == EffectKind.ReplicaStarted).Select(e => e.Revision!).ToList();
        Assert.Equal(2, started.Count);
        Assert.Equal(2, started.Distinct().Count());
    }
}
