using Sluice.Domain.Rollouts;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>A rollout whose instance was ended from outside is brought back from what the registry kept.</summary>
public sealed class WatchdogTests
{
    [Fact]
    public async Task One_terminated_at_10_percent_is_back_and_its_lock_free_within_two_turns()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await AtTenPercentAsync(sim);

        await sim.Engine.Client.TerminateInstanceAsync(id, "by hand");
        await TurnsAsync(sim, 2);

        Assert.Equal(0, sim.World.Weight("v2.0.0"));
        Assert.False(sim.World.Runs("v2.0.0"));
        Assert.Empty(await sim.Registry.ListLocksAsync(default));
        Assert.Empty(sim.Registry.Stacks);
        Assert.Equal(DeploymentStatus.Aborted, sim.Row(id).Status);
        var status = (await sim.Rollouts.GetAsync(id, default))!.Status;
        Assert.Equal((Phase.Degraded, Outcome.Aborted), (status.Phase, status.Outcome));
        Assert.Contains("terminated", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_was_purged_as_well_is_found_by_its_lock()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await AtTenPercentAsync(sim);

        await sim.Engine.Client.TerminateInstanceAsync(id);
        await sim.Engine.SettleAsync();
        await sim.Engine.Client.PurgeInstanceAsync(id);
        await TurnsAsync(sim, 2);

        Assert.Equal(0, sim.World.Weight("v2.0.0"));
        Assert.Empty(await sim.Registry.ListLocksAsync(default));
    }

    [Fact]
    public async Task One_that_is_suspended_is_left_for_ten_minutes_and_no_longer()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await AtTenPercentAsync(sim);

        await sim.Engine.Client.SuspendInstanceAsync(id);
        await TurnsAsync(sim, 9);
        Assert.Equal(10, sim.World.Weight("v2.0.0"));
        await TurnsAsync(sim, 4);
        Assert.Equal(0, sim.World.Weight("v2.0.0"));

        await sim.Engine.Client.ResumeInstanceAsync(id);
        await sim.EndOfAsync(id);

        Assert.Equal(0, sim.World.Weight("v2.0.0"));
        Assert.Equal(100, sim.World.Weight("v1.0.0"));
    }

    [Fact]
    public async Task On_another_task_hub_where_every_rollout_looks_purged_nothing_is_brought_back()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await AtTenPercentAsync(sim);
        await TurnsAsync(sim, 1);
        var engine = sim.Client.Present;
        await using var other = await VirtualEngine.StartAsync(new Durable.DurableTasks());

        (sim.Client.HubName, sim.Client.Present) = ("Sluice2", () => other.Client);
        Assert.Empty(await sim.Watchdog.RunOnceAsync(default));
        (sim.Client.HubName, sim.Client.Present) = (null, engine);

        Assert.Equal(10, sim.World.Weight("v2.0.0"));
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
        (sim.Client.HubName, sim.Client.Present) = ("Sluice2", () => other.Client);
        Assert.Empty(await sim.Watchdog.RunOnceAsync(default));
        Assert.Equal("Sluice2", await sim.Registry.ClaimHubAsync("Sluice", replace: false, default));
    }

    [Fact]
    public async Task One_that_was_accepted_and_never_begun_begins_after_a_minute()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0", key: "first");
        await sim.Engine.SettleAsync();
        var begun = sim.Registry.Rollouts.Single(r => r.Id == id);
        var left = await sim.Registry.AddRolloutAsync(
            begun with { Id = "left-behind", Status = null, StatusSequence = 0, CreatedAt = sim.Engine.Now }, default);

        Assert.Empty(await sim.Watchdog.RunOnceAsync(default));
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(2));

        Assert.Equal([left.Id], await sim.Watchdog.RunOnceAsync(default));
        Assert.NotNull(await sim.Engine.Client.GetInstanceAsync(left.Id));
    }

    [Fact]
    public async Task One_whose_wait_is_long_over_and_that_does_not_move_is_told_once()
    {
        await using var sim = await Simulation.StartAsync();
        var status = new RolloutStatus
        {
            Phase = Phase.Progressing,
            Service = "api",
            Version = "v2.0.0",
            Step = "soak 15m",
            WaitsUntil = sim.Engine.Now.AddMinutes(1),
        };
        await using var stuck = await VirtualEngine.StartAsync(
            new Durable.DurableTasks().Orchestrator<int, string>("Stuck", (context, _) =>
            {
                context.SetCustomStatus(status);
                return context.WaitForExternalEvent<string>("never");
            }),
            options: new VirtualEngineOptions { Clock = sim.Engine.Clock });
        await stuck.Client.ScheduleNewOrchestrationInstanceAsync("Stuck", 0, new Durable.StartOptions { InstanceId = "stuck" });
        await stuck.SettleAsync();
        sim.Client.Present = () => stuck.Client;
        await sim.Registry.AddRolloutAsync(new("stuck", "api", "production", new Release("v2.0.0"), "b", "r", "ci", sim.Engine.Now), default);
        await sim.Registry.SetRolloutStatusAsync("stuck", 1, status, default);

        await stuck.AdvanceAsync(TimeSpan.FromMinutes(14));
        Assert.Empty(await sim.Watchdog.RunOnceAsync(default));
        await stuck.AdvanceAsync(TimeSpan.FromMinutes(3));

        Assert.Equal(["stuck"], await sim.Watchdog.RunOnceAsync(default));
        Assert.Equal(["stuck"], await sim.Watchdog.RunOnceAsync(default));
        var told = Assert.Single(sim.Registry.Events, e => e.Type == "rollout.standing");
        Assert.Contains("should have gone on from 'soak 15m'", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rollouts_that_run_are_left_alone()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await AtTenPercentAsync(sim);

        Assert.Empty(await sim.Watchdog.RunOnceAsync(default));
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task The_next_in_line_starts_after_a_lost_one_is_back()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await AtTenPercentAsync(sim);
        var next = await sim.StartRolloutAsync(Plans.Canary, "v3.0.0");
        await sim.Engine.SettleAsync();

        await sim.Engine.Client.TerminateInstanceAsync(id);
        await TurnsAsync(sim, 2);

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(next)).Outcome);
    }

    private static async Task<string> AtTenPercentAsync(Simulation sim)
    {
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s is { ActualWeight: 10, Leg: not null });
        return id;
    }

    private static async Task TurnsAsync(Simulation sim, int turns)
    {
        for (var n = 0; n < turns; n++)
        {
            await sim.Watchdog.RunOnceAsync(default);
            await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        }
    }
}
