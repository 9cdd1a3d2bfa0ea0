using System.Globalization;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>What brings a release back by itself: seen within two minutes, back within two more, and what is done when that is not wanted.</summary>
public sealed class TriggerTests
{
    private static readonly TimeSpan Two = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Onset = TimeSpan.FromMinutes(4);

    public static TheoryData<string> Faults => ["health", "errors", "latency"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Each_trigger_is_seen_within_two_minutes_and_back_within_two_more(string fault)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = Faulty(fault);
        var started = sim.Engine.Now;

        var id = await sim.StartRolloutAsync(Plans.Named("strategy: canary"), "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        var detected = Assert.Single(sim.TimesOf(id, "rollback.triggered"));
        var restored = Assert.Single(sim.TimesOf(id, "incident.resolved"));
        Assert.InRange(detected - (started + Onset), TimeSpan.Zero, Two);
        Assert.InRange(restored - detected, TimeSpan.FromSeconds(30), Two);
        Assert.Equal([10, 0], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task An_incident_says_what_when_on_what_evidence_and_how_long_it_took()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = Faulty("errors");

        var id = await sim.StartRolloutAsync(Plans.Named("strategy: canary"), "v2.0.0");
        await sim.EndOfAsync(id);

        var opened = Assert.Single(sim.Registry.Events, e => e.Type == "incident.opened");
        var resolved = Assert.Single(sim.Registry.Events, e => e.Type == "incident.resolved");
        Assert.Equal(("v2.0.0", "10"), (opened.Data["version"], opened.Data["weight"]));
        Assert.Contains("canary requests failed", opened.Data["evidence"], StringComparison.Ordinal);
        Assert.Equal(opened.Data["incident"], resolved.Data["incident"]);
        var seconds = (Time(resolved.Data["restoredAt"]) - Time(resolved.Data["detectedAt"])).TotalSeconds;
        Assert.Equal(seconds.ToString("0", CultureInfo.InvariantCulture), resolved.Data["timeToRestoreSeconds"]);
        Assert.Equal(resolved.Data["timeToRestoreSeconds"], sim.Row(id).Metadata["timeToRestoreSeconds"]);
    }

    [Fact]
    public async Task A_person_who_brings_it_back_opens_no_incident()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);

        await sim.SayAsync(id, CommandKind.Abort);
        await sim.EndOfAsync(id);

        Assert.DoesNotContain("incident.opened", sim.EventsOf(id));
    }

    [Fact]
    public async Task A_rollback_is_over_only_when_the_old_version_bears_its_traffic_and_pages_until_then()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = Faulty("errors");
        var back = DateTimeOffset.MaxValue;
        sim.World.Versions["v1.0.0"] = new Behaviour
        {
            // It falls when all traffic comes back, and heals five minutes later.
            Healthy = _ => sim.World.Weight("v2.0.0") > 0 || sim.World.WeightsOf("v2.0.0").Count < 2 || Fallen(sim, ref back) > TimeSpan.FromMinutes(5),
        };

        var id = await sim.StartRolloutAsync(Plans.Named("strategy: canary"), "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        var blocked = sim.Registry.Events.First(e => e.Type == "rollback.blocked");
        Assert.Equal("true", blocked.Data["page"]);
        Assert.Contains("Unhealthy", blocked.Message, StringComparison.Ordinal);
        Assert.True(sim.TimesOf(id, "incident.resolved")[0] - back > TimeSpan.FromMinutes(5));
        Assert.Equal("production: stop v2.0.0", sim.World.Journal[^1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Switched_off_it_goes_on_checking_says_once_what_it_would_have_done_and_a_later_pass_clears_it(bool byPlan)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.Options.AutoRollback = byPlan;
        sim.World.Versions["v2.0.0"] = new Behaviour { Healthy = t => t < TimeSpan.FromMinutes(5) || t > TimeSpan.FromMinutes(12) };
        var plan = Plans.Named("strategy: canary");
        plan = byPlan ? plan with { Plan = plan.Plan.Replace("variables: production.yaml", "variables: production.yaml\n    autoRollback: false", StringComparison.Ordinal) } : plan;

        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        var failing = await sim.UntilAsync(id, s => s.Phase == Phase.Paused);
        var status = await sim.EndOfAsync(id);

        Assert.Contains("would have rolled back", failing.Message, StringComparison.Ordinal);
        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.Single(sim.TimesOf(id, "rollback.suppressed"));
        Assert.Single(sim.TimesOf(id, "rollback.cleared"));
        Assert.Equal([10, 100], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task Switched_off_nothing_moves_until_a_person_says_so()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.Options.AutoRollback = false;
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.6 };

        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.UntilAsync(id, s => s.Phase == Phase.Paused);
        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(3));
        Assert.Equal([10], sim.World.WeightsOf("v2.0.0"));
        Assert.Single(sim.TimesOf(id, "rollback.suppressed"));
        await sim.SayAsync(id, CommandKind.Rollback);

        Assert.Equal(Outcome.RolledBack, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task Reduced_it_waits_for_a_person_and_only_a_promotion_passes_it()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => sim.World.Weight("v2.0.0") > 10 ? 0.4 : 0 };
        var id = await sim.StartRolloutAsync(Plans.Named("strategy: { name: staged, firstDuration: 5m, secondDuration: 5m, every: 30s, hold: 5m, override: { watch: ~ } }"), "v2.0.0");

        var waiting = await sim.UntilAsync(id, s => s.Message.StartsWith("failed, reduced to 5 %", StringComparison.Ordinal));
        await sim.SayAsync(id, CommandKind.Resume);
        await sim.SayAsync(id, CommandKind.Skip);
        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(30));
        Assert.Equal([5, 25, 5], sim.World.WeightsOf("v2.0.0"));
        Assert.Equal(PauseReason.Inconclusive, (await sim.StatusAsync(id)).PauseReason);
        sim.World.Versions["v2.0.0"] = new Behaviour();
        await sim.SayAsync(id, CommandKind.Promote);

        Assert.Equal((Phase.Paused, PauseReason.Inconclusive), (waiting.Phase, waiting.PauseReason));
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
        Assert.Equal([5, 25, 5, 100], sim.World.WeightsOf("v2.0.0"));
    }

    [Fact]
    public async Task While_it_waits_reduced_a_canary_that_dies_goes_back_without_being_asked()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.4, Healthy = t => t < TimeSpan.FromHours(2) };
        var plan = Plans.In("  - deploy: { environment: production }\n  - setWeight: 25\n  - soak: { duration: 15m, onFailure: { reduce: 5 } }\n  - setWeight: 100");

        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Equal([25, 5, 0], sim.World.WeightsOf("v2.0.0"));
        Assert.Contains("not ready", status.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("traffic", "pause")]
    [InlineData("telemetry", "pause")]
    [InlineData("traffic", "rollback")]
    [InlineData("telemetry", "rollback")]
    [InlineData("look", "rollback")]
    public async Task When_nothing_is_learned_the_plan_decides_after_the_time_it_gives_and_people_are_told_once(string missing, string policy)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.RequestsPerSecond = missing == "traffic" ? 0 : 100;
        sim.World.Before = (access, _) => missing == "telemetry" && access == "metrics.read" ? Task.FromException(new InvalidOperationException("503")) : Task.CompletedTask;
        sim.Registry.Before = (access, _) => missing == "look" && access == "GetDesiredState" ? Task.FromException(new InvalidOperationException("disk full")) : Task.CompletedTask;
        var plan = Plans.In($"  - deploy: {{ environment: production }}\n  - setWeight: 10\n  - soak: {{ duration: 15m, trafficTimeout: 1h, onNoData: {policy} }}\n  - setWeight: 100");

        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        var moved = sim.Engine.Now;
        if (policy == "rollback")
        {
            var status = await sim.EndOfAsync(id);
            Assert.Equal(Outcome.RolledBack, status.Outcome);
            Assert.Contains("nothing was learned for 1h", status.Message, StringComparison.Ordinal);
            Assert.InRange(sim.TimesOf(id, "rollback.triggered")[0] - moved, TimeSpan.FromHours(1), TimeSpan.FromHours(1.1));
            return;
        }

        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(5));
        Assert.Single(sim.TimesOf(id, "paused"));
        Assert.Equal([10], sim.World.WeightsOf("v2.0.0"));
        Assert.Equal(
            missing == "traffic" ? PauseReason.WaitingForTraffic : PauseReason.MetricsUnavailable, (await sim.StatusAsync(id)).PauseReason);
    }

    [Fact]
    public async Task A_revision_answers_requests_of_ours_before_any_of_users_and_they_are_not_counted()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var weightWhenWarmed = -1;
        sim.World.Before = (access, _) =>
        {
            weightWhenWarmed = access == "load" ? sim.World.Weight("v2.0.0") : weightWhenWarmed;
            return Task.CompletedTask;
        };

        var id = await sim.StartRolloutAsync(Plans.Named("strategy: { name: canary, suite: smoke.yaml }"), "v2.0.0");
        await sim.EndOfAsync(id);

        Assert.Equal(0, weightWhenWarmed);
        Assert.Single(sim.EventsOf(id), e => e == "revision.warmed");
    }

    [Fact]
    public async Task A_warming_that_fails_is_said_and_holds_nothing_up()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Before = (access, _) => access == "load" ? Task.FromException(new InvalidOperationException("no route")) : Task.CompletedTask;

        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
        Assert.Contains("warming.failed", sim.EventsOf(id));
    }

    [Fact]
    public async Task Errors_of_the_first_two_minutes_after_each_rise_of_the_weight_are_not_held_against_it()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var since = (Weight: 0, At: sim.Engine.Now);
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => Cold(sim, ref since) ? 0.3 : 0 };

        var status = await sim.RunAsync(Plans.Named("strategy: { name: progressive, duration: 10m }"), "v2.0.0");

        Assert.Equal(Outcome.Promoted, status.Outcome);
    }

    private static bool Cold(Simulation sim, ref (int Weight, DateTimeOffset At) since)
    {
        var weight = sim.World.Weight("v2.0.0");
        if (weight != since.Weight)
        {
            since = (weight, sim.Engine.Now);
        }

        return sim.Engine.Now - since.At < TimeSpan.FromSeconds(100);
    }

    private static TimeSpan Fallen(Simulation sim, ref DateTimeOffset back)
    {
        back = back == DateTimeOffset.MaxValue ? sim.Engine.Now : back;
        return sim.Engine.Now - back;
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static Behaviour Faulty(string fault) => fault switch
    {
        "health" => new Behaviour { Healthy = t => t < Onset },
        "errors" => new Behaviour { ErrorRate = t => t < Onset ? 0 : 0.2 },
        _ => new Behaviour { Latency = t => t < Onset ? 0.02 : 0.06 },
    };
}
