using Sluice.Domain.Rollouts;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>The two things a rollout is for, and what it does at their edges.</summary>
public sealed class RolloutTests
{
    [Fact]
    public async Task A_good_release_takes_all_traffic_step_by_step()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");

        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal((Phase.Healthy, Outcome.Promoted), (status.Phase, status.Outcome));
        Assert.Equal([10, 100], sim.World.WeightsOf("v2.0.0"));
        Assert.Equal(
            ["production: start v2.0.0", "production: v1.0.0 90, v2.0.0 10", "production: v2.0.0 100", "production: stop v1.0.0"], sim.World.Journal);
        var row = sim.Row(id);
        Assert.Equal(DeploymentStatus.Success, row.Status);
        Assert.True(row.CompletedAt - row.PromotedAt >= TimeSpan.FromHours(1), $"held from {row.PromotedAt} to {row.CompletedAt}");
        Assert.True(row.PromotedAt - row.StartedAt >= TimeSpan.FromMinutes(15), $"soaked from {row.StartedAt} to {row.PromotedAt}");
        Assert.Empty(await sim.Registry.ListLocksAsync(default));
        Assert.Empty(sim.Registry.Stacks);
    }

    [Fact]
    public async Task A_bad_release_is_rolled_back_within_two_minutes_of_counting()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.05 };

        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal((Phase.Degraded, Outcome.RolledBack), (status.Phase, status.Outcome));
        Assert.Equal([10, 0], sim.World.WeightsOf("v2.0.0"));
        Assert.False(sim.World.Runs("v2.0.0"));
        Assert.True(sim.World.Runs("v1.0.0"));
        var row = sim.Row(id);
        Assert.Equal(DeploymentStatus.RolledBack, row.Status);
        Assert.Contains("errors", row.RollbackReason, StringComparison.Ordinal);
        Assert.True(row.ErrorCount > 0);
        Assert.InRange(row.CompletedAt!.Value - row.StartedAt, TimeSpan.Zero, TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_canary_that_turns_bad_after_hours_is_rolled_back_at_the_next_look()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = t => t > TimeSpan.FromHours(6) ? 0.6 : 0 };
        var plan = Plans.In("""
              - deploy: { environment: production }
              - setWeight: 10
              - soak: { duration: 8h, every: 5m }
              - setWeight: 100
            """);

        var started = sim.Engine.Now;
        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.InRange(sim.Row(id).CompletedAt!.Value - started, TimeSpan.FromHours(6), TimeSpan.FromHours(6) + TimeSpan.FromMinutes(2));
        Assert.Equal([10, 0], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task A_good_release_passes_a_soak_of_two_days_in_short_legs()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var plan = Plans.In("""
              - deploy: { environment: production }
              - setWeight: 10
              - soak: { duration: 48h, every: 5m, glance: 5m }
              - setWeight: 100
            """);

        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.Equal([10, 100], sim.World.WeightsOf("v2.0.0"));
        var history = await sim.Engine.Client.GetOrchestrationHistoryAsync(id);
        Assert.InRange(history.Count, 1, 1_000);
        var leg = await sim.Engine.Client.GetOrchestrationHistoryAsync($"{id}:2-soak");
        Assert.InRange(leg.Count, 1, 1_000);
    }

    [Fact]
    public async Task A_revision_that_never_gets_ready_gets_no_traffic()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { NeverReady = true };

        var status = await sim.RunAsync(Plans.Canary, "v2.0.0");

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Contains("not ready within 1m", status.Message, StringComparison.Ordinal);
        Assert.Equal(["production: start v2.0.0", "production: stop v2.0.0"], sim.World.Journal);
    }

    [Fact]
    public async Task A_revision_that_gives_up_is_not_waited_for()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { Fails = true };

        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Contains("exit code 134", status.Message, StringComparison.Ordinal);
        Assert.InRange(sim.Row(id).CompletedAt!.Value - sim.Row(id).StartedAt, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_failed_smoke_check_brings_the_release_back_before_it_has_traffic()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { SmokeFailures = _ => ["lists: expected 200, got 500"] };

        var status = await sim.RunAsync(Plans.Canary, "v2.0.0");

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Contains("lists: expected 200, got 500", status.Message, StringComparison.Ordinal);
        Assert.Empty(sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task A_canary_whose_replicas_die_is_rolled_back_by_health_alone()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { Healthy = t => t < TimeSpan.FromMinutes(4) };

        var status = await sim.RunAsync(Plans.Canary, "v2.0.0");

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Contains("not ready", status.Message, StringComparison.Ordinal);
        Assert.Equal([10, 0], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task A_breach_in_the_hold_moves_the_weights_back_to_the_warm_revision()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = t => t > TimeSpan.FromMinutes(40) ? 0.6 : 0 };

        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Equal([10, 100, 0], sim.World.WeightsOf("v2.0.0"));
        Assert.True(sim.World.Runs("v1.0.0"));
    }

    [Fact]
    public async Task An_environment_that_is_not_ready_is_refused_with_all_its_faults_and_nothing_touched()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Secrets["a"] = "not a url";
        var plan = Plans.WithVariables("needs.yaml", "  - validate: { environment: production }\n  - deploy: { environment: production, weight: 100 }");

        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal((Phase.Failed, Outcome.Rejected), (status.Phase, status.Outcome));
        Assert.Contains("A_URL", status.Message, StringComparison.Ordinal);
        Assert.Contains("B_KEY", status.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not a url", status.Message, StringComparison.Ordinal);
        Assert.Empty(sim.World.Journal);
        Assert.Equal(DeploymentStatus.Rejected, sim.Row(id).Status);
    }

    [Fact]
    public async Task A_rollout_reads_as_a_list_of_steps_with_what_they_found()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.05 };
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));

        var during = (await sim.Rollouts.GetAsync(id, default))!;
        await sim.EndOfAsync(id);
        var after = (await sim.Rollouts.GetAsync(id, default))!;

        Assert.Equal(
            [StepState.Passed, StepState.Passed, StepState.Passed, StepState.Running, StepState.Pending, StepState.Pending],
            during.Steps.Select(s => s.State));
        Assert.True(during.Soak!.Looks > 0);
        Assert.Equal(
            [StepState.RolledBack, StepState.Passed, StepState.RolledBack, StepState.Failed, StepState.Pending, StepState.Pending],
            after.Steps.Select(s => s.State));
        Assert.All(after.Steps.Take(4), s => Assert.True(s.StartedAt <= s.CompletedAt));
    }

    [Fact]
    public async Task What_happened_is_told_in_order()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");

        var id = await sim.StartRolloutAsync(Plans.In("  - deploy: { environment: production }\n  - setWeight: 100"), "v2.0.0");
        await sim.EndOfAsync(id);

        Assert.Equal(
            [
                "rollout.started", "deployment.started", "step.started", "revision.ready", "step.completed", "step.started", "revision.warmed", "traffic.moved",
                "step.completed", "deployment.succeeded", "revision.stopped",
            ],
            sim.EventsOf(id));
    }
}
