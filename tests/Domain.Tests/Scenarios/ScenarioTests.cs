using Sluice.Domain.Rollouts;
using Sluice.Domain.Scenarios;

namespace Sluice.Domain.Tests.Scenarios;

public sealed class ScenarioTests
{
    [Fact]
    public void What_is_not_said_is_an_ordinary_day()
    {
        var scenario = ScenarioCompiler.Compile("schema: 1").Value!;

        Assert.Equal(("v2.0.0", "v1.0.0", 1), (scenario.Release, scenario.Stable, scenario.Seed));
        Assert.Equal(6_000, scenario.Traffic.At(TimeSpan.FromHours(3), scenario.Start));
        Assert.Equal((0.005, 0.08), (scenario.CanaryProfile.ErrorRate.At(TimeSpan.Zero), scenario.StableProfile.Latency.At(TimeSpan.Zero)));
        Assert.Null(scenario.Expect);
    }

    [Fact]
    public void Everything_can_be_said()
    {
        var compiled = ScenarioCompiler.Compile("""
            schema: 1
            description: a bad afternoon
            release: v1.1.0
            stable: none
            start: 2027-03-28T00:30:00Z
            until: 3d
            seed: 7
            traffic: { perMinute: [{ at: 0s, value: 100 }, { at: 1h, value: 300 }], swing: 0.5, peak: 12h, clients: true }
            revisions:
              stable: { errorRate: 0.01, burst: 5, frailty: 0.5, latency: 100ms, spread: 0.4, readyAfter: 1s }
              canary: { errorRate: [{ at: 0s, value: 0.01 }, { at: 5m, value: 0.04 }], readyAfter: never, loadErrorRate: 0.5, burst: 8 }
            faults:
              - { kind: outage, at: 10m, for: 4m, errorRate: 0.2, stableLag: 1m }
              - { kind: hang, at: 1h, for: 2m, call: metrics.read }
              - { kind: loseCounts, at: 2h }
              - { kind: crash, at: 3h, for: 1m, revision: stable }
            people: [{ at: 2h, say: pause, by: ana }, { at: 1h, say: approve, by: ben, groups: [leads], reason: fine }]
            crashes: [{ at: 12m }, { afterActivity: 17 }]
            expect: { outcome: RolledBack, detectedWithin: 4m, from: 5m, endsWithin: 2h, says: errors, inAtLeast: 0.99 }
            """);

        Assert.Empty(compiled.Faults);
        var scenario = compiled.Value!;
        Assert.Null(scenario.Stable);
        Assert.Equal(450, scenario.Traffic.At(TimeSpan.FromHours(11.5), scenario.Start.AddHours(11.5)));
        Assert.Equal((0.01, 0.04), (scenario.CanaryProfile.ErrorRate.At(TimeSpan.FromMinutes(4)), scenario.CanaryProfile.ErrorRate.At(TimeSpan.FromMinutes(5))));
        Assert.Null(scenario.CanaryProfile.ReadyAfter);
        Assert.Equal(0.4, scenario.CanaryProfile.Spread);
        Assert.True(scenario.Traffic.KnowsClients);
        Assert.Equal((5, 0.5), (scenario.StableProfile.Burst, scenario.StableProfile.Frailty));
        Assert.Equal((8, 0.5), (scenario.CanaryProfile.Burst, scenario.CanaryProfile.Frailty));
        Assert.Equal([FaultKind.Outage, FaultKind.Hang, FaultKind.LoseCounts, FaultKind.Crash], scenario.Faults.Select(f => f.Kind));
        Assert.Equal(["ben", "ana"], scenario.People.Select(p => p.By));
        Assert.Equal(
            new Expectation
            {
                Outcome = Outcome.RolledBack,
                DetectedWithin = TimeSpan.FromMinutes(4),
                From = TimeSpan.FromMinutes(5),
                EndsWithin = TimeSpan.FromHours(2),
                Says = "errors",
                InAtLeast = 0.99,
            },
            scenario.Expect);
    }

    [Fact]
    public void Counts_of_each_minute_take_the_place_of_traffic()
    {
        var table = ScenarioCompiler.Compile("schema: 1\ncounts: { canary: [[300, 6], [290, 4]], stable: [[5700, 28]] }").Value!.Counts!;

        Assert.Equal([new MinuteCounts(300, 6), new MinuteCounts(290, 4)], table.Canary);
        Assert.Equal([new MinuteCounts(5700, 28)], table.Stable);
    }

    [Fact]
    public void Every_fault_is_told_at_once_with_its_line()
    {
        var faults = ScenarioCompiler.Compile("""
            schema: 2
            release: v1.0.0
            traffic: { perMinute: -1, swing: 50% }
            revisions: { canari: { errorRate: 0.1 }, stable: { latency: 80, errorRate: [{ at: 1m, value: 0.1 }] } }
            counts: { canary: [[3, 4]], stable: [] }
            faults: [{ kind: hang, at: 1m, for: 1m, call: router.sett }, { kind: outage, at: 1m }, { kind: crash, at: 1m, for: 1m, errorRate: 0.1 }]
            people: [{ at: 1h, say: aprove, by: ana }]
            crashes: [{}]
            expect: { outcome: rolledback }
            start: tomorrow
            """).Faults;

        Assert.Equal(
            [
                (1, "unknown-schema"), (2, "same-version"), (3, "out-of-range"), (3, "bad-number"), (4, "unknown-key"), (4, "bad-duration"), (4, "two-sources"), (4, "bad-order"),
                (5, "two-sources"), (5, "bad-counts"), (5, "empty-list"), (6, "unknown-value"), (6, "missing-key"), (6, "two-sources"), (6, "misplaced-key"), (7, "unknown-value"),
                (8, "missing-key"), (9, "unknown-value"), (10, "bad-time"),
            ],
            faults.Select(f => (f.Line, f.Code)).OrderBy(f => f.Line).ThenBy(f => faults.Index().First(x => (x.Item.Line, x.Item.Code) == f).Index));
        Assert.Contains(faults, f => f.Suggestion == "did you mean 'router.set'?");
        Assert.Contains(faults, f => f.Suggestion == "did you mean 'approve'?");
        Assert.Contains(faults, f => f.Suggestion == "did you mean 'RolledBack'?");
        Assert.Contains(faults, f => f.Suggestion == "add 'for: 5m'");
    }

    [Fact]
    public void Bursts_and_frailty_are_refused_together_where_they_mean_nothing()
    {
        var faults = ScenarioCompiler.Compile("""
            schema: 1
            traffic: { clients: some }
            revisions:
              stable: { burst: 0.5, frailty: -1 }
              canary: { burst: many, frailty: 3 }
            """).Faults;

        Assert.Equal(
            [(2, "bad-boolean"), (4, "out-of-range"), (4, "out-of-range"), (5, "bad-number"), (5, "out-of-range")], faults.Select(f => (f.Line, f.Code)).Order());
    }

    [Fact]
    public void What_counts_leave_no_room_for_is_refused_beside_them()
    {
        var faults = ScenarioCompiler.Compile("""
            schema: 1
            revisions:
              stable: { latency: 80ms, spread: 0.5, errorRate: 0.01 }
              canary: { burst: 5, frailty: 0.5, readyAfter: 5s }
            counts: { canary: [[300, 2]], stable: [[5700, 28]] }
            faults: [{ kind: outage, at: 1m, for: 5m }, { kind: smoke, at: 1m, for: 5m }]
            """).Faults;

        Assert.Equal([3, 3, 4, 4, 6], faults.Select(f => f.Line).Order());
        Assert.All(faults, f => Assert.Equal("two-sources", f.Code));
    }

    [Fact]
    public void What_people_say_has_what_it_needs_and_nothing_else()
    {
        var compiled = ScenarioCompiler.Compile("""
            schema: 1
            people:
              - { at: 1h, say: tick, item: backups verified, by: dora, groups: [dba], passed: false }
              - { at: 2h, say: report, condition: ci, by: ci }
              - { at: 3h, say: overrideFreeze, by: ana, reason: CVE-1 }
            """);
        var faults = ScenarioCompiler.Compile("""
            schema: 1
            people:
              - { at: 1h, say: tick, by: dora }
              - { at: 1h, say: report, item: x, by: ci }
              - { at: 1h, say: approve, by: ana, passed: true }
            """).Faults;

        Assert.Empty(compiled.Faults);
        Assert.Equal([("backups verified", false), ("ci", true), (null, true)], compiled.Value!.People.Select(p => (p.Item, p.Passed)));
        Assert.Equal([(3, "missing-key"), (4, "missing-key"), (4, "misplaced-key"), (5, "misplaced-key")], faults.Select(f => (f.Line, f.Code)));
    }
}
