using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Tests.Plans;

/// <summary>Named plans: what they stand for, their parameters, and what of them can be replaced.</summary>
public sealed class StrategyTests
{
    private const string Head = """
        schema: 1
        service: shop
        environments:
          staging:
            platform: { kind: process, command: [shop] }
            router: { kind: gateway, listen: "127.0.0.1:8081" }
          production:
            platform: { kind: process, command: [shop] }
            router: { kind: gateway, listen: "127.0.0.1:8080" }

        """;

    private static readonly Dictionary<string, string> Files = new()
    {
        ["smoke.yaml"] = "checks: [{ path: /health }]",
        ["up.sql"] = "create table a (x int);",
        ["down.sql"] = "drop table a;",
    };

    public static TheoryData<string> Names => [.. NamedPlans.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_named_plan_compiles_without_a_fault_and_promises_two_minutes(string name)
    {
        var needed = name is "scheduler" or "full" ? ", approvers: [ana]" : "";

        var compilation = Compile($"strategy: {{ name: {name}, suite: smoke.yaml{needed} }}");

        Assert.Empty(compilation.Faults);
        Assert.DoesNotContain(compilation.Warnings, w => w.Code == "slow-detection");
        Assert.All(Detection.Describe(compilation.Plan!), line => Assert.Matches("within (1m|2m)$", line));
    }

    [Fact]
    public void The_canary_is_a_tenth_for_a_quarter_of_an_hour_then_everything_and_an_hour_of_holding()
    {
        var plan = Plan("strategy: { name: canary, suite: smoke.yaml }");

        Assert.Equal(
            ["validate production", "deploy production", "smoke production", "setWeight 10 %", "soak 15m", "setWeight 100 %", "hold 1h"],
            plan.Steps.Select(s => s.Title));
        var soak = plan.Steps.OfType<Step.Soak>().Single();
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30), SoakClock.Exposure), (soak.Every, soak.Glance, soak.Clock));
        Assert.NotNull(plan.Steps.OfType<Step.Hold>().Single().Suite);
    }

    [Fact]
    public void The_staged_plan_has_its_cadence_its_criteria_and_its_way_back_to_five_percent()
    {
        var soaks = Plan("strategy: staged").Steps.OfType<Step.Soak>().ToList();

        Assert.Equal([TimeSpan.FromDays(2), TimeSpan.FromDays(3)], soaks.Select(s => s.Duration));
        Assert.Equal([0.005, 0.001], soaks.Select(s => s.Limits["errors"]));
        Assert.Equal([FailureActionKind.Rollback, FailureActionKind.Reduce], soaks.Select(s => s.OnFailure.Kind));
        Assert.Equal(5, soaks[1].OnFailure.Weight);
        foreach (var (age, every) in new[] { (0.0, 1), (0.99, 1), (1, 5), (7.9, 5), (8, 15), (40, 15) })
        {
            Assert.Equal(TimeSpan.FromMinutes(every), CadenceSpan.At(soaks[0].Cadence, TimeSpan.FromHours(age), soaks[0].Every));
        }
    }

    [Fact]
    public void The_limit_of_a_soak_takes_the_place_of_the_plans()
    {
        var plan = Plan("strategy: staged");

        var limits = plan.Steps.OfType<Step.Soak>().Select(s => WatchRules.Of(plan, s, 5, firstRelease: false, Evidence.None, TimeSpan.Zero).Metrics[0].Limit);

        Assert.Equal([0.005, 0.001], limits.Select(l => l!.Value));
    }

    [Fact]
    public void A_step_whose_parameter_is_not_given_is_left_out()
    {
        Assert.DoesNotContain(Plan("strategy: staged").Steps, s => s is Step.Smoke or Step.Approval or Step.SignOff);
        var asked = Plan("strategy: { name: staged, approvers: [ana] }").Steps;
        Assert.Equal(2, asked.OfType<Step.Approval>().Count());
        Assert.Equal([1.0, 7, 14], asked.OfType<Step.SignOff>().Select(s => s.After.TotalDays));
    }

    [Fact]
    public void Blue_green_is_destroyed_when_it_is_not_healthy_within_five_minutes_and_keeps_blue_for_a_day()
    {
        var steps = Plan("strategy: blue-green").Steps;

        Assert.Equal(TimeSpan.FromMinutes(5), steps.OfType<Step.Deploy>().Single().ReadyWithin);
        Assert.Equal([10, 50, 100], steps.OfType<Step.SetWeight>().Select(s => s.Weight));
        Assert.Equal([2.0, 5.0], steps.OfType<Step.Soak>().Select(s => s.Duration.TotalMinutes));
        Assert.Equal(TimeSpan.FromHours(24), steps.OfType<Step.Hold>().Single().Duration);
    }

    [Fact]
    public void A_scheduler_waits_for_syncs_where_it_is_told_who_runs_them()
    {
        const string scheduler = "strategy: { name: scheduler, suite: smoke.yaml, approvers: [ana]";
        Assert.DoesNotContain(Plan(scheduler + " }").Steps, s => s is Step.VerifySync);

        var syncs = Plan(scheduler + """
            , syncsKey: OPS_KEY, stagingSyncs: "https://staging.example", syncs: "https://ops.example", onBadSync: { widen: 12h } }
            """.TrimEnd()).Steps.OfType<Step.VerifySync>().ToList();

        Assert.Equal([("staging", 3, SyncFailureKind.Rollback), ("production", 2, SyncFailureKind.Widen)], syncs.Select(s => (s.Environment!, s.Runs, s.OnFailure.Kind)));
        Assert.All(syncs, s => Assert.Equal("OPS_KEY", s.Access.BearerSecret));
    }

    [Fact]
    public void Parameters_are_checked_where_they_are_written()
    {
        var faults = Compile("strategy:\n  name: canary\n  weight: 101\n  durration: 5m").Faults;

        Assert.Contains(faults, f => f is { Code: "out-of-range", Line: 12, Path: "strategy.weight" });
        Assert.Contains(faults, f => f is { Code: "unknown-key", Line: 13, Suggestion: "did you mean 'duration'?" });
    }

    [Fact]
    public void What_a_named_plan_cannot_do_here_is_told_at_its_line()
    {
        var bare = Head.Replace("router: { kind: gateway, listen: \"127.0.0.1:8080\" }", "router: { kind: none }", StringComparison.Ordinal);

        var fault = PlanCompiler.Compile(new Bundle(bare + "strategy: canary", Files)).Faults.First(f => f.Code == "weight-undeliverable");

        Assert.Equal((10, "strategy(canary).weight"), (fault.Line, fault.Path));
    }

    [Theory]
    [InlineData("strategy: canry", "unknown-value", "did you mean 'canary'?")]
    [InlineData("strategy: { weight: 5 }", "missing-key", "known: blue-green")]
    [InlineData("strategy: { name: scheduler, suite: smoke.yaml }", "missing-key", "approvers: ...")]
    [InlineData("strategy: { name: canary, override: { soack: { every: 1m } } }", "unknown-step", "did you mean 'soak'?")]
    [InlineData("strategy: { name: canary, override: [soak] }", "wrong-type", "such as { validate: { ... } }")]
    public void A_wrong_strategy_is_named_with_what_to_write(string strategy, string code, string suggestion)
    {
        var compilation = Compile(strategy);

        Assert.Null(compilation.Plan);
        Assert.Contains(compilation.Faults, f => f.Code == code && f.Suggestion!.Contains(suggestion, StringComparison.Ordinal));
    }

    [Fact]
    public void Steps_are_replaced_in_part_or_left_out_by_their_id()
    {
        var plan = Plan("strategy: { name: canary, suite: smoke.yaml, override: { soak: { onFailure: pause, every: 1m }, hold: 2h, smoke: ~ } }");

        var soak = plan.Steps.OfType<Step.Soak>().Single();
        Assert.Equal((TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(1), FailureActionKind.Pause), (soak.Duration, soak.Every, soak.OnFailure.Kind));
        Assert.Equal(TimeSpan.FromHours(2), plan.Steps.OfType<Step.Hold>().Single().Duration);
        Assert.DoesNotContain(plan.Steps, s => s is Step.Smoke);
    }

    [Fact]
    public void A_plans_own_steps_come_first_and_its_own_analysis_wins()
    {
        var plan = Plan("steps:\n  - deploy: { environment: staging, weight: 100 }\nstrategy: canary\nanalysis: { metrics: [{ name: errors, limit: 0.02 }] }");

        Assert.Equal(["staging", "production"], plan.Steps.OfType<Step.Deploy>().Select(s => s.Environment));
        Assert.Equal(0.02, Assert.Single(plan.Analysis.Metrics).Limit);
    }

    [Fact]
    public void The_files_a_strategy_names_are_found() => Assert.Equal(
        ["up.sql", "down.sql", "smoke.yaml"],
        PlanFiles.Referenced(Head + "strategy: { name: full, suite: smoke.yaml, approvers: [ana], up: [up.sql], down: [down.sql] }"));

    private static PlanCompilation Compile(string strategy) => PlanCompiler.Compile(new Bundle(Head + strategy, Files));

    private static Plan Plan(string strategy)
    {
        var compilation = Compile(strategy);
        Assert.Empty(compilation.Faults);
        return compilation.Plan!;
    }
}
