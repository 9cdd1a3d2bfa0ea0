using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Engine.VirtualTime;
using Sluice.Orchestration.Ports;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>
/// Where a rollout waits for people, a crash at any activity, before it acts or after it acted and before its result is recorded, changes
/// neither what was decided nor what was done.
/// </summary>
public sealed class PeopleCrashTests
{
    private static readonly Caller Ana = new("ana", Role.Approver, ["owners"]);
    private static readonly Caller Ben = new("ben", Role.Approver, ["owners"]);

    private static readonly Dictionary<string, (Outcome Outcome, Func<Simulation, Task<string>> Tell)> Stories = new()
    {
        ["an approval by two, asked again between them"] = (Outcome.Promoted, async sim =>
        {
            var id = await sim.StartRolloutAsync(
                Plans.In("  - deploy: { environment: production }\n  - approval: { approvers: [owners], required: 2 }\n  - setWeight: 100"), "v2.0.0");
            await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Approval);
            await sim.SayAsync(id, CommandKind.Approve, Ana, key: "1");
            await sim.UntilAsync(id, s => s.ApprovedBy.Count == 1);
            await sim.ReportAsync(id, "ci", passed: true);
            await sim.UntilAsync(id, s => s.ApprovedBy.Count == 0);
            await sim.SayAsync(id, CommandKind.Approve, Ben, key: "2");
            await sim.UntilAsync(id, s => s.ApprovedBy.Count == 1);
            await sim.SayAsync(id, CommandKind.Approve, Ana, key: "3");
            return id;
        }),
        ["an approval that expires"] = (Outcome.Rejected, sim => sim.StartRolloutAsync(
            Plans.In("  - deploy: { environment: production }\n  - setWeight: 10\n  - approval: { approvers: [owners], timeout: 1h }\n  - setWeight: 100"), "v2.0.0")),
        ["a checklist"] = (Outcome.Promoted, async sim =>
        {
            var id = await sim.StartRolloutAsync(
                Plans.In("""
                      - deploy: { environment: production }
                      - checklist: { name: go, items: [{ name: a, by: [owners] }, { name: ci, condition: ci }, { name: api, smoke: smoke.yaml }] }
                      - setWeight: 100
                    """),
                "v2.0.0");
            await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Checklist);
            await sim.TickAsync(id, "a", Ana);
            await sim.UntilAsync(id, s => s.Items.Any(i => i is { Name: "a", Done: true }));
            await sim.ReportAsync(id, "ci", passed: true);
            return id;
        }),
        ["a freeze window that two override"] = (Outcome.Promoted, async sim =>
        {
            var id = await sim.StartRolloutAsync(Frozen(sim, "pause"), "v2.0.0");
            await sim.UntilAsync(id, s => s.PauseReason == PauseReason.FreezeWindow);
            await sim.SayAsync(id, CommandKind.OverrideFreeze, Ana, "CVE-1", key: "1");
            await sim.UntilAsync(id, s => s.ApprovedBy.Count == 1);
            await sim.SayAsync(id, CommandKind.OverrideFreeze, Ben, "seen it", key: "2");
            return id;
        }),
        ["a freeze window that ends"] = (Outcome.Promoted, sim => sim.StartRolloutAsync(Frozen(sim, "pause"), "v2.0.0")),
        ["a freeze window that sends back"] = (Outcome.RolledBack, sim => sim.StartRolloutAsync(Frozen(sim, "rollback"), "v2.0.0")),
        ["one that supersedes another"] = (Outcome.Promoted, async sim =>
        {
            var first = await sim.StartRolloutAsync(
                Plans.In("  - deploy: { environment: production }\n  - setWeight: 10\n  - approval: { approvers: [owners] }\n  - setWeight: 100"), "v2.0.0");
            await sim.UntilAsync(first, s => s.PauseReason == PauseReason.Approval);
            return await sim.StartRolloutAsync(Plans.In("  - deploy: { environment: production, weight: 100 }", "concurrency: supersede"), "v3.0.0");
        }),
    };

    private static Bundle Frozen(Simulation sim, string onRunning)
    {
        var (from, to) = (sim.Engine.Now.AddMinutes(1), sim.Engine.Now.AddMinutes(30));
        return Plans.In(
            "  - deploy: { environment: production }\n  - setWeight: 10\n  - soak: { duration: 90s, every: 90s, clock: wall, warmup: 0s }\n  - setWeight: 100",
            $"freeze: [{{ name: w, from: \"{from:yyyy-MM-dd'T'HH:mm}\", to: \"{to:yyyy-MM-dd'T'HH:mm}\", onRunning: {onRunning} }}]");
    }

    public static TheoryData<string> Names => [.. Stories.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_crash_at_any_activity_changes_nothing(string story)
    {
        var undisturbed = await RunAsync(story, _ => { });
        Assert.Equal(Stories[story].Outcome, undisturbed.Outcome);

        for (var activity = 1; activity <= undisturbed.Activities; activity++)
        {
            var after = await RunAsync(story, engine => engine.CrashAfterActivity = activity);
            Same($"{story}: after activity {activity}", undisturbed, after);
            var before = await RunAsync(story, engine => engine.CrashBeforeActivity = activity);
            Same($"{story}: before activity {activity}", undisturbed, before);
        }
    }

    private static void Same(string where, Run undisturbed, Run crashed)
    {
        Assert.Equal((where, 1), (where, crashed.Crashes));
        Assert.Equal((where, undisturbed.Outcome), (where, crashed.Outcome));
        Assert.Equal($"{where}\n{string.Join("\n", undisturbed.Done)}", $"{where}\n{string.Join("\n", crashed.Done)}");
        Assert.Equal($"{where}\n{string.Join("\n", undisturbed.Events)}", $"{where}\n{string.Join("\n", crashed.Events)}");
    }

    private static async Task<Run> RunAsync(string story, Action<VirtualEngine> crash)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        crash(sim.Engine);
        var id = await Stories[story].Tell(sim);
        var status = await sim.EndOfAsync(id);
        Assert.Empty(await sim.Registry.ListLocksAsync(default));
        Assert.Empty(sim.Registry.Stacks);
        return new Run(status.Outcome, sim.World.Journal, [.. sim.Registry.Rollouts.Select(r => r.Id).Order(StringComparer.Ordinal).SelectMany(sim.EventsOf)], sim.Engine.ActivitiesActed, sim.Engine.Crashes);
    }

    private sealed record Run(Outcome? Outcome, IReadOnlyList<string> Done, IReadOnlyList<string> Events, int Activities, int Crashes);
}
