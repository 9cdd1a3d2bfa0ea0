using Sluice.Domain.Rollouts;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>An environment that nothing serves yet: nobody to share with, nobody to go back to.</summary>
public sealed class FirstReleaseTests
{
    [Fact]
    public async Task It_gets_all_traffic_once_it_is_ready_and_smoked()
    {
        await using var sim = await Simulation.StartAsync();

        var id = await sim.StartRolloutAsync(Plans.Canary, "v1.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal((Phase.Healthy, Outcome.Promoted), (status.Phase, status.Outcome));
        Assert.Equal(["production: start v1.0.0", "production: v1.0.0 100"], sim.World.Journal);
        var steps = (await sim.Rollouts.GetAsync(id, default))!.Steps;
        Assert.Contains("first release", steps[2].Message, StringComparison.Ordinal);
        Assert.Null(status.StableVersion);
    }

    [Fact]
    public async Task Without_a_smoke_step_being_ready_is_enough()
    {
        await using var sim = await Simulation.StartAsync();

        var status = await sim.RunAsync(Plans.In("  - deploy: { environment: production }\n  - setWeight: 10\n  - setWeight: 100"), "v1.0.0");

        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.Equal([100], sim.World.WeightsOf("v1.0.0"));
    }

    [Fact]
    public async Task A_failed_check_leaves_the_environment_empty()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Versions["v1.0.0"] = new Behaviour { SmokeFailures = _ => ["broken"] };

        var status = await sim.RunAsync(Plans.Canary, "v1.0.0");

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Equal(["production: start v1.0.0", "production: stop v1.0.0"], sim.World.Journal);
    }

    [Fact]
    public async Task Limits_act_in_its_soak_and_take_the_traffic_away_again()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Versions["v1.0.0"] = new Behaviour { ErrorRate = t => t > TimeSpan.FromMinutes(5) ? 0.6 : 0 };

        var status = await sim.RunAsync(Plans.Canary, "v1.0.0");

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Equal(
            ["production: start v1.0.0", "production: v1.0.0 100", "production: nothing", "production: stop v1.0.0"], sim.World.Journal);
    }

    [Fact]
    public async Task The_second_release_finds_the_first_as_stable()
    {
        await using var sim = await Simulation.StartAsync();
        await sim.RunAsync(Plans.Canary, "v1.0.0");

        var status = await sim.RunAsync(Plans.Canary, "v2.0.0");

        Assert.Equal("v1.0.0", status.StableVersion);
        Assert.Equal([10, 100], sim.World.WeightsOf("v2.0.0").Where(w => w > 0));
        var environment = (await sim.Rollouts.GetEnvironmentAsync("api", "production", default))!;
        Assert.Equal(("v2.0.0", "v1.0.0"), (environment.Stable!.Version, environment.Previous!.Version));
        Assert.Equal(100, Assert.Single(environment.Weights!).Value);
    }
}
