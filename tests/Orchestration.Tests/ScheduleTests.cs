using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Schedules;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>What happens again and again is started when it is due, by whoever asks, and never twice at once.</summary>
public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(null, 0, true)]
    [InlineData(-1, 0, true)]
    [InlineData(0, 1, false)]
    [InlineData(0, 7199, false)]
    [InlineData(0, 7200, true)]
    [InlineData(7199, 7200, true)]
    [InlineData(-36000, 3, true)]
    public void A_run_is_due_when_a_moment_of_the_grid_has_come_since_the_last_one(int? lastSeconds, int nowSeconds, bool due)
    {
        var last = lastSeconds is { } seconds ? Noon.AddSeconds(seconds) : (DateTimeOffset?)null;

        Assert.Equal(due, ScheduleGrid.IsDue(last, TimeSpan.FromHours(2), Noon.AddSeconds(nowSeconds)));
    }

    [Fact]
    public void A_changed_interval_counts_at_once()
    {
        var last = Noon.AddMinutes(1);

        Assert.False(ScheduleGrid.IsDue(last, TimeSpan.FromHours(6), Noon.AddHours(3)));
        Assert.True(ScheduleGrid.IsDue(last, TimeSpan.FromHours(3), Noon.AddHours(3)));
        Assert.Throws<ArgumentOutOfRangeException>(() => ScheduleGrid.IsDue(last, TimeSpan.Zero, Noon));
    }

    [Theory]
    [InlineData(null, 29, false)]
    [InlineData(null, 30, true)]
    [InlineData(-3600, 29, false)] // a run of the process before
    [InlineData(-3600, 30, true)]
    [InlineData(30, 31, false)]
    [InlineData(30, 7199, false)]
    [InlineData(30, 7200, true)]
    public void A_first_run_of_its_own_is_due_from_its_moment_on(int? lastSeconds, int nowSeconds, bool due)
    {
        var last = lastSeconds is { } seconds ? Noon.AddSeconds(seconds) : (DateTimeOffset?)null;

        Assert.Equal(due, ScheduleGrid.IsDue(last, TimeSpan.FromHours(2), Noon.AddSeconds(nowSeconds), first: Noon.AddSeconds(30)));
    }

    [Fact]
    public async Task A_trigger_that_comes_twice_starts_once_and_the_next_moment_starts_again()
    {
        await using var sim = await Simulation.StartAsync();

        var first = await sim.Scheduler.StartDueAsync([Scheduler.Reminders, Scheduler.Retention], default);
        var again = await sim.Scheduler.StartDueAsync([Scheduler.Reminders, Scheduler.Retention], default);
        await sim.Engine.SettleAsync();
        var ended = await sim.Scheduler.StartDueAsync([Scheduler.Reminders, Scheduler.Retention], default);
        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        var later = await sim.Scheduler.StartDueAsync([Scheduler.Reminders, Scheduler.Retention], default);

        Assert.Equal(["reminders", "retention"], first);
        Assert.Empty(again);
        Assert.Empty(ended);
        Assert.Equal(["reminders"], later);
        await sim.Engine.SettleAsync();
        Assert.Equal(RuntimeStatus.Completed, (await sim.Engine.Client.GetInstanceAsync("reminders"))!.RuntimeStatus);
    }

    [Fact]
    public async Task The_watchdog_sleeps_while_nothing_is_under_way_and_brings_back_what_was_ended()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        Assert.Empty(await sim.Scheduler.StartDueAsync([Scheduler.Watchdog], default));
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s is { ActualWeight: 10, Leg: not null });
        await sim.Engine.Client.TerminateInstanceAsync(id);
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(["watchdog"], await sim.Scheduler.StartDueAsync([Scheduler.Watchdog], default));
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));

        var report = (await sim.Engine.Client.GetInstanceAsync("watchdog", getInputsAndOutputs: true))!.ReadOutputAs<UpkeepReport>()!;
        Assert.Equal([$"{id}:watchdog"], report.Ids);
        Assert.Equal(0, sim.World.Weight("v2.0.0"));
    }

    [Fact]
    public async Task What_waits_for_people_is_said_again_once_a_day()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(
            Plans.In("""
                  - deploy: { environment: production }
                  - approval: { approvers: [ana], required: 1, timeout: 72h }
                """),
            "v2.0.0");
        await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Approval);
        for (var hour = 0; hour < 60; hour++)
        {
            await sim.Scheduler.StartDueAsync([Scheduler.Reminders], default);
            await sim.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        }

        var reminders = sim.Registry.Events.Where(e => e.Type == "reminder").ToList();
        Assert.Equal(2, reminders.Count);
        Assert.Contains("for ana since 1d", reminders[0].Message, StringComparison.Ordinal);
        Assert.Contains("since 2d", reminders[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_old_is_removed_and_what_was_deployed_stays()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.Options.RetentionDays = 30;
        await sim.RunAsync(Plans.Canary, "v2.0.0");
        var id = sim.Registry.Rollouts.Single().Id;
        await sim.Engine.AdvanceAsync(TimeSpan.FromDays(31));

        await sim.Scheduler.StartDueAsync([Scheduler.Retention], default);
        await sim.Engine.SettleAsync();

        Assert.Null(await sim.Engine.Client.GetInstanceAsync(id));
        Assert.Empty(sim.Registry.Events);
        Assert.Equal(Outcome.Promoted, (await sim.Rollouts.GetAsync(id, default))!.Status.Outcome);
        Assert.Equal(DeploymentStatus.Success, sim.Row(id).Status);
    }
}
