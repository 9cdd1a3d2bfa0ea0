using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>How far a rollback reaches, and going back when no rollout runs.</summary>
public sealed class GoingBackTests
{
    private const string BothEnvironments = """
          - migrate: { environment: staging, up: [001_up.sql], down: [001_down.sql], reversible: true }
          - deploy: { environment: staging, weight: 100 }
          - smoke: { suite: smoke.yaml }
          - migrate: { environment: production, up: [001_up.sql], down: [001_down.sql], reversible: true }
          - deploy: { environment: production }
          - setWeight: 10
          - soak: { duration: 15m, every: 30s }
          - setWeight: 100
        """;

    [Fact]
    public async Task A_failure_in_production_brings_staging_back_too_newest_first()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Seed("v1.0.0", "staging");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.05 };

        var id = await sim.StartRolloutAsync(Plans.Both(BothEnvironments), "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Equal(
            [
                "staging: start v2.0.0", "staging: v2.0.0 100", "production: start v2.0.0", "production: v1.0.0 90, v2.0.0 10",
                "production: v1.0.0 100", "production: stop v2.0.0", "staging: v1.0.0 100", "staging: stop v2.0.0",
            ],
            sim.World.Journal);
        Assert.Equal(["up 001_up.sql", "up 001_up.sql", "down 001_down.sql", "down 001_down.sql"], sim.Database.Journal);
        Assert.Equal(DeploymentStatus.RolledBack, sim.Row(id, "staging").Status);
        Assert.Equal(DeploymentStatus.RolledBack, sim.Row(id).Status);
        Assert.Empty(await sim.Registry.ListLocksAsync(default));
    }

    [Fact]
    public async Task A_good_release_ends_in_both_environments_at_once()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Seed("v1.0.0", "staging");

        var id = await sim.StartRolloutAsync(Plans.Both(BothEnvironments), "v2.0.0");
        await sim.EndOfAsync(id);

        Assert.Equal(DeploymentStatus.Success, sim.Row(id, "staging").Status);
        Assert.Equal(sim.Row(id, "staging").CompletedAt, sim.Row(id).CompletedAt);
        Assert.Equal(["staging: stop v1.0.0", "production: stop v1.0.0"], sim.World.Journal.TakeLast(2));
    }

    [Fact]
    public async Task A_migration_that_ran_before_is_not_undone_by_a_rollout_that_did_not_run_it()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var plan = Plans.In("""
              - migrate: { environment: production, up: [001_up.sql], down: [001_down.sql], reversible: true }
              - deploy: { environment: production }
              - setWeight: 10
              - soak: { duration: 15m, every: 30s }
              - setWeight: 100
            """);
        await sim.RunAsync(plan, "v2.0.0");
        sim.World.Versions["v3.0.0"] = new Behaviour { ErrorRate = _ => 0.05 };

        await sim.RunAsync(plan, "v3.0.0");

        Assert.Equal(["up 001_up.sql"], sim.Database.Journal);
    }

    [Fact]
    public async Task A_migration_without_a_way_back_is_left_and_named_and_bars_older_versions()
    {
        await using var sim = await Simulation.StartAsync();
        await sim.RunAsync(Plans.Canary, "v1.0.0");
        var plan = Plans.In("  - migrate: { environment: production, up: [002_up.sql], reversible: false }\n  - deploy: { environment: production }\n  - setWeight: 10\n  - soak: 15m\n  - setWeight: 100");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.05 };
        var failed = await sim.RunAsync(plan, "v2.0.0");
        Assert.Contains("002_up.sql", failed.Message, StringComparison.Ordinal);
        await sim.RunAsync(plan, "v3.0.0");

        var result = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", null, Simulation.Deployer, "slow"), default);

        Assert.Contains("002_up.sql", Assert.IsType<RollbackResult.Refused>(result).Reason, StringComparison.Ordinal);
        Assert.Equal(["up 002_up.sql"], sim.Database.Journal);
    }

    [Fact]
    public async Task A_migration_that_only_adds_does_not_bar_older_versions()
    {
        await using var sim = await Simulation.StartAsync();
        await sim.RunAsync(Plans.Canary, "v1.0.0");
        await sim.RunAsync(Plans.In("  - migrate: { environment: production, up: [002_up.sql], reversible: false, expand: true }\n  - deploy: { environment: production, weight: 100 }"), "v2.0.0");

        var result = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", null, Simulation.Deployer, null), default);

        Assert.IsType<RollbackResult.Started>(result);
    }

    [Fact]
    public async Task An_environment_goes_back_to_the_previous_version_by_its_own_plan()
    {
        await using var sim = await Simulation.StartAsync();
        await sim.RunAsync(Plans.Canary, "v1.0.0");
        var replaced = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.EndOfAsync(replaced);
        var started = sim.Engine.Now;

        var result = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", null, Simulation.Deployer, "users complain"), default);
        var restore = Assert.IsType<RollbackResult.Started>(result).Rollout;
        var status = await sim.EndOfAsync(restore.Id);

        Assert.Equal((Phase.Healthy, Outcome.FastRolledBack), (status.Phase, status.Outcome));
        Assert.Equal(["production: start v1.0.0", "production: v1.0.0 100", "production: stop v2.0.0"], sim.World.Journal.TakeLast(3));
        Assert.InRange(sim.Engine.Now - started, TimeSpan.Zero, TimeSpan.FromMinutes(2));
        Assert.Equal(DeploymentStatus.RolledBack, sim.Row(replaced).Status);
        Assert.Contains("users complain", sim.Row(replaced).RollbackReason, StringComparison.Ordinal);
        Assert.Equal("v1.0.0", (await sim.Rollouts.GetEnvironmentAsync("api", "production", default))!.Stable!.Version);
        Assert.Equal(["deploy", "smoke", "setWeight"], (await sim.Rollouts.GetAsync(restore.Id, default))!.Steps.Select(s => s.Kind));
    }

    [Fact]
    public async Task An_environment_goes_back_to_a_named_version_only_if_it_ever_served()
    {
        await using var sim = await Simulation.StartAsync();
        foreach (var version in new[] { "v1.0.0", "v2.0.0", "v3.0.0" })
        {
            await sim.RunAsync(Plans.Canary, version);
        }

        var unknown = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", "v9.9.9", Simulation.Deployer, null), default);
        var present = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", "v3.0.0", Simulation.Deployer, null), default);
        var viewer = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", "v1.0.0", new Caller("eve", Role.Viewer, []), null), default);
        var named = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", "v1.0.0", Simulation.Deployer, null), default);
        await sim.EndOfAsync(Assert.IsType<RollbackResult.Started>(named).Rollout.Id);

        Assert.IsType<RollbackResult.NotFound>(unknown);
        Assert.IsType<RollbackResult.Refused>(present);
        Assert.IsType<RollbackResult.Refused>(viewer);
        Assert.Equal(100, sim.World.Weight("v1.0.0"));
    }

    [Fact]
    public async Task A_rollback_while_a_rollout_runs_tells_it_to_go_back()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);

        var result = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", null, Simulation.Deployer, "no"), default);

        Assert.Equal(new RollbackResult.Told(id), result);
        Assert.Equal(Outcome.RolledBack, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task Nothing_goes_back_where_nothing_ever_served()
    {
        await using var sim = await Simulation.StartAsync();

        Assert.IsType<RollbackResult.NotFound>(
            await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", null, Simulation.Deployer, null), default));
    }
}
