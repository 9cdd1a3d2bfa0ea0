using Sluice.Domain.Rollouts;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>How far back an environment goes at once, and what it waits for all the same.</summary>
public sealed class RollbackWindowTests
{
    private const string Steps = """
          - deploy: { environment: production }
          - smoke: { suite: smoke.yaml }
          - setWeight: 10
          - soak: { duration: 4m, every: 30s }
          - setWeight: 100
        """;

    [Theory]
    // One version back is the one before; the bound itself is within.
    [InlineData("{ revisions: 1 }", "v3.0.0", "deploy, setWeight", Outcome.FastRolledBack)]
    [InlineData("{ revisions: 1 }", "v2.0.0", "deploy, smoke, setWeight, soak, setWeight", Outcome.Promoted)]
    [InlineData("{ revisions: 2 }", "v2.0.0", "deploy, setWeight", Outcome.FastRolledBack)]
    [InlineData("{ revisions: 2 }", "v1.0.0", "deploy, smoke, setWeight, soak, setWeight", Outcome.Promoted)]
    // v3 served until yesterday, v2 until the day before.
    [InlineData("{ age: 36h }", "v3.0.0", "deploy, setWeight", Outcome.FastRolledBack)]
    [InlineData("{ age: 36h }", "v2.0.0", "deploy, smoke, setWeight, soak, setWeight", Outcome.Promoted)]
    [InlineData("{ revisions: 5, age: 36h }", "v2.0.0", "deploy, smoke, setWeight, soak, setWeight", Outcome.Promoted)]
    public async Task A_recent_release_comes_back_without_steps_and_an_older_one_by_its_own(string window, string to, string kinds, Outcome outcome)
    {
        await using var sim = await Simulation.StartAsync();
        foreach (var version in new[] { "v1.0.0", "v2.0.0", "v3.0.0", "v4.0.0" })
        {
            await sim.RunAsync(Plans.In(Steps, $"rollbackWindow: {window}"), version);
            await sim.Engine.AdvanceAsync(TimeSpan.FromDays(1));
        }

        var result = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", to, Simulation.Deployer, null), default);
        var id = Assert.IsType<RollbackResult.Started>(result).Rollout.Id;
        var status = await sim.EndOfAsync(id);

        Assert.Equal((Phase.Healthy, outcome), (status.Phase, status.Outcome));
        Assert.Equal(kinds, string.Join(", ", (await sim.Rollouts.GetAsync(id, default))!.Steps.Select(s => s.Kind)));
        Assert.Equal(100, sim.World.Weight(to));
    }

    [Fact]
    public async Task The_way_is_still_known_when_the_instance_is_gone()
    {
        await using var sim = await Simulation.StartAsync();
        await sim.RunAsync(Plans.In(Steps, "rollbackWindow: { revisions: 1 }"), "v1.0.0");
        await sim.RunAsync(Plans.In(Steps, "rollbackWindow: { revisions: 1 }"), "v2.0.0");
        var back = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", null, Simulation.Deployer, null), default);
        var id = Assert.IsType<RollbackResult.Started>(back).Rollout.Id;
        await sim.EndOfAsync(id);

        await sim.Engine.Client.PurgeInstanceAsync(id);

        Assert.Equal(["deploy", "setWeight"], (await sim.Rollouts.GetAsync(id, default))!.Steps.Select(s => s.Kind));
    }

    [Fact]
    public async Task Traffic_does_not_go_back_before_all_replicas_are_ready()
    {
        await using var sim = await Simulation.StartAsync();
        await TwoAsync(sim);
        sim.World.Versions["v1.0.0"] = new Behaviour { Replicas = 5, ReadyAfter = TimeSpan.FromSeconds(10) };
        var started = sim.Engine.Now;

        var id = await BackAsync(sim);
        await sim.Engine.AdvanceAsync(TimeSpan.FromSeconds(49));
        var early = sim.World.Weight("v1.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(0, early);
        Assert.Equal(Outcome.FastRolledBack, status.Outcome);
        Assert.Equal(100, sim.World.Weight("v1.0.0"));
        Assert.True(sim.Engine.Now - started < TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task A_replica_that_is_lost_at_the_last_moment_is_waited_for_too()
    {
        await using var sim = await Simulation.StartAsync();
        await TwoAsync(sim);
        var asked = 0;
        sim.World.Versions["v1.0.0"] = new Behaviour { Replicas = 5, ReadyAfter = TimeSpan.FromSeconds(2), Lost = age => age > TimeSpan.FromSeconds(10) && age < TimeSpan.FromSeconds(25) ? 1 : 0 };
        sim.World.Before = async (access, token) =>
        {
            // The move is made to come when the replica is gone again.
            if (access == "router.get" && asked++ == 1)
            {
                await Task.Delay(TimeSpan.FromSeconds(8), sim.Engine.Clock, token);
            }
        };

        var status = await sim.EndOfAsync(await BackAsync(sim));

        Assert.Equal(Outcome.FastRolledBack, status.Outcome);
        var moved = sim.Registry.Events.Last(e => e.Type == "traffic.moved").At;
        var ready = sim.Registry.Events.Last(e => e.Type == "revision.ready").At;
        Assert.True(moved - ready > TimeSpan.FromSeconds(10), $"ready {ready:O}, moved {moved:O}");
    }

    [Fact]
    public async Task A_release_that_does_not_come_up_again_takes_no_traffic()
    {
        await using var sim = await Simulation.StartAsync();
        await TwoAsync(sim);
        sim.World.Versions["v1.0.0"] = new Behaviour { Replicas = 5, NeverReady = true };

        var status = await sim.EndOfAsync(await BackAsync(sim));

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Equal(100, sim.World.Weight("v2.0.0"));
        Assert.Contains("was not ready within", status.Message, StringComparison.Ordinal);
    }

    private static async Task TwoAsync(Simulation sim)
    {
        var plan = Plans.In(Steps, "rollbackWindow: { revisions: 1 }");
        await sim.RunAsync(plan, "v1.0.0");
        await sim.RunAsync(plan, "v2.0.0");
    }

    private static async Task<string> BackAsync(Simulation sim) => Assert.IsType<RollbackResult.Started>(
        await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", null, Simulation.Deployer, null), default)).Rollout.Id;
}
