using Sluice.Domain.Rollouts;
using Sluice.Engine.VirtualTime;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>A crash at any activity, before it acts or after it acted and before its result is recorded, is invisible in what was done.</summary>
public sealed class CrashTests
{
    private const int Activities = 68;

    private static readonly string Steps = """
          - validate: { environment: production }
          - migrate: { environment: production, up: [001_up.sql], down: [001_down.sql], reversible: true }
          - deploy: { environment: production }
          - smoke: { suite: smoke.yaml }
          - baseline: { path: /, requests: 10, concurrency: 1 }
          - setWeight: 10
          - soak: { duration: 2m, every: 1m, warmup: 10s }
          - setWeight: 100
          - hold: { duration: 1m, every: 30s }
        """;

    public static TheoryData<int> Points => [.. Enumerable.Range(1, Activities)];

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_after_an_activity_has_acted_changes_nothing_in_a_good_rollout(int activity) =>
        await SameAsync(bad: false, Outcome.Promoted, engine => engine.CrashAfterActivity = activity);

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_after_an_activity_has_acted_changes_nothing_in_a_bad_rollout(int activity) =>
        await SameAsync(bad: true, Outcome.RolledBack, engine => engine.CrashAfterActivity = activity);

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_before_an_activity_acts_changes_nothing_in_a_bad_rollout(int activity) =>
        await SameAsync(bad: true, Outcome.RolledBack, engine => engine.CrashBeforeActivity = activity);

    [Fact]
    public async Task The_points_above_cover_every_activity()
    {
        var good = await RunAsync(bad: false, _ => { });
        var bad = await RunAsync(bad: true, _ => { });

        Assert.True(Math.Max(good.Activities, bad.Activities) <= Activities, $"good {good.Activities}, bad {bad.Activities}, covered {Activities}");
    }

    private static async Task SameAsync(bool bad, Outcome outcome, Action<VirtualEngine> crash)
    {
        var undisturbed = await RunAsync(bad, _ => { });

        var crashed = await RunAsync(bad, crash);

        Assert.Equal(outcome, crashed.Outcome);
        Assert.Equal(undisturbed.Outcome, crashed.Outcome);
        Assert.Equal(undisturbed.Journal, crashed.Journal);
        Assert.Equal(undisturbed.Database, crashed.Database);
        Assert.Equal(undisturbed.Events, crashed.Events);
    }

    private static async Task<Run> RunAsync(bool bad, Action<VirtualEngine> crash)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        if (bad)
        {
            sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.6 };
        }

        crash(sim.Engine);
        var id = await sim.StartRolloutAsync(Plans.In(Steps), "v2.0.0");
        var status = await sim.EndOfAsync(id);
        Assert.Empty(await sim.Registry.ListLocksAsync(default));
        Assert.Empty(sim.Registry.Stacks);
        return new Run(status.Outcome, sim.World.Journal, sim.Database.Journal, sim.EventsOf(id), sim.Engine.ActivitiesActed);
    }

    private sealed record Run(
        Outcome? Outcome, IReadOnlyList<string> Journal, IReadOnlyList<string> Database, IReadOnlyList<string> Events, int Activities);
}
