using Sluice.Domain.Rollouts;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>A crash at any activity of a rollout that waits for syncs is invisible in what was done, on the good way and on each of the others.</summary>
public sealed class VerifySyncCrashTests
{
    private const int Activities = 56;

    private static readonly string[] Ways = ["good", "rollback", "disable", "{ widen: 12h }", "{ providers: [openrouter] }"];

    public static TheoryData<string, int> Points
    {
        get
        {
            var points = new TheoryData<string, int>();
            foreach (var way in Ways)
            {
                foreach (var activity in Enumerable.Range(1, Activities))
                {
                    points.Add(way, activity);
                }
            }

            return points;
        }
    }

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_after_an_activity_has_acted_changes_nothing(string way, int activity) =>
        await SameAsync(way, engine => engine.CrashAfterActivity = activity);

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_before_an_activity_acts_changes_nothing(string way, int activity) =>
        await SameAsync(way, engine => engine.CrashBeforeActivity = activity);

    [Fact]
    public async Task The_points_above_cover_every_activity()
    {
        foreach (var way in Ways)
        {
            var run = await RunAsync(way, _ => { });
            Assert.True(run.Activities <= Activities, $"{way}: {run.Activities}, covered {Activities}");
        }
    }

    private static async Task SameAsync(string way, Action<VirtualEngine> crash)
    {
        var undisturbed = await RunAsync(way, _ => { });

        var crashed = await RunAsync(way, crash);

        Assert.Equal(way == "rollback" ? Outcome.RolledBack : Outcome.Promoted, crashed.Outcome);
        Assert.Equal(undisturbed.World, crashed.World);
        Assert.Equal(undisturbed.Schedule, crashed.Schedule);
        Assert.Equal(undisturbed.Events, crashed.Events);
    }

    private static async Task<Run> RunAsync(string way, Action<VirtualEngine> crash)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        if (way != "good")
        {
            sim.Syncs.Run = (n, run) => n == 2 ? run with { Status = "failed" } : run;
        }

        crash(sim.Engine);
        var id = await sim.StartRolloutAsync(VerifySyncTests.Plan(way == "good" ? "rollback" : way), "v2.0.0");
        var status = await sim.EndOfAsync(id);
        Assert.Empty(await sim.Registry.ListLocksAsync(default));
        return new Run(status.Outcome, sim.World.Journal, sim.Syncs.Journal, sim.EventsOf(id), sim.Engine.ActivitiesActed);
    }

    private sealed record Run(
        Outcome? Outcome, IReadOnlyList<string> World, IReadOnlyList<string> Schedule, IReadOnlyList<string> Events, int Activities);
}
