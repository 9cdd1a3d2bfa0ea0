using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>One rollout at a time in an environment; what a second one does, its plan says.</summary>
public sealed class QueueTests
{
    private const string Steps = "  - deploy: { environment: production }\n  - setWeight: 10\n  - soak: 15m\n  - setWeight: 100";

    [Fact]
    public async Task A_second_rollout_waits_in_line_and_starts_when_the_first_has_ended()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var first = await sim.StartRolloutAsync(Plans.In(Steps), "v2.0.0");
        await sim.UntilAsync(first, s => s.Leg is not null);
        var second = await sim.StartRolloutAsync(Plans.In(Steps), "v3.0.0");
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(2));
        var waiting = await sim.StatusAsync(second);

        await sim.EndOfAsync(first);
        var ended = sim.Engine.Now;
        await sim.UntilAsync(second, s => s.Phase == Phase.Progressing);
        var begun = sim.Engine.Now;
        var end = await sim.EndOfAsync(second);

        Assert.Equal(Phase.Pending, waiting.Phase);
        Assert.Contains(first, waiting.Message, StringComparison.Ordinal);
        Assert.Equal(ended, begun);
        Assert.Equal(Outcome.Promoted, end.Outcome);
        Assert.Equal([100], sim.World.WeightsOf("v2.0.0").Skip(1).Take(1));
        Assert.Equal("production: stop v2.0.0", sim.World.Journal[^1]);
    }

    [Fact]
    public async Task Those_in_line_know_their_places_and_hear_at_once_when_they_change()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var ids = new List<string>();
        foreach (var version in new[] { "v2.0.0", "v3.0.0", "v4.0.0", "v5.0.0" })
        {
            ids.Add(await sim.StartRolloutAsync(Plans.In(Steps), version));
            await sim.Engine.SettleAsync();
        }

        var before = await PlacesAsync();
        await sim.SayAsync(ids[1], CommandKind.Abort);
        await sim.Engine.SettleAsync();
        var after = await PlacesAsync();
        await sim.EndOfAsync(ids[0]);
        await sim.Engine.SettleAsync();
        var moved = await PlacesAsync();

        Assert.Equal([null, 1, 2, 3], before);
        Assert.Equal([null, null, 1, 2], after);
        Assert.Equal([null, null, null, 1], moved);

        async Task<List<int?>> PlacesAsync()
        {
            var places = new List<int?>();
            foreach (var id in ids)
            {
                places.Add((await sim.StatusAsync(id)).QueuePosition);
            }

            return places;
        }
    }

    [Theory]
    [InlineData(PauseReason.Approval, "  - deploy: { environment: production }\n  - setWeight: 10\n  - approval: { approvers: [ana] }\n  - setWeight: 100")]
    [InlineData(PauseReason.Checklist, "  - deploy: { environment: production }\n  - setWeight: 10\n  - checklist: { name: go, items: [{ name: ci, condition: ci }] }\n  - setWeight: 100")]
    [InlineData(PauseReason.SignOff, "  - deploy: { environment: production }\n  - setWeight: 10\n  - signOff: { name: day 1, by: [ana], since: started, after: 1d }\n  - setWeight: 100")]
    public async Task One_that_waits_for_people_is_superseded_too_and_goes_back_to_its_end_first(PauseReason waits, string steps)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var first = await sim.StartRolloutAsync(Plans.In(steps), "v2.0.0");
        await sim.UntilAsync(first, s => s.PauseReason == waits);

        var second = await sim.StartRolloutAsync(Plans.In("  - deploy: { environment: production, weight: 100 }", "concurrency: supersede"), "v3.0.0");
        var end = await sim.EndOfAsync(second);

        var superseded = await sim.StatusAsync(first);
        Assert.Equal((Phase.Degraded, Outcome.Superseded), (superseded.Phase, superseded.Outcome));
        Assert.Contains(second, superseded.Message, StringComparison.Ordinal);
        Assert.Equal(DeploymentStatus.Superseded, sim.Row(first).Status);
        Assert.Equal(Outcome.Promoted, end.Outcome);
        Assert.Equal(["production: stop v2.0.0", "production: start v3.0.0"], sim.World.Journal.Skip(3).Take(2));
    }

    [Fact]
    public async Task A_rollback_that_is_under_way_is_not_superseded()
    {
        await using var sim = await Simulation.StartAsync();
        await sim.RunAsync(Plans.Canary, "v1.0.0");
        await sim.RunAsync(Plans.Canary, "v2.0.0");
        sim.World.Versions["v1.0.0"] = new() { ReadyAfter = TimeSpan.FromSeconds(40) };
        var back = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", null, Simulation.Deployer, null), default);
        var restore = Assert.IsType<RollbackResult.Started>(back).Rollout.Id;
        await sim.UntilAsync(restore, s => s.Phase == Phase.Progressing);

        var newer = await sim.StartRolloutAsync(Plans.In("  - deploy: { environment: production, weight: 100 }", "concurrency: supersede"), "v3.0.0");
        var end = await sim.EndOfAsync(newer);

        Assert.Equal(Outcome.FastRolledBack, (await sim.StatusAsync(restore)).Outcome);
        Assert.Equal(Outcome.Promoted, end.Outcome);
    }

    [Fact]
    public async Task One_that_waits_in_line_can_be_aborted_and_leaves_it()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var first = await sim.StartRolloutAsync(Plans.In(Steps), "v2.0.0");
        await sim.UntilAsync(first, s => s.Leg is not null);
        var second = await sim.StartRolloutAsync(Plans.In(Steps), "v3.0.0");
        await sim.Engine.SettleAsync();
        var said = sim.Engine.Now;

        await sim.SayAsync(second, CommandKind.Abort);
        await sim.Engine.SettleAsync();

        Assert.Equal(Outcome.Aborted, (await sim.StatusAsync(second)).Outcome);
        Assert.Equal(said, sim.Engine.Now);
        Assert.Empty((await sim.Registry.GetLockAsync("api", "production", default))!.Waiting);
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(first)).Outcome);
    }

    [Fact]
    public async Task A_newer_rollout_that_supersedes_starts_after_the_running_one_is_back()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var plan = Plans.In(Steps, "concurrency: supersede");
        var first = await sim.StartRolloutAsync(plan, "v2.0.0");
        await sim.UntilAsync(first, s => s.Leg is not null);
        var waiting = await sim.StartRolloutAsync(Plans.In(Steps), "v2.1.0");
        await sim.Engine.SettleAsync();

        var second = await sim.StartRolloutAsync(plan, "v3.0.0");
        var end = await sim.EndOfAsync(second);

        Assert.Equal(Outcome.Superseded, (await sim.StatusAsync(first)).Outcome);
        Assert.Equal(Outcome.Superseded, (await sim.StatusAsync(waiting)).Outcome);
        Assert.Equal(Outcome.Promoted, end.Outcome);
        Assert.Equal(
            [
                "production: start v2.0.0", "production: v1.0.0 90, v2.0.0 10", "production: v1.0.0 100", "production: stop v2.0.0",
                "production: start v3.0.0", "production: v1.0.0 90, v3.0.0 10", "production: v3.0.0 100", "production: stop v1.0.0",
            ],
            sim.World.Journal);
    }

    [Fact]
    public async Task A_plan_that_refuses_to_wait_is_told_who_holds_the_environment()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var plan = Plans.In(Steps, "concurrency: refuse");
        var first = await sim.StartRolloutAsync(plan, "v2.0.0");
        await sim.UntilAsync(first, s => s.Leg is not null);

        var second = await sim.Rollouts.StartAsync(new StartRequest(plan, new Release("v3.0.0"), null, Simulation.Deployer), default);

        Assert.Equal(new StartResult.Busy("production", first), second);
        Assert.Single(sim.Registry.Rollouts);
    }

    [Fact]
    public async Task Rollouts_of_two_environments_do_not_wait_for_each_other()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Seed("v1.0.0", "staging");
        var staging = await sim.StartRolloutAsync(Plans.Both("  - deploy: { environment: staging, weight: 100 }\n  - soak: { duration: 2h, clock: wall }"), "v2.0.0", "a");
        await sim.UntilAsync(staging, s => s.Leg is not null);

        var production = await sim.RunAsync(Plans.In(Steps), "v2.0.0", "b");

        Assert.Equal(Outcome.Promoted, production.Outcome);
        Assert.Null((await sim.StatusAsync(staging)).Outcome);
    }
}
