using Sluice.Domain.Rollouts;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>What is looked at once a release is over: reports, reminders, and nothing that moves.</summary>
public sealed class AfterReleaseTests
{
    private const string Steps = "  - deploy: { environment: production }\n  - setWeight: 100\n  - watch: { environment: production }";

    [Fact]
    public async Task It_reports_after_half_an_hour_and_an_hour_then_reminds_daily_for_a_week_and_after_two()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.In(Steps), "v2.0.0");
        await sim.EndOfAsync(id);
        var released = sim.Engine.Now;

        await sim.Engine.AdvanceAsync(TimeSpan.FromDays(20));

        Assert.Equal([30.0, 60], sim.TimesOf(id, "watch.report").Select(t => Math.Round((t - released).TotalMinutes)));
        Assert.Equal([1.0, 2, 3, 4, 5, 6, 7, 14], sim.TimesOf(id, "review.due").Select(t => Math.Round((t - released).TotalDays)));
        var report = sim.Registry.Events.First(e => e.Type == "watch.report");
        Assert.Contains("v2.0.0 after 30m: well", report.Message, StringComparison.Ordinal);
        Assert.True(long.Parse(report.Data["requests"]) > 100_000, report.Data["requests"]);
        Assert.DoesNotContain("watch.failed", sim.EventsOf(id));
    }

    [Fact]
    public async Task The_environment_is_free_meanwhile_and_the_next_release_ends_it()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var first = await sim.StartRolloutAsync(Plans.In(Steps), "v2.0.0");
        await sim.EndOfAsync(first);

        await sim.RunAsync(Plans.In("  - deploy: { environment: production }\n  - setWeight: 100"), "v3.0.0");
        await sim.Engine.AdvanceAsync(TimeSpan.FromDays(3));

        Assert.Single(sim.TimesOf(first, "watch.ended"));
        Assert.DoesNotContain("review.due", sim.EventsOf(first));
    }

    [Fact]
    public async Task What_fails_afterwards_is_told_once_with_the_way_back_and_nothing_moves()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { Healthy = t => t < TimeSpan.FromMinutes(10) || t > TimeSpan.FromMinutes(40) };
        var id = await sim.StartRolloutAsync(Plans.In(Steps), "v2.0.0");
        await sim.EndOfAsync(id);

        await sim.Engine.AdvanceAsync(TimeSpan.FromDays(2));

        var failed = Assert.Single(sim.Registry.Events, e => e.Type == "watch.failed");
        Assert.Contains("sluice rollback api production", failed.Message, StringComparison.Ordinal);
        Assert.Equal("true", failed.Data["page"]);
        Assert.Single(sim.TimesOf(id, "watch.recovered"));
        Assert.Equal(100, sim.World.Weight("v2.0.0"));
    }

    [Fact]
    public async Task A_host_that_is_killed_at_every_step_starts_it_once_and_tells_the_same()
    {
        async Task<IReadOnlyList<string>> TellsAsync(bool killed)
        {
            await using var sim = await Simulation.StartAsync();
            sim.World.Seed("v1.0.0");
            sim.Engine.CrashAtEachActivity = killed;
            var id = await sim.StartRolloutAsync(Plans.In(Steps), "v2.0.0");
            Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
            await sim.Engine.AdvanceAsync(TimeSpan.FromDays(15));
            return sim.EventsOf(id);
        }

        Assert.Equal(await TellsAsync(killed: false), await TellsAsync(killed: true));
    }
}
