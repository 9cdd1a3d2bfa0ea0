using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Schedules;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>A sign-off is due, reminded of, escalated and given; it moves nothing.</summary>
public sealed class SignOffTests
{
    private static readonly Caller Ana = new("ana", Role.Approver, ["owners"]);

    private const string Released = """
          - deploy: { environment: production }
          - setWeight: 100
          - hold: 1h
          - signOff: { name: day 1, by: [owners], after: 1d, within: 12h }
          - signOff: { name: day 7, by: [owners], after: 7d }
        """;

    [Fact]
    public async Task Sign_offs_at_the_end_come_after_the_release_is_promoted_and_its_environment_free()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.In(Released), "v2.0.0");
        var promoted = await sim.UntilAsync(id, s => s.Outcome is not null);
        await sim.Engine.SettleAsync();
        var early = await sim.SayAsync(id, CommandKind.Approve, Ana);
        var locks = await sim.Registry.ListLocksAsync(default);
        var due = await sim.UntilAsync(id, s => s.Evidence is not null, TimeSpan.FromDays(2));
        var dueAt = sim.Engine.Now;

        await sim.SayAsync(id, CommandKind.Approve, Ana, "quiet night");
        await sim.Engine.SettleAsync();
        var second = await sim.UntilAsync(id, s => s.Evidence is not null, TimeSpan.FromDays(10));
        var secondAt = sim.Engine.Now;
        await sim.SayAsync(id, CommandKind.Approve, Ana);
        var end = await sim.EndOfAsync(id);

        Assert.Equal((Phase.Healthy, Outcome.Promoted), (promoted.Phase, promoted.Outcome));
        Assert.IsType<CommandResult.Conflict>(early);
        Assert.Empty(locks);
        Assert.Equal((Phase.Healthy, "signOff day 1"), (due.Phase, due.Step));
        Assert.Equal(["owners"], due.WaitingFor);
        Assert.InRange(dueAt - sim.Row(id).PromotedAt!.Value, TimeSpan.FromDays(1), TimeSpan.FromDays(1) + TimeSpan.FromMinutes(1));
        Assert.InRange(secondAt - sim.Row(id).PromotedAt!.Value, TimeSpan.FromDays(7), TimeSpan.FromDays(7) + TimeSpan.FromMinutes(1));
        Assert.NotEqual(due.Evidence, second.Evidence);
        Assert.Equal((Phase.Healthy, Outcome.Promoted, null), (end.Phase, end.Outcome, end.Step));
        Assert.Equal([100], sim.World.WeightsOf("v2.0.0"));
        Assert.Equal([StepState.Passed, StepState.Passed], (await sim.Rollouts.GetAsync(id, default))!.Steps.Skip(3).Select(s => s.State));
    }

    [Fact]
    public async Task A_sign_off_that_nobody_gives_is_said_once_when_due_once_when_overdue_and_every_day()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.In(Released), "v2.0.0");
        await sim.UntilAsync(id, s => s.Evidence is not null, TimeSpan.FromDays(2));

        await sim.Engine.AdvanceAsync(TimeSpan.FromDays(3.1));

        var said = sim.EventsOf(id).Where(e => e.StartsWith("signoff.", StringComparison.Ordinal));
        Assert.Equal(["signoff.due", "signoff.overdue", "signoff.reminder", "signoff.reminder", "signoff.reminder"], said);
        Assert.Equal(TimeSpan.FromHours(12), sim.Registry.Events.Single(e => e.Type == "signoff.overdue").At - sim.Registry.Events.Single(e => e.Type == "signoff.due").At);
        Assert.Equal(100, sim.World.Weight("v2.0.0"));
    }

    [Fact]
    public async Task A_refused_sign_off_says_so_and_moves_nothing()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.In(Released), "v2.0.0");
        await sim.UntilAsync(id, s => s.Evidence is not null, TimeSpan.FromDays(2));

        await sim.SayAsync(id, CommandKind.Reject, Ana, "memory grows");
        await sim.Engine.SettleAsync();
        var status = await sim.StatusAsync(id);

        Assert.Contains("signoff.refused", sim.EventsOf(id));
        Assert.Equal((Phase.Healthy, Outcome.Promoted), (status.Phase, status.Outcome));
        Assert.Equal(100, sim.World.Weight("v2.0.0"));
    }

    [Fact]
    public async Task A_sign_off_that_has_become_pointless_is_skipped_and_a_new_release_does_not_wait_for_it()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.In(Released), "v2.0.0");
        await sim.UntilAsync(id, s => s.Outcome is not null);

        var next = await sim.RunAsync(Plans.In("  - deploy: { environment: production, weight: 100 }"), "v3.0.0");
        await sim.SayAsync(id, CommandKind.Skip, Simulation.Deployer, "v3.0.0 is out");
        await sim.Engine.SettleAsync();
        await sim.SayAsync(id, CommandKind.Skip, Simulation.Deployer);
        var end = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.Promoted, next.Outcome);
        Assert.Equal(Outcome.Promoted, end.Outcome);
        Assert.Equal([StepState.Skipped, StepState.Skipped], (await sim.Rollouts.GetAsync(id, default))!.Steps.Skip(3).Select(s => s.State));
        Assert.IsType<CommandResult.Conflict>(await sim.SayAsync(id, CommandKind.Abort));
    }

    [Fact]
    public async Task A_sign_off_between_two_weights_holds_the_rollout_until_it_is_given()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(
            Plans.In("""
                  - deploy: { environment: production }
                  - setWeight: 5
                  - signOff: { name: day 2, by: [owners], since: started, after: 2d }
                  - setWeight: 100
                """),
            "v2.0.0");
        var waits = await sim.UntilAsync(id, s => s.PauseReason == PauseReason.SignOff);
        await sim.Engine.AdvanceAsync(TimeSpan.FromDays(5));
        await sim.Scheduler.StartDueAsync([Scheduler.Reminders], default);
        await sim.Engine.SettleAsync();
        var later = await sim.StatusAsync(id);

        await sim.SayAsync(id, CommandKind.Approve, Ana);

        Assert.Null(waits.Evidence);
        Assert.NotNull(later.Evidence);
        Assert.DoesNotContain("reminder", sim.EventsOf(id));
        Assert.Equal((Phase.Paused, 5), (later.Phase, later.ActualWeight));
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
    }
}
