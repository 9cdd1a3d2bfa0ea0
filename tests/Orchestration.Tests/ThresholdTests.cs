using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>The plan's own metrics in real rollouts, in virtual time.</summary>
public sealed class ThresholdTests
{
    private const string Head = """
        schema: 1
        service: api
        environments:
          production:
            platform: { kind: process, command: [run, "{version}"] }
            router:   { kind: gateway, listen: "127.0.0.1:8080" }
            providers: { prom: { kind: prometheus, url: "http://127.0.0.1:9090" } }
        """;

    private const string Steps = """
        steps:
          - deploy: { environment: production }
          - setWeight: 10
          - soak: { duration: 15m, every: 5m }
          - setWeight: 100
        """;

    [Fact]
    public async Task A_release_whose_own_metric_breaks_its_condition_is_rolled_back_after_the_warm_up_when_it_has_failed_often_enough()
    {
        await using var sim = await StartAsync();
        sim.World.Answer = (query, arguments) =>
        {
            Assert.Equal("queue{r=\"{revision}\"}", query);
            Assert.Equal(("production", "api"), (arguments.Environment, arguments.Service));
            return QueryResult.Of(arguments.Revision.StartsWith("v1", StringComparison.Ordinal) ? 1 : 70);
        };

        var id = await sim.StartRolloutAsync(Plan("""{ name: queue, query: 'queue{r="{revision}"}', failureCondition: "result > 50", failureLimit: 2, interval: 30s }"""), "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Equal([10, 0], sim.World.WeightsOf("v2.0.0"));
        var row = sim.Row(id);
        Assert.Contains("Metric \"queue\" assessed Failed due to failed (3) > failureLimit (2): queue 70, breaks 'result > 50'", row.RollbackReason, StringComparison.Ordinal);
        Assert.InRange(row.CompletedAt!.Value - row.StartedAt, TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_good_release_is_promoted_when_its_metrics_hold()
    {
        await using var sim = await StartAsync();
        var asked = 0;
        sim.World.Answer = (_, _) =>
        {
            asked++;
            return QueryResult.Of(3);
        };

        var status = await sim.RunAsync(Plan("""{ name: queue, query: sum(queue), successCondition: "result < 50" }"""), "v2.0.0");

        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.InRange(asked, 15, 25);
    }

    [Fact]
    public async Task A_provider_that_is_away_holds_and_never_rolls_back_and_the_release_goes_on_when_it_is_back()
    {
        await using var sim = await StartAsync();
        var away = true;
        sim.World.Answer = (_, _) => away ? QueryResult.Failed("connection refused") : QueryResult.Of(3);

        var id = await sim.StartRolloutAsync(Plan("""{ name: queue, query: sum(queue), failureCondition: "result > 50" }"""), "v2.0.0");
        var held = await sim.UntilAsync(id, s => s.PauseReason == PauseReason.MetricsUnavailable);
        Assert.Contains("Metric \"queue\" assessed Error due to consecutiveErrors", held.Message, StringComparison.Ordinal);
        Assert.Contains("connection refused", held.Message, StringComparison.Ordinal);
        Assert.Equal(10, sim.World.Weight("v2.0.0"));

        away = false;
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task A_metric_that_is_neither_good_nor_bad_holds()
    {
        await using var sim = await StartAsync();
        sim.World.Answer = (_, _) => QueryResult.Of(30);

        var id = await sim.StartRolloutAsync(Plan("""{ name: queue, query: sum(queue), successCondition: "result < 20", failureCondition: "result > 50" }"""), "v2.0.0");
        var held = await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Inconclusive);

        Assert.Contains("Metric \"queue\" assessed Inconclusive due to inconclusive", held.Message, StringComparison.Ordinal);
        Assert.Equal(10, sim.World.Weight("v2.0.0"));
    }

    [Fact]
    public async Task Warnings_and_dry_runs_move_nothing()
    {
        await using var sim = await StartAsync();
        sim.World.Answer = (_, _) => QueryResult.Of(99);

        var status = await sim.RunAsync(
            Plan("""{ name: queue, query: sum(queue), failureCondition: "result > 50", severity: warning }, { name: tried, query: sum(queue), failureCondition: "result > 50" }""", "dryRun: [tri.*], "), "v2.0.0");

        Assert.Equal(Outcome.Promoted, status.Outcome);
    }

    [Fact]
    public async Task A_warning_is_told_of_once_per_soak_when_it_comes()
    {
        await using var sim = await StartAsync();
        var began = sim.Engine.Now;
        sim.World.Answer = (_, _) => QueryResult.Of(sim.Engine.Now - began > TimeSpan.FromMinutes(5) ? 99 : 9);
        var plan = Plan(
            """
            { name: queue, query: sum(queue), failureCondition: "result > 50", severity: warning },
            { name: noted, query: sum(queue), failureCondition: "result > 50", severity: info },
            { name: tried, query: sum(queue), failureCondition: "result > 50", severity: warning }
            """.ReplaceLineEndings(" "), "dryRun: [tri.*], ");

        var status = await sim.RunAsync(plan, "v2.0.0");

        var warnings = sim.Registry.Events.Where(e => e.Type == "metric.warning").ToList();
        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.All(warnings, w => Assert.Equal("queue", w.Data["metric"]));
        Assert.Equal(warnings.Select(w => w.Data["stepIndex"]).Distinct().Count(), warnings.Count);
        Assert.StartsWith("Metric \"queue\" assessed Failed due to failed (1) > failureLimit (0)", warnings[0].Message, StringComparison.Ordinal);
        Assert.InRange(warnings[0].At - began, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(8));
    }

    [Fact]
    public async Task A_resource_that_is_short_on_both_sides_is_nobodys_fault()
    {
        await using var sim = await StartAsync();
        var stable = 0.95;
        sim.World.Answer = (_, arguments) => QueryResult.Of(arguments.Revision.StartsWith("v1", StringComparison.Ordinal) ? stable : 0.95);
        var plan = Plan("""{ name: cpu, resource: cpu, unit: ratio, query: 'cpu{r="{revision}"}', failureCondition: "result > 85%" }""");

        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        var held = await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Inconclusive);
        Assert.Contains("stable degraded too", held.Message, StringComparison.Ordinal);
        Assert.Equal(10, sim.World.Weight("v2.0.0"));

        stable = 0.3;
        var status = await sim.EndOfAsync(id);
        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Contains("cpu 95 %, breaks 'result > 85%'; stable 30 % for 5m", sim.Row(id).RollbackReason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.36, Outcome.RolledBack)]
    [InlineData(0.24, Outcome.Promoted)]
    public async Task A_percentile_is_held_to_a_multiple_of_stables_while_both_have_traffic(double percentile, Outcome outcome)
    {
        await using var sim = await StartAsync();

        // A quiet service, slower at night: stable alone moves by more than the release does.
        var began = sim.Engine.Now;
        sim.World.Answer = (_, arguments) => QueryResult.Of(
            (sim.Engine.Now - began > TimeSpan.FromMinutes(8) ? 3 : 1) * (arguments.Revision.StartsWith("v1", StringComparison.Ordinal) ? 0.2 : percentile));
        var plan = Plan("""{ name: p95, unit: seconds, query: 'p95{r="{revision}"}', regression: 1.5, failureLimit: 2 }""");

        var id = await sim.StartRolloutAsync(plan, "v2.0.0");

        Assert.Equal(outcome, (await sim.EndOfAsync(id)).Outcome);
        Assert.Equal(outcome == Outcome.RolledBack, sim.Row(id).RollbackReason?.Contains("p95 360 ms, breaks 1.5 × stable's 200 ms", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public async Task A_query_that_the_server_refuses_or_whose_secret_is_missing_stops_the_release_before_anything_is_touched()
    {
        await using var sim = await StartAsync();
        sim.World.Answer = (query, _) => query == "good" ? QueryResult.Of(1) : query == "away" ? QueryResult.Failed("Unreachable: no answer") : QueryResult.Failed("Invalid: a range of samples");
        var plan = Plan("""{ name: one, query: bad, failureCondition: "result > 1" }, { name: two, query: good, failureCondition: "result > 1" }, { name: three, query: away, failureCondition: "result > 1" }, { name: four, query: "any{s='{stable}'}", failureCondition: "result > 1" }""");

        var id = await sim.StartRolloutAsync(plan with { Plan = plan.Plan.Replace("  - deploy:", "  - validate: { environment: production }\n  - deploy:", StringComparison.Ordinal) }, "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.Rejected, status.Outcome);
        Assert.Contains("2 faults: The query of 'one' cannot be judged: Invalid: a range of samples The query of 'four'", status.Message, StringComparison.Ordinal);
        Assert.Empty(sim.World.Journal);
    }

    private static Bundle Plan(string metrics, string more = "") =>
        new($"{Head}\n{Steps}\nanalysis: {{ {more}metrics: [ {{ name: errors, limit: 0.01 }}, {metrics} ] }}\n", new Dictionary<string, string>());

    private static async Task<Simulation> StartAsync()
    {
        var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        return sim;
    }
}
