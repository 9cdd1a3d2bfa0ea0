using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Engine;
using Sluice.Engine.History;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Schedules;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>
/// Histories of every release, in <c>tests/Histories/{version}/{scenario}/</c>, replay against the code of today, from the end and from each turn:
/// a rollout that sleeps through an upgrade goes on. <c>SLUICE_RECORD=1</c> records those of the present version anew; the folders of released
/// versions are never touched again.
/// </summary>
public sealed class RecordedHistoryTests
{
    private static readonly Bundle Canary = Plans.In("""
          - deploy: { environment: production }
          - setWeight: 10
          - soak: { duration: 4m, every: 30s }
          - setWeight: 100
          - hold: { duration: 1m, every: 30s }
        """);

    private static readonly Dictionary<string, Func<Simulation, Task>> Stories = new()
    {
        ["promoted"] = async sim => await sim.RunAsync(
            Plans.In("""
                  - validate: { environment: production }
                  - migrate: { environment: production, up: [001_up.sql], down: [001_down.sql], reversible: true }
                  - deploy: { environment: production }
                  - smoke: { suite: smoke.yaml }
                  - baseline: { path: /, requests: 10, concurrency: 1 }
                  - setWeight: 10
                  - soak: { duration: 4m, every: 1m }
                  - setWeight: 100
                  - hold: { duration: 2m, every: 30s }
                """),
            "v2.0.0"),

        // Two legs; without metrics, whose readings would fill a megabyte.
        ["soaked-for-long"] = async sim => await sim.RunAsync(
            Plans.Both("  - deploy: { environment: staging, weight: 100 }\n  - soak: { duration: 61m, every: 30s }"), "v2.0.0"),
        ["rolled-back"] = async sim =>
        {
            sim.World.Seed("v1.0.0", "staging");
            sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.05 };
            await sim.RunAsync(
                Plans.Both("""
                      - migrate: { environment: staging, up: [001_up.sql], down: [001_down.sql], reversible: true }
                      - deploy: { environment: staging, weight: 100 }
                      - smoke: { suite: smoke.yaml }
                      - deploy: { environment: production }
                      - setWeight: 10
                      - soak: { duration: 4m, every: 30s }
                      - setWeight: 100
                    """),
                "v2.0.0");
        },
        ["approved"] = async sim =>
        {
            var id = await sim.StartRolloutAsync(
                Plans.In("""
                      - deploy: { environment: production }
                      - approval: { approvers: [release-managers], required: 1, timeout: 72h, onTimeout: rollback }
                      - setWeight: 100
                    """),
                "v2.0.0");
            await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Approval);
            await sim.Scheduler.StartDueAsync([Scheduler.Reminders, Scheduler.Retention], default);
            await sim.SayAsync(id, CommandKind.Approve, new Caller("ana", Role.Approver, ["release-managers"]), "looks good");
            await sim.EndOfAsync(id);
        },
        ["rejected"] = async sim =>
        {
            var id = await sim.StartRolloutAsync(
                Plans.In("  - deploy: { environment: production }\n  - approval: { approvers: [ana], required: 1 }\n  - setWeight: 100"), "v2.0.0");
            await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Approval);
            await sim.SayAsync(id, CommandKind.Reject, new Caller("ana", Role.Approver, []), "not on a Friday");
            await sim.EndOfAsync(id);
        },
        ["ticked-and-signed-off"] = async sim =>
        {
            var ana = new Caller("ana", Role.Approver, []);
            var id = await sim.StartRolloutAsync(
                Plans.In("""
                      - checklist: { name: before, environment: production, items: [{ name: backups, by: [ana] }, { name: ci, condition: ci }, { name: api, smoke: smoke.yaml }] }
                      - deploy: { environment: production }
                      - setWeight: 100
                      - signOff: { name: day 1, by: [ana], after: 1d }
                    """),
                "v2.0.0");
            await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Checklist);
            await sim.TickAsync(id, "backups", ana, "restored");
            await sim.ReportAsync(id, "ci", passed: true);
            await sim.UntilAsync(id, s => s.Evidence is not null, TimeSpan.FromDays(2));
            await sim.Engine.AdvanceAsync(TimeSpan.FromDays(2));
            await sim.SayAsync(id, CommandKind.Approve, ana);
            await sim.EndOfAsync(id);
        },
        ["frozen-and-overridden"] = async sim =>
        {
            var freeze = $"freeze: [{{ name: w, from: \"{sim.Engine.Now.AddMinutes(1):yyyy-MM-dd'T'HH:mm}\", to: 2099-01-01 }}]";
            var id = await sim.StartRolloutAsync(
                Plans.In("  - deploy: { environment: production }\n  - setWeight: 10\n  - soak: { duration: 2m, every: 1m, clock: wall }\n  - setWeight: 100", freeze), "v2.0.0");
            await sim.UntilAsync(id, s => s.PauseReason == PauseReason.FreezeWindow);
            await sim.SayAsync(id, CommandKind.OverrideFreeze, new Caller("ana", Role.Approver, []), "CVE-1");
            await sim.SayAsync(id, CommandKind.OverrideFreeze, new Caller("ben", Role.Approver, []), "seen it");
            await sim.EndOfAsync(id);
        },
        ["watched-afterwards"] = async sim =>
        {
            await sim.RunAsync(
                Plans.In("""
                      - deploy: { environment: production }
                      - setWeight: 100
                      - watch: { environment: production }
                    """),
                "v2.0.0");
            await sim.Engine.AdvanceAsync(TimeSpan.FromDays(15));
        },
        ["paused-and-promoted"] = async sim =>
        {
            var id = await sim.StartRolloutAsync(Canary, "v2.0.0");
            await sim.UntilAsync(id, s => s.Leg is not null);
            await sim.SayAsync(id, CommandKind.Pause);
            await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(2));
            await sim.SayAsync(id, CommandKind.Resume);
            await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
            await sim.SayAsync(id, CommandKind.Promote);
            await sim.EndOfAsync(id);
        },
        ["aborted"] = async sim =>
        {
            var id = await sim.StartRolloutAsync(Canary, "v2.0.0");
            await sim.UntilAsync(id, s => s.Leg is not null);
            await sim.SayAsync(id, CommandKind.Abort, Simulation.Deployer, "wrong build");
            await sim.EndOfAsync(id);
        },
        ["gone-back"] = async sim =>
        {
            await sim.RunAsync(Canary, "v2.0.0");
            await sim.RunAsync(Canary, "v3.0.0");
            var back = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", null, Simulation.Deployer, "users complain"), default);
            await sim.EndOfAsync(((RollbackResult.Started)back).Rollout.Id);
        },
        ["lost-and-recovered"] = async sim =>
        {
            var id = await sim.StartRolloutAsync(Canary, "v2.0.0");
            await sim.UntilAsync(id, s => s is { ActualWeight: 10, Leg: not null });
            await sim.Engine.Client.TerminateInstanceAsync(id);
            await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
            await sim.Scheduler.StartDueAsync([Scheduler.Watchdog], default);
            await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(5));
        },
    };

    private static readonly DurableTasks Program = new DurableTasks().AddSluice();

    public static TheoryData<string> Names => [.. Stories.Keys];

    public static TheoryData<string> Recorded => [.. Directory.GetFiles(Folder, "*.json", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_history_of_today_replays_and_is_recorded_if_wanted(string story)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        await Stories[story](sim);
        await sim.Engine.SettleAsync();

        var histories = StoredHistory.ReadFile(sim.Engine.Path, Enum.GetValues<RuntimeStatus>()).ToList();

        Assert.NotEmpty(histories);
        Assert.All(histories, h => Assert.Empty(Faults(h)));
        if (Environment.GetEnvironmentVariable("SLUICE_RECORD") == "1")
        {
            await RecordAsync(Path.Combine(Folder, PresentVersion, story), histories);
        }
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task A_history_of_any_release_replays_from_each_of_its_turns(string file) =>
        Assert.Empty(Faults(StoredHistory.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, file)))));

    [Fact]
    public void Every_orchestrator_of_the_present_version_has_a_recorded_history()
    {
        var recorded = Directory.GetFiles(Path.Combine(Folder, PresentVersion), "*.json", SearchOption.AllDirectories)
            .Select(f => StoredHistory.Parse(File.ReadAllText(f)).Name);

        Assert.Equal(Program.OrchestratorNames.Order(), recorded.Distinct().Order());
    }

    private static string PresentVersion => typeof(Orchestrations).Assembly.GetName().Version!.ToString(3);

    private static string Folder { get; } = Path.Combine(Root(AppContext.BaseDirectory), "tests", "Histories");

    private static string Root(string folder) =>
        File.Exists(Path.Combine(folder, "Directory.Build.props")) && Directory.Exists(Path.Combine(folder, "tests"))
            ? folder
            : Root(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("These tests run inside their repository."));

    private static List<string> Faults(StoredHistory history)
    {
        var check = new ReplayCheck(Program);
        var turns = history.Events.Index().Where(e => e.Item is OrchestratorCompleted).Select(e => e.Index + 1).Append(history.Events.Count);
        return [.. turns.Distinct()
            .Select(turn => (Turn: turn, check.Check(history.UpTo(turn)).Fault))
            .Where(v => v.Fault is not null)
            .Select(v => $"{history.InstanceId} up to event {v.Turn} of {history.Events.Count}: {v.Fault}")];
    }

    private static async Task RecordAsync(string folder, List<StoredHistory> histories)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        foreach (var history in histories)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, history.FileName), history.Write());
        }
    }
}
