using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>Every named plan in virtual time: what moves and when, what a bad release comes to, and that a host killed at every step changes nothing.</summary>
public sealed class StrategyTests
{
    private static readonly Caller Ana = new("ana", Role.Approver, []);

    /// <summary>Each named plan, shortened where it takes days, with the weights its canary gets.</summary>
    private static readonly Dictionary<string, (string Text, int[] Weights)> Short = new()
    {
        ["canary"] = ("strategy: { name: canary, suite: smoke.yaml, duration: 3m, hold: 2m }", [10, 100]),
        ["staged"] = ("strategy: { name: staged, suite: smoke.yaml, firstDuration: 4m, secondDuration: 4m, hold: 3m, every: [30s until 2m, 1m], override: { watch: ~ } }", [5, 25, 100]),
        ["blue-green"] = ("strategy: { name: blue-green, suite: smoke.yaml, secondDuration: 2m, keep: 2m, override: { keep: { every: 30s } } }", [10, 50, 100]),
        ["progressive"] = ("strategy: { name: progressive, suite: smoke.yaml, duration: 2m, hold: 2m }", [10, 25, 50, 75, 100]),
        ["emergency"] = ("strategy: { name: emergency, suite: smoke.yaml, hold: 2m }", [100]),
        ["scheduler"] = ("strategy: { name: scheduler, suite: smoke.yaml, approvers: [ana], duration: 5m, hold: 3m, override: { soak: { every: 1m }, hold: { every: 1m }, watch: ~ } }", [100]),
        ["full"] = ("strategy: { name: full, suite: smoke.yaml, approvers: [ana], up: [001_up.sql], down: [001_down.sql], soak: 5m, duration: 3m, hold: 2m, override: { soak-staging: { every: 1m }, watch: ~ } }", [10, 100]),
    };

    public static TheoryData<string> Names => [.. Short.Keys];

    [Fact]
    public void Every_named_plan_is_run_below() => Assert.Equal(NamedPlans.Names, Short.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_good_release_gets_each_weight_in_turn_also_when_the_host_is_killed_at_every_step(string name)
    {
        var undisturbed = await RunAsync(name, bad: false, killed: false);

        var killed = await RunAsync(name, bad: false, killed: true);

        Assert.Equal(Outcome.Promoted, undisturbed.Outcome);
        Assert.Equal(Short[name].Weights, undisturbed.Weights);
        Same(undisturbed, killed);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_release_that_fails_with_its_first_users_goes_back_also_when_the_host_is_killed_at_every_step(string name)
    {
        var undisturbed = await RunAsync(name, bad: true, killed: false);

        var killed = await RunAsync(name, bad: true, killed: true);

        Assert.Equal(Outcome.RolledBack, undisturbed.Outcome);
        Assert.Equal([Short[name].Weights[0], 0], undisturbed.Weights);
        Assert.Contains("incident.resolved", undisturbed.Events);
        Same(undisturbed, killed);
    }

    [Fact]
    public async Task Canary_takes_a_quarter_of_an_hour_of_exposure_and_an_hour_of_holding()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");

        var id = await sim.StartRolloutAsync(Plans.Named("strategy: { name: canary, suite: smoke.yaml }"), "v2.0.0");
        await sim.EndOfAsync(id);

        var moves = sim.TimesOf(id, "traffic.moved");
        Assert.InRange(moves[1] - moves[0], TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(19));
        Assert.InRange(sim.TimesOf(id, "deployment.succeeded")[0] - moves[1], TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(64));
        Assert.True(sim.TimesOf(id, "revision.stopped")[0] >= sim.TimesOf(id, "deployment.succeeded")[0]);
    }

    [Fact]
    public async Task Green_that_is_not_healthy_within_five_minutes_is_destroyed_and_blue_never_moved()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { NeverReady = true };
        var started = sim.Engine.Now;

        var status = await sim.RunAsync(Plans.Named("strategy: blue-green"), "v2.0.0");

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Equal(["production: start v2.0.0", "production: stop v2.0.0"], sim.World.Journal);
        Assert.InRange(sim.Engine.Now - started, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(6));
        Assert.Contains("not ready within 5m", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blue_is_destroyed_a_day_after_green_took_over()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");

        var id = await sim.StartRolloutAsync(Plans.Named("strategy: blue-green"), "v2.0.0");
        await sim.EndOfAsync(id);

        Assert.InRange(
            sim.TimesOf(id, "revision.stopped")[0] - sim.TimesOf(id, "traffic.moved")[^1], TimeSpan.FromHours(24), TimeSpan.FromHours(24.2));
    }

    [Fact]
    public async Task Staged_takes_its_days_and_looks_more_rarely_as_it_ages()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var plan = Plans.Named("strategy: { name: staged, every: [5m until 8h, 15m], override: { first: { glance: 5m }, second: { glance: 5m }, hold: { glance: 5m } } }");

        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        await sim.EndOfAsync(id, TimeSpan.FromDays(30));

        var moves = sim.TimesOf(id, "traffic.moved");
        Assert.Equal([5, 25, 100], sim.World.WeightsOf("v2.0.0"));
        Assert.InRange(moves[1] - moves[0], TimeSpan.FromDays(2), TimeSpan.FromDays(2.1));
        Assert.InRange(moves[2] - moves[1], TimeSpan.FromDays(3), TimeSpan.FromDays(3.1));
        var story = (await sim.Rollouts.GetAsync(id, default))!.Steps;
        Assert.All(story, s => Assert.Equal(StepState.Passed, s.State));
    }

    [Fact]
    public async Task An_emergency_takes_less_than_ten_minutes()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var started = sim.Engine.Now;

        var status = await sim.RunAsync(Plans.Named("strategy: { name: emergency, suite: smoke.yaml }"), "v2.0.0");

        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.True(sim.Engine.Now - started < TimeSpan.FromMinutes(10), $"{sim.Engine.Now - started}");
    }

    [Fact]
    public async Task The_scheduler_watches_staging_for_two_days_before_anybody_is_asked()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var started = sim.Engine.Now;
        var id = await sim.StartRolloutAsync(Plans.Named("strategy: { name: scheduler, suite: smoke.yaml, approvers: [ana] }"), "v2.0.0");

        await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Approval, TimeSpan.FromDays(4));

        Assert.InRange(sim.Engine.Now - started, TimeSpan.FromHours(48), TimeSpan.FromHours(49));
        Assert.False(sim.World.Runs("v2.0.0"));
    }

    private static void Same(Run undisturbed, Run killed)
    {
        Assert.True(killed.Crashes > 20, $"only {killed.Crashes} crashes");
        Assert.Equal(undisturbed.Outcome, killed.Outcome);
        Assert.Equal(undisturbed.Journal, killed.Journal);
        Assert.Equal(undisturbed.Database, killed.Database);
        Assert.Equal(undisturbed.Events, killed.Events);
    }

    private static async Task<Run> RunAsync(string name, bool bad, bool killed)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Seed("v1.0.0", "staging");
        if (bad)
        {
            sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.6 };
            sim.World.WithoutUsers.Add("staging");
        }

        sim.Engine.CrashAtEachActivity = killed;
        var id = await sim.StartRolloutAsync(Plans.Named(Short[name].Text), "v2.0.0");
        if (Short[name].Text.Contains("approvers", StringComparison.Ordinal))
        {
            await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Approval);
            Assert.IsType<CommandResult.Accepted>(await sim.SayAsync(id, CommandKind.Approve, Ana));
        }

        var status = await sim.EndOfAsync(id);
        Assert.Empty(await sim.Registry.ListLocksAsync(default));
        return new Run(
            status.Outcome, sim.World.WeightsOf("v2.0.0"), sim.World.Journal, sim.Database.Journal, sim.EventsOf(id), sim.Engine.Crashes);
    }

    private sealed record Run(
        Outcome? Outcome,
        IReadOnlyList<int> Weights,
        IReadOnlyList<string> Journal,
        IReadOnlyList<string> Database,
        IReadOnlyList<string> Events,
        int Crashes);
}
