using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>What people say to a rollout acts at once, each thing once, whatever the rollout is doing.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task An_abort_in_the_middle_of_a_soak_acts_at_once()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);
        await sim.Engine.AdvanceAsync(TimeSpan.FromSeconds(100));
        var said = sim.Engine.Now;

        Assert.IsType<CommandResult.Accepted>(await sim.SayAsync(id, CommandKind.Abort, Simulation.Deployer, "wrong build"));
        await sim.Engine.SettleAsync();

        var status = await sim.StatusAsync(id);
        Assert.Equal((Phase.Degraded, Outcome.Aborted), (status.Phase, status.Outcome));
        Assert.Equal("aborted by ci: wrong build", status.Message);
        Assert.Equal(said, sim.Engine.Now);
        Assert.Equal([10, 0], sim.World.WeightsOf("v2.0.0"));
        Assert.Equal(Outcome.Aborted, (await sim.EndOfAsync(id)).Outcome);
        Assert.Equal(DeploymentStatus.Aborted, sim.Row(id).Status);
        Assert.Empty(await sim.Registry.ListLocksAsync(default));
    }

    [Fact]
    public async Task An_abort_in_the_middle_of_a_platform_call_that_hangs_acts_at_once()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var hang = 1;
        sim.World.Before = (access, token) => access == "platform.get" && Interlocked.Exchange(ref hang, 0) == 1
            ? Task.Delay(Timeout.InfiniteTimeSpan, token)
            : Task.CompletedTask;
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, _ => hang == 0);
        var said = sim.Engine.Now;

        await sim.SayAsync(id, CommandKind.Abort);
        await sim.UntilAsync(id, s => s.Outcome == Outcome.Aborted);

        Assert.Equal(said, sim.Engine.Now);
        Assert.False(sim.World.Runs("v2.0.0"));
        var instance = await sim.Engine.Client.GetInstanceAsync(id);
        Assert.Equal(RuntimeStatus.Running, instance!.RuntimeStatus);
        await sim.EndOfAsync(id);
        Assert.InRange(sim.Engine.Now - said, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Fifty_commands_in_one_soak_are_handled_once_each()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);
        var random = new Random(1);

        for (var n = 0; n < 50; n++)
        {
            Assert.IsType<CommandResult.Accepted>(await sim.SayAsync(id, n % 2 == 0 ? CommandKind.Pause : CommandKind.Resume, key: $"k{n}"));
            if (n is < 20 or > 45)
            {
                await sim.Engine.AdvanceAsync(TimeSpan.FromMilliseconds(random.Next(4_000)));
            }
        }

        await sim.EndOfAsync(id);

        var handled = sim.Registry.Events.Count(e => e.Type is "paused" or "resumed" && e.Data.ContainsKey("actor"));
        Assert.Equal(50, handled);
        Assert.DoesNotContain("command.ignored", sim.EventsOf(id));
        Assert.Equal([10, 100], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task The_same_command_said_twice_under_one_key_is_one_command()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);

        var first = await sim.SayAsync(id, CommandKind.Pause, key: "once");
        var second = await sim.SayAsync(id, CommandKind.Pause, key: "once");

        Assert.Equal(first, second);
        Assert.Single(sim.Registry.Commands);
    }

    [Fact]
    public async Task A_raised_event_without_a_row_changes_nothing()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.In("  - deploy: { environment: production }\n  - approval: { approvers: [ana], timeout: 1h, onTimeout: rollback }\n  - setWeight: 100"), "v2.0.0");
        await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Approval);

        for (var n = 0; n < 5; n++)
        {
            await sim.Engine.Client.RaiseEventAsync(id, "Wake", "approve");
            await sim.Engine.Client.RaiseEventAsync(id, "Approve", "ana");
        }

        Assert.Equal(Outcome.Rejected, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task A_pause_stops_the_soaks_clock_and_a_resume_goes_on()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(5));

        await sim.SayAsync(id, CommandKind.Pause, Simulation.Deployer);
        await sim.Engine.SettleAsync();
        var paused = await sim.StatusAsync(id);
        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(6));
        var later = await sim.StatusAsync(id);
        await sim.SayAsync(id, CommandKind.Resume, Simulation.Deployer);
        await sim.Engine.SettleAsync();
        var resumed = await sim.StatusAsync(id);
        await sim.EndOfAsync(id);

        Assert.Equal((Phase.Paused, PauseReason.PausedByUser), (paused.Phase, paused.PauseReason));
        Assert.Equal((Phase.Paused, PauseReason.PausedByUser, 10), (later.Phase, later.PauseReason, later.Weight));
        Assert.Equal((Phase.Progressing, (PauseReason?)null), (resumed.Phase, resumed.PauseReason));
        Assert.True(sim.Row(id).PromotedAt - sim.Row(id).StartedAt > TimeSpan.FromHours(6.2));
    }

    [Fact]
    public async Task A_paused_canary_is_still_rolled_back_when_it_dies()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { Healthy = t => t < TimeSpan.FromMinutes(10) };
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);

        await sim.SayAsync(id, CommandKind.Pause);

        Assert.Equal(Outcome.RolledBack, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task A_pause_between_steps_waits_before_the_next_one()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.SayAsync(id, CommandKind.Pause);
        var paused = await sim.UntilAsync(id, s => s.Phase == Phase.Paused);
        await sim.Engine.AdvanceAsync(TimeSpan.FromDays(1));
        Assert.Equal(PauseReason.PausedByUser, (await sim.StatusAsync(id)).PauseReason);
        Assert.Equal(PauseReason.PausedByUser, paused.PauseReason);

        await sim.SayAsync(id, CommandKind.Resume);

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task A_promote_ends_the_soak_and_goes_on_with_the_next_step()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);

        await sim.SayAsync(id, CommandKind.Promote, Simulation.Deployer);
        await sim.Engine.SettleAsync();
        var status = await sim.StatusAsync(id);
        await sim.EndOfAsync(id);

        Assert.Equal(100, status.Weight);
        Assert.Equal([10, 100], sim.World.WeightsOf("v2.0.0"));
        Assert.True(sim.Row(id).CompletedAt - sim.Row(id).PromotedAt >= TimeSpan.FromHours(1), "the hold was left out too");
        Assert.Equal(StepState.Skipped, (await sim.Rollouts.GetAsync(id, default))!.Steps[3].State);
    }

    [Fact]
    public async Task A_full_promotion_leaves_out_soaks_and_smaller_weights_and_is_marked()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var plan = Plans.In("""
              - deploy: { environment: production }
              - setWeight: 10
              - soak: 1h
              - setWeight: 50
              - soak: 1h
              - smoke: { suite: smoke.yaml }
              - setWeight: 100
            """);
        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);

        Assert.IsType<CommandResult.Invalid>(await sim.SayAsync(id, CommandKind.PromoteFull));
        Assert.IsType<CommandResult.Forbidden>(await sim.SayAsync(id, CommandKind.PromoteFull, Simulation.Deployer, "hotfix"));
        Assert.IsType<CommandResult.Accepted>(await sim.SayAsync(id, CommandKind.PromoteFull, reason: "hotfix"));
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.FastPromoted, status.Outcome);
        Assert.Equal([10, 100], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task A_full_promotion_does_not_touch_a_failed_smoke_suite()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { SmokeFailures = t => t > TimeSpan.FromSeconds(20) ? ["broken"] : [] };
        var plan = Plans.In("  - deploy: { environment: production }\n  - setWeight: 10\n  - soak: 1h\n  - smoke: { suite: smoke.yaml }\n  - setWeight: 100");
        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);
        await sim.Engine.AdvanceAsync(TimeSpan.FromSeconds(30));

        await sim.SayAsync(id, CommandKind.PromoteFull, reason: "hotfix");

        Assert.Equal(Outcome.RolledBack, (await sim.EndOfAsync(id)).Outcome);
        Assert.Equal([10, 0], sim.World.WeightsOf("v2.0.0"));
    }

    [Theory]
    [InlineData(CommandKind.Abort, Role.Viewer, typeof(CommandResult.Forbidden))]
    [InlineData(CommandKind.Abort, Role.Approver, typeof(CommandResult.Forbidden))]
    [InlineData(CommandKind.Approve, Role.Deployer, typeof(CommandResult.Forbidden))]
    [InlineData(CommandKind.Approve, Role.Approver, typeof(CommandResult.Conflict))]
    [InlineData(CommandKind.Supersede, Role.Admin, typeof(CommandResult.Invalid))]
    [InlineData(CommandKind.Pause, Role.Deployer, typeof(CommandResult.Accepted))]
    public async Task A_role_may_say_what_it_may(CommandKind kind, Role role, Type answer)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);

        Assert.IsType(answer, await sim.SayAsync(id, kind, new Caller("eve", role, [])));
    }

    [Fact]
    public async Task Nothing_is_said_to_a_rollout_that_has_ended_or_never_was()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.In("  - deploy: { environment: production, weight: 100 }"), "v2.0.0");
        await sim.EndOfAsync(id);

        Assert.IsType<CommandResult.Conflict>(await sim.SayAsync(id, CommandKind.Abort));
        Assert.IsType<CommandResult.NotFound>(await sim.SayAsync("nobody", CommandKind.Abort));
    }
}
