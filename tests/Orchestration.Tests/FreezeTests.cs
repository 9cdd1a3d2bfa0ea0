using Sluice.Domain.Freezes;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>In a freeze window nothing moves forward unless two people say so; what goes back is never held.</summary>
public sealed class FreezeTests
{
    private const string Steps = "  - deploy: { environment: production }\n  - setWeight: 10\n  - soak: { duration: 1h, clock: wall }\n  - setWeight: 100";

    private static readonly Caller Ana = new("ana", Role.Approver, ["on-call"]);
    private static readonly Caller Ben = new("ben", Role.Deployer, ["on-call"]);
    private static readonly Caller Eve = new("eve", Role.Approver, ["interns"]);

    [Fact]
    public async Task A_start_in_a_window_is_refused_and_says_until_when()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var until = sim.Engine.Now + TimeSpan.FromHours(5);

        var refused = await StartAsync(sim, Frozen(sim, -1, 5));
        var elsewhere = await StartAsync(sim, Frozen(sim, -1, 5, "environments: [staging]", both: true));

        Assert.Equal(new StartResult.Frozen("production", "w", until), refused);
        Assert.IsType<StartResult.Frozen>(elsewhere);
        Assert.Empty(sim.Registry.Rollouts);
    }

    [Fact]
    public async Task A_start_that_is_queued_begins_when_the_window_ends()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var end = sim.Engine.Now + TimeSpan.FromHours(5);
        var id = await sim.StartRolloutAsync(Frozen(sim, -1, 5, "onStart: queue, onRunning: rollback"), "v2.0.0");

        var waits = await sim.UntilAsync(id, s => s.PauseReason == PauseReason.FreezeWindow);
        await sim.UntilAsync(id, s => s.Phase == Phase.Progressing);

        Assert.Equal(end, waits.WaitsUntil);
        Assert.Contains("frozen by 'w'", waits.Message, StringComparison.Ordinal);
        Assert.InRange(sim.Engine.Now - end, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task Only_where_it_begins_decides_whether_a_rollout_may_start_and_what_comes_later_waits_when_it_gets_there()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var plan = Plans.Both(
            "  - deploy: { environment: staging, weight: 100 }\n  - deploy: { environment: production }\n  - setWeight: 100", Window(sim, -1, 5, "environments: [production]"));

        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        var waits = await sim.UntilAsync(id, s => s.PauseReason == PauseReason.FreezeWindow);
        var locks = await sim.Registry.ListLocksAsync(default);

        Assert.Equal("deploy production", waits.Step);
        Assert.Equal("staging", Assert.Single(locks).Environment);
        Assert.True(sim.World.Runs("v2.0.0", "staging"));
        Assert.False(sim.World.Runs("v2.0.0"));
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task A_rollout_under_way_waits_before_its_next_forward_step_until_the_window_ends()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var end = sim.Engine.Now + TimeSpan.FromHours(9);
        var id = await sim.StartRolloutAsync(Frozen(sim, 0.5, 9), "v2.0.0");

        var waits = await sim.UntilAsync(id, s => s.PauseReason == PauseReason.FreezeWindow);
        var weight = sim.World.Weight("v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(("setWeight 100 %", end), (waits.Step, waits.WaitsUntil!.Value));
        Assert.Equal(10, weight);
        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.InRange(sim.Row(id).PromotedAt!.Value - end, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal(["freeze.held", "freeze.passed"], FreezeEvents(sim, id));
    }

    [Fact]
    public async Task A_window_may_let_a_rollout_under_way_go_on_and_says_so_once()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Frozen(sim, 0.5, 9, "onRunning: continue"), "v2.0.0");

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
        Assert.Equal(["freeze.ignored"], FreezeEvents(sim, id));
        Assert.True(sim.Row(id).PromotedAt - sim.Row(id).StartedAt < TimeSpan.FromHours(2));
    }

    [Fact]
    public async Task A_window_may_send_a_rollout_under_way_back()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Frozen(sim, 0.5, 9, "onRunning: rollback"), "v2.0.0");

        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Contains("frozen by 'w'", status.Message, StringComparison.Ordinal);
        Assert.Equal([10, 0], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task A_rollback_is_never_held()
    {
        await using var sim = await Simulation.StartAsync();
        await sim.RunAsync(Plans.Canary, "v1.0.0");
        await sim.RunAsync(Plans.Canary, "v2.0.0");
        var window = Plain(sim.Engine.Now, -1, 200);

        // One that fails within the window, and one that a person wants.
        sim.World.Versions["v3.0.0"] = new Behaviour { ErrorRate = t => t > TimeSpan.FromMinutes(10) ? 0.5 : 0 };
        var bad = await sim.StartRolloutAsync(Plans.In(Steps), "v3.0.0");
        await sim.UntilAsync(bad, s => s.ActualWeight == 10);
        sim.Options.Freeze = [window];
        var failed = await sim.EndOfAsync(bad);
        var restore = await sim.Rollouts.RollbackAsync(new RollbackRequest("api", "production", "v1.0.0", Simulation.Deployer, null), default);
        var restored = await sim.EndOfAsync(Assert.IsType<RollbackResult.Started>(restore).Rollout.Id);

        Assert.Equal(Outcome.RolledBack, failed.Outcome);
        Assert.Equal(Outcome.FastRolledBack, restored.Outcome);
        Assert.Equal(100, sim.World.Weight("v1.0.0"));
    }

    [Fact]
    public async Task A_rollout_that_waits_in_a_window_is_aborted_at_once()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await HeldAsync(sim);
        var said = sim.Engine.Now;

        await sim.SayAsync(id, CommandKind.Abort);
        await sim.Engine.SettleAsync();

        Assert.Equal(Outcome.Aborted, (await sim.StatusAsync(id)).Outcome);
        Assert.Equal(said, sim.Engine.Now);
        Assert.Equal(0, sim.World.Weight("v2.0.0"));
    }

    [Fact]
    public async Task Two_different_people_override_a_window_with_a_reason_and_both_are_recorded()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await HeldAsync(sim);

        Assert.IsType<CommandResult.Conflict>(await sim.SayAsync(id, CommandKind.Promote));
        Assert.IsType<CommandResult.Invalid>(await sim.SayAsync(id, CommandKind.OverrideFreeze, Ana));
        await sim.SayAsync(id, CommandKind.OverrideFreeze, Ana, "CVE-1");
        await sim.SayAsync(id, CommandKind.OverrideFreeze, Ana, "CVE-1 again");
        await sim.SayAsync(id, CommandKind.OverrideFreeze, Simulation.Admin, "for ben", by: "ben");
        await sim.Engine.SettleAsync();
        var half = await sim.StatusAsync(id);
        await sim.SayAsync(id, CommandKind.OverrideFreeze, Ben, "seen it");
        await sim.Engine.SettleAsync();

        Assert.Equal((PauseReason.FreezeWindow, 10), (half.PauseReason, half.ActualWeight));
        Assert.Equal(["ana"], half.ApprovedBy);
        Assert.Contains("ana wants to override it (CVE-1)", half.Message, StringComparison.Ordinal);
        Assert.Equal(100, sim.World.Weight("v2.0.0"));
        var overridden = sim.Registry.Events.Single(e => e.Type == "freeze.overridden");
        Assert.Equal(("ana", "ben"), (overridden.Data["first"], overridden.Data["second"]));
        Assert.Contains("ana: CVE-1; ben: seen it", overridden.Message, StringComparison.Ordinal);
        Assert.Equal(2, sim.EventsOf(id).Count(e => e == "freeze.uncounted"));
    }

    [Fact]
    public async Task A_window_that_names_who_may_override_it_takes_nobody_else()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await HeldAsync(sim, "overrideBy: [on-call]");

        Assert.IsType<CommandResult.Forbidden>(await sim.SayAsync(id, CommandKind.OverrideFreeze, Eve, "please"));
        Assert.IsType<CommandResult.Forbidden>(await sim.SayAsync(id, CommandKind.OverrideFreeze, Simulation.Admin, "please"));
        await sim.SayAsync(id, CommandKind.OverrideFreeze, Ana, "CVE-1");
        await sim.Registry.AddCommandAsync(new Command("k", id, CommandKind.OverrideFreeze, "eve", "x", sim.Engine.Now) { Groups = ["interns"] }, default);
        await sim.Engine.Client.RaiseEventAsync(id, "Wake", "");
        await sim.Engine.SettleAsync();

        Assert.Equal(PauseReason.FreezeWindow, (await sim.StatusAsync(id)).PauseReason);
    }

    [Fact]
    public async Task Whoever_starts_in_spite_of_a_window_is_the_first_of_the_two()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var plan = Frozen(sim, -1, 50);
        var started = Assert.IsType<StartResult.Started>(await sim.Rollouts.StartAsync(
            new StartRequest(plan, new Release("v2.0.0"), "k", Ben) { FreezeOverride = "CVE-1" }, default));
        var id = started.Rollout.Id;
        var waits = await sim.UntilAsync(id, s => s.PauseReason == PauseReason.FreezeWindow);
        await sim.SayAsync(id, CommandKind.OverrideFreeze, Ben, "me again");
        await sim.Engine.SettleAsync();
        var still = await sim.StatusAsync(id);
        var begun = sim.Engine.Now;

        await sim.SayAsync(id, CommandKind.OverrideFreeze, Ana, "go");
        var end = await sim.EndOfAsync(id);

        Assert.Equal(["ben"], waits.ApprovedBy);
        Assert.Equal(PauseReason.FreezeWindow, still.PauseReason);
        Assert.Equal(Outcome.Promoted, end.Outcome);
        Assert.True(sim.Engine.Now - begun < TimeSpan.FromHours(3), "the whole window was overridden, not one step of it");
    }

    [Fact]
    public async Task Somebody_whom_the_window_does_not_name_cannot_start_in_spite_of_it()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");

        var result = await sim.Rollouts.StartAsync(
            new StartRequest(Frozen(sim, -1, 5, "overrideBy: [on-call]"), new Release("v2.0.0"), null, Simulation.Deployer) { FreezeOverride = "CVE-1" }, default);

        Assert.Contains("on-call", Assert.IsType<StartResult.Refused>(result).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_servers_own_windows_hold_every_plan()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.Options.Freeze = [Plain(sim.Engine.Now, -1, 5)];

        Assert.IsType<StartResult.Frozen>(await StartAsync(sim, Plans.In(Steps)));
    }

    [Fact]
    public async Task An_overridden_window_that_comes_every_week_holds_again_the_next_week()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var day = sim.Engine.Now.DayOfWeek.ToString()[..3].ToLowerInvariant();
        var next = sim.Engine.Now.AddDays(1).DayOfWeek.ToString()[..3].ToLowerInvariant();
        var plan = Plans.In(
            "  - deploy: { environment: production }\n  - setWeight: 10\n  - soak: { duration: 7d, every: 30m, glance: 30m, clock: wall }\n  - setWeight: 100",
            $"freeze: [{{ name: w, from: {day}, to: {next}, onStart: queue }}]");
        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        await sim.UntilAsync(id, s => s.PauseReason == PauseReason.FreezeWindow);
        await sim.SayAsync(id, CommandKind.OverrideFreeze, Ana, "a");
        await sim.SayAsync(id, CommandKind.OverrideFreeze, Ben, "b");
        await sim.UntilAsync(id, s => s.ActualWeight == 10);

        var again = await sim.UntilAsync(id, s => s.PauseReason == PauseReason.FreezeWindow, TimeSpan.FromDays(9));

        Assert.Equal("setWeight 100 %", again.Step);
    }

    private static async Task<string> HeldAsync(Simulation sim, string more = "")
    {
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Frozen(sim, 0.5, 90, more), "v2.0.0");
        await sim.UntilAsync(id, s => s.PauseReason == PauseReason.FreezeWindow);
        return id;
    }

    private static Task<StartResult> StartAsync(Simulation sim, Bundle plan) =>
        sim.Rollouts.StartAsync(new StartRequest(plan, new Release("v2.0.0"), null, Simulation.Deployer), default);

    private static IEnumerable<string> FreezeEvents(Simulation sim, string id) =>
        sim.EventsOf(id).Where(e => e.StartsWith("freeze.", StringComparison.Ordinal));

    private static Bundle Frozen(Simulation sim, double from, double to, string more = "", bool both = false) => both
        ? Plans.Both("  - deploy: { environment: staging, weight: 100 }", Window(sim, from, to, more))
        : Plans.In(Steps, Window(sim, from, to, more));

    private static string Window(Simulation sim, double from, double to, string more = "") =>
        $"freeze: [{{ name: w, from: \"{Text(sim.Engine.Now, from)}\", to: \"{Text(sim.Engine.Now, to)}\"{(more.Length > 0 ? ", " + more : "")} }}]";

    private static FreezeWindow Plain(DateTimeOffset now, double from, double to) =>
        new("w", "UTC", FreezeMoment.Parse(Text(now, from))!, FreezeMoment.Parse(Text(now, to))!);

    private static string Text(DateTimeOffset now, double hours) => now.AddHours(hours).ToString("yyyy-MM-dd'T'HH:mm", System.Globalization.CultureInfo.InvariantCulture);
}
