using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>Which failure means what: a measurement that fails holds, a write that fails goes back, a rollback that fails goes on trying.</summary>
public sealed class FaultTests
{
    // A new one each time: an exception that is thrown again grows its stack trace, and rendering it takes ever longer.
    private static PlatformException Down => new(PlatformError.Unreachable, "connection refused");

    [Fact]
    public async Task Metrics_that_cannot_be_read_hold_the_soak_and_fail_nothing()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var down = false;
        sim.World.Before = (access, _) => down && access == "metrics.read" ? Task.FromException(Down) : Task.CompletedTask;
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(5));

        down = true;
        var held = await sim.UntilAsync(id, s => s.Phase == Phase.Paused);
        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(5));
        var still = await sim.StatusAsync(id);
        down = false;
        await sim.UntilAsync(id, s => s.Phase == Phase.Progressing);
        var end = await sim.EndOfAsync(id);

        Assert.Equal(PauseReason.MetricsUnavailable, held.PauseReason);
        Assert.Equal((PauseReason.MetricsUnavailable, 10), (still.PauseReason, still.Weight));
        Assert.Equal(Outcome.Promoted, end.Outcome);
        Assert.Equal([10, 100], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task A_start_that_answers_late_is_looked_at_before_it_is_given_up()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var attempts = 0;
        sim.World.Before = (access, _) => access == "platform.start" && ++attempts < 5 ? Task.FromException(Down) : Task.CompletedTask;
        var plan = Plans.Canary with { Plan = Plans.Canary.Plan.Replace("readyWithin: 60s", "readyWithin: 10s", StringComparison.Ordinal) };

        var status = await sim.RunAsync(plan, "v2.0.0");

        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.Equal(5, attempts);
    }

    [Fact]
    public async Task Metrics_that_stay_away_follow_the_plan_in_the_end()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Before = (access, _) => access == "metrics.read" ? Task.FromException(Down) : Task.CompletedTask;
        var plan = Plans.In("  - deploy: { environment: production }\n  - setWeight: 10\n  - soak: { duration: 15m, trafficTimeout: 1h, onNoData: rollback }\n  - setWeight: 100");

        var status = await sim.RunAsync(plan, "v2.0.0");

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Contains("nothing was learned for 1h", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canary_without_traffic_waits_and_a_person_may_decide()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.RequestsPerSecond = 0;
        var plan = Plans.In("  - deploy: { environment: production }\n  - setWeight: 10\n  - soak: { duration: 15m, trafficTimeout: 1h, onNoData: pause }\n  - setWeight: 100");
        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        var paused = await sim.UntilAsync(id, s => s.Phase == Phase.Paused);

        await sim.SayAsync(id, CommandKind.Promote);

        Assert.NotEqual(PauseReason.PausedByUser, paused.PauseReason);
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task Counts_that_begin_again_are_no_telemetry_and_no_error()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(5));

        sim.World.LoseCounts();

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task A_router_that_is_down_for_a_moment_is_tried_again()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var failures = 3;
        sim.World.Before = (access, _) => access == "router.set" && Interlocked.Decrement(ref failures) >= 0 ? Task.FromException(Down) : Task.CompletedTask;

        var status = await sim.RunAsync(Plans.Canary, "v2.0.0");

        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.Equal([10, 100], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task A_write_that_fails_after_its_retries_brings_everything_back()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var failures = 5;
        sim.World.Before = (access, _) => access == "router.set" && Interlocked.Decrement(ref failures) >= 0 ? Task.FromException(Down) : Task.CompletedTask;

        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal((Phase.Degraded, Outcome.RolledBack), (status.Phase, status.Outcome));
        Assert.Contains("connection refused", status.Message, StringComparison.Ordinal);
        Assert.False(sim.World.Runs("v2.0.0"));
        Assert.Equal(100, sim.World.Weight("v1.0.0"));
    }

    [Fact]
    public async Task A_rollback_that_cannot_write_goes_on_trying_and_says_so()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var down = false;
        sim.World.Before = (access, _) => down && access == "router.set" ? Task.FromException(Down) : Task.CompletedTask;
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);
        down = true;
        await sim.SayAsync(id, CommandKind.Abort);
        var stuck = await sim.UntilAsync(id, s => s.Phase == Phase.Failed);
        var row = sim.Row(id);
        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(2));
        Assert.Equal(RuntimeStatus.Running, (await sim.Engine.Client.GetInstanceAsync(id))!.RuntimeStatus);
        Assert.Equal(10, sim.World.Weight("v2.0.0"));

        down = false;
        var end = await sim.EndOfAsync(id, TimeSpan.FromMinutes(10));

        Assert.Null(stuck.Outcome);
        Assert.Contains("connection refused", stuck.Message, StringComparison.Ordinal);
        Assert.Equal(DeploymentStatus.Failed, row.Status);
        Assert.Contains("rollback.failed", sim.EventsOf(id));
        Assert.Equal((Phase.Degraded, Outcome.Aborted), (end.Phase, end.Outcome));
        Assert.Equal(0, sim.World.Weight("v2.0.0"));
        Assert.Equal(DeploymentStatus.Aborted, sim.Row(id).Status);
    }

    [Fact]
    public async Task Traffic_stays_where_it_is_while_stable_is_unhealthy_too()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var well = true;
        sim.World.Versions["v1.0.0"] = new Behaviour { Healthy = _ => well };
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);
        well = false;
        await sim.SayAsync(id, CommandKind.Abort);
        var blocked = await sim.UntilAsync(id, s => s.Phase == Phase.Failed);
        Assert.Equal([10], sim.World.WeightsOf("v2.0.0"));

        well = true;
        var end = await sim.EndOfAsync(id, TimeSpan.FromMinutes(10));

        Assert.Contains("v1.0.0", blocked.Message, StringComparison.Ordinal);
        var told = sim.Registry.Events.First(e => e.Type == "rollback.blocked");
        Assert.Equal("true", told.Data["page"]);
        Assert.Equal(Outcome.Aborted, end.Outcome);
        Assert.Equal([10, 0], sim.World.WeightsOf("v2.0.0"));
    }

    [Theory]
    [InlineData(true, 45)]
    [InlineData(true, 90)]
    [InlineData(false, 45)]
    public async Task A_write_that_comes_late_never_wins_over_the_rollback(bool keepsFences, int lateSeconds)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.KeepsFences = keepsFences;
        var held = 0;
        sim.World.OnTheWay = access => access == "router.set" && Interlocked.Increment(ref held) == 1
            ? Task.Delay(TimeSpan.FromSeconds(lateSeconds), sim.Engine.Clock)
            : Task.CompletedTask;
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, _ => held == 1);
        var said = sim.Engine.Now;

        await sim.SayAsync(id, CommandKind.Abort);
        await sim.UntilAsync(id, s => s.Outcome == Outcome.Aborted);
        Assert.Equal(said, sim.Engine.Now);
        await sim.EndOfAsync(id);
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(0, sim.World.Weight("v2.0.0"));
        Assert.Equal(100, sim.World.Weight("v1.0.0"));
        Assert.False(sim.World.Runs("v2.0.0"));
    }

    [Fact]
    public async Task With_automatic_rollback_off_a_failed_verdict_waits_for_a_person()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.Options.AutoRollback = false;
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.05 };
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        var paused = await sim.UntilAsync(id, s => s.Phase == Phase.Paused);
        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(3));
        Assert.Equal(10, sim.World.Weight("v2.0.0"));

        await sim.SayAsync(id, CommandKind.Rollback, Simulation.Deployer, "seen enough");

        Assert.Contains("failed", paused.Message, StringComparison.Ordinal);
        Assert.Equal(Outcome.RolledBack, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task A_plan_may_reduce_the_weight_and_wait_for_a_decision()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.05 };
        var plan = Plans.In("  - deploy: { environment: production }\n  - setWeight: 25\n  - soak: { duration: 15m, onFailure: { reduce: 5 } }\n  - setWeight: 100");
        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        await sim.UntilAsync(id, s => s.Phase == Phase.Paused);
        Assert.Equal([25, 5], sim.World.WeightsOf("v2.0.0"));

        await sim.SayAsync(id, CommandKind.Promote);

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
        Assert.Equal([25, 5, 100], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task A_registry_that_is_down_for_a_while_loses_no_event()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var down = false;
        sim.Registry.Before = (access, _) => down && access is "AppendEvent" or "SetRolloutStatus" && down
            ? Task.FromException(new TimeoutException("the registry does not answer"))
            : Task.CompletedTask;
        var id = await sim.StartRolloutAsync(Plans.In("  - deploy: { environment: production }\n  - setWeight: 100\n  - hold: 10m"), "v2.0.0");
        await sim.Engine.AdvanceAsync(TimeSpan.FromSeconds(2));
        down = true;
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(4));
        down = false;

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
        Assert.Equal(3, sim.EventsOf(id).Count(e => e == "step.completed"));
        Assert.Equal(Outcome.Promoted, sim.Registry.Rollouts.Single().Status!.Outcome);
    }
}
