using System.Globalization;
using Sluice.Domain.Analysis;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Tests.Analysis.Thresholds;

public sealed class ThresholdJudgeTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ThresholdSpec ErrorRate = new("x", "prometheus", "q") { Unit = MetricUnit.Ratio, FailureCondition = "result > 5%" };

    // Argo's own tables: conditions.
    [Theory]
    [InlineData("result < 1", null, 0.5, Verdict.Pass)]
    [InlineData("result < 1", null, 1.5, Verdict.Fail)]
    [InlineData(null, "result > 1", 0.5, Verdict.Pass)]
    [InlineData(null, "result > 1", 1.5, Verdict.Fail)]
    [InlineData("result < 1", "result > 2", 0.5, Verdict.Pass)]
    [InlineData("result < 1", "result > 2", 1.5, Verdict.Inconclusive)]
    [InlineData("result < 1", "result > 2", 2.5, Verdict.Fail)]
    [InlineData("result < 3", "result > 2", 2.5, Verdict.Fail)]
    [InlineData(null, null, 2.5, Verdict.Pass)]
    public void One_measurement_is_judged_as_Argo_judges_it(string? success, string? failure, double value, Verdict verdict)
    {
        var run = new Run(new ThresholdSpec("x", "prometheus", "q") { SuccessCondition = success, FailureCondition = failure });

        Assert.Equal(verdict, run.Take(value).Measurements[0].Result);
    }

    [Theory]
    [InlineData(1e-6)]
    [InlineData(1e6)]
    public void The_unit_of_a_series_does_not_matter(double factor)
    {
        var random = new Random(20261);
        for (var n = 0; n < 50; n++)
        {
            var values = Enumerable.Range(0, 40).Select(_ => random.NextDouble()).ToList();
            var limits = new[] { random.NextDouble(), random.NextDouble() };

            Assert.Equal(Verdicts(1), Verdicts(factor));

            List<(Verdict, ThresholdPhase)> Verdicts(double unit)
            {
                var run = new Run(new ThresholdSpec("x", "prometheus", "q")
                {
                    SuccessCondition = $"result < {Text(limits.Min() * unit)}",
                    FailureCondition = $"result > {Text(limits.Max() * unit)}",
                    FailureLimit = 20,
                    InconclusiveLimit = 10,
                });
                var verdicts = new List<(Verdict, ThresholdPhase)>();
                foreach (var value in values.TakeWhile(_ => verdicts.Count == 0 || verdicts[^1].Item2 != ThresholdPhase.Failed))
                {
                    var result = run.Take(value * unit);
                    verdicts.Add((result.Measurements[0].Result, result.Phase));
                }

                return verdicts;
            }
        }

        static string Text(double value) => value.ToString("F12", CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(null, "no series")]
    public void Missing_data_is_an_error_of_the_measurement_and_never_a_failure(double? value, string says)
    {
        foreach (var threshold in new[] { ErrorRate, ErrorRate with { FailureCondition = null, SuccessCondition = "result < 5%" } })
        {
            var run = new Run(threshold);

            var result = run.Take(value);

            Assert.Equal(Verdict.Error, result.Measurements[0].Result);
            Assert.Contains(says, result.Measurements[0].Message, StringComparison.Ordinal);
            Assert.Equal(ThresholdPhase.Running, result.Phase);
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 4)]
    public void It_fails_at_one_more_than_the_failure_limit(int limit, int needed)
    {
        var run = new Run(ErrorRate with { FailureLimit = limit });
        for (var i = 1; i < needed; i++)
        {
            Assert.Equal(ThresholdPhase.Running, run.Take(0.2).Phase);
            Assert.Equal(ThresholdPhase.Running, run.Take(0.01).Phase);
        }

        var result = run.Take(0.2);

        Assert.Equal(ThresholdPhase.Failed, result.Phase);
        Assert.Equal($"Metric \"x\" assessed Failed due to failed ({needed}) > failureLimit ({limit}): x 20 %, breaks 'result > 5%'", result.Reason);
    }

    [Fact]
    public void A_negative_failure_limit_never_fails()
    {
        var run = new Run(ErrorRate with { FailureLimit = -1, ConsecutiveSuccessLimit = 3 });

        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal(ThresholdPhase.Running, run.Take(0.9).Phase));
    }

    [Fact]
    public void More_inconclusive_measurements_than_tolerated_hold_and_a_later_failure_still_fails()
    {
        var run = new Run(ErrorRate with { SuccessCondition = "result < 1%", InconclusiveLimit = 1 });
        Assert.Equal(ThresholdPhase.Running, run.Take(0.03).Phase);

        var held = run.Take(0.03);
        Assert.Equal(ThresholdPhase.Inconclusive, held.Phase);
        Assert.StartsWith("Metric \"x\" assessed Inconclusive due to inconclusive (2) > inconclusiveLimit (1): ", held.Reason, StringComparison.Ordinal);

        Assert.Equal(ThresholdPhase.Failed, run.Take(0.2).Phase);
    }

    [Fact]
    public void Five_errors_in_a_row_hold_ten_seconds_apart_and_an_answer_ends_it()
    {
        var run = new Run(ErrorRate with { Count = 10 });
        run.Take(0.01);
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(ThresholdPhase.Running, run.Take(null).Phase);
            Assert.Equal(run.Now + TimeSpan.FromSeconds(10), run.State.Metrics["x"].NextAt);
        }

        var held = run.Take(null);
        Assert.Equal(ThresholdPhase.Error, held.Phase);
        Assert.StartsWith("Metric \"x\" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): ", held.Reason, StringComparison.Ordinal);
        Assert.Equal(1, run.State.Metrics["x"].Count);

        Assert.Equal(ThresholdPhase.Running, run.Take(0.01).Phase);
        Assert.Equal(2, run.State.Metrics["x"].Count);
        Assert.Equal(run.Now + TimeSpan.FromMinutes(1), run.State.Metrics["x"].NextAt);
    }

    // The order of Argo's assessment: a later rule overrides an earlier one.
    [Theory]
    [InlineData(1, 0, 0, "Failed", "failed (1) > failureLimit (0)")]
    [InlineData(0, 1, 0, "Inconclusive", "inconclusive (1) > inconclusiveLimit (0)")]
    [InlineData(0, 0, 5, "Error", "consecutiveErrors (5) > consecutiveErrorLimit (4)")]
    [InlineData(1, 1, 0, "Inconclusive", "inconclusive (1) > inconclusiveLimit (0)")]
    [InlineData(1, 1, 5, "Error", "consecutiveErrors (5) > consecutiveErrorLimit (4)")]
    [InlineData(0, 0, 4, "Running", null)]
    public void Later_rules_override_earlier_ones(int failed, int inconclusive, int errors, string phase, string? why)
    {
        var tally = new ThresholdTally { NextAt = Start, Failed = failed, Inconclusive = inconclusive, ConsecutiveErrors = errors, Errors = errors, Count = failed + inconclusive };

        var found = ThresholdJudge.Assess(ErrorRate, tally, ThresholdJudge.Kind.Error);

        Assert.Equal((Enum.Parse<ThresholdPhase>(phase), why), found);
    }

    // Argo's TestAssessMetricStatusConsecutiveSuccessLimit: failureLimit -1, 4 good, 3 bad, the last 3 good.
    [Theory]
    [InlineData(-1, 3, null, "Successful")]
    [InlineData(-1, 5, null, "Running")]
    [InlineData(-1, 5, 7, "Failed")]
    [InlineData(-1, 3, 7, "Successful")]
    [InlineData(-1, 3, 9, "Successful")]
    [InlineData(-1, 5, 9, "Running")]
    [InlineData(3, 5, 7, "Inconclusive")]
    [InlineData(3, 0, 7, "Successful")]
    public void Successes_in_a_row_settle_it(int failureLimit, int successLimit, int? count, string phase)
    {
        var tally = new ThresholdTally { NextAt = Start, Failed = 3, Successful = 4, ConsecutiveSuccesses = 3, Count = 7 };
        var threshold = ErrorRate with { FailureLimit = failureLimit, ConsecutiveSuccessLimit = successLimit, Count = count };

        Assert.Equal(Enum.Parse<ThresholdPhase>(phase), ThresholdJudge.Assess(threshold, tally, ThresholdJudge.Kind.Successful).Phase);
    }

    [Fact]
    public void It_is_measured_count_times_from_the_initial_delay_on()
    {
        var threshold = ErrorRate with { Count = 2, InitialDelay = TimeSpan.FromMinutes(5) };
        var run = new Run(threshold);
        Assert.Empty(ThresholdJudge.Due([threshold], run.State, Start, Start + TimeSpan.FromMinutes(4)));

        run.Now = Start + TimeSpan.FromMinutes(5);
        Assert.Equal(["x"], run.Due());
        Assert.Equal(ThresholdPhase.Running, run.Take(0.01).Phase);
        Assert.Empty(run.Due());
        Assert.Equal(ThresholdPhase.Successful, run.Take(0.01).Phase);

        run.Now += TimeSpan.FromHours(1);
        Assert.Empty(run.Due());
    }

    [Fact]
    public void A_metric_that_was_never_measured_is_pending_and_the_soak_may_not_pass()
    {
        var result = ThresholdJudge.Look([ErrorRate], ThresholdState.None, Start, new SoakLook(Start, "c", "s"));

        Assert.Equal(ThresholdPhase.Pending, result.Phase);
        Assert.Equal("x has not been measured yet", result.Open);
    }

    [Fact]
    public void The_worst_metric_decides_and_its_siblings_end()
    {
        ThresholdSpec[] all =
        [
            ErrorRate with { Name = "good" }, ErrorRate with { Name = "bad" }, ErrorRate with { Name = "mute", ConsecutiveErrorLimit = 0 },
        ];
        var look = new SoakLook(Start, "c", "s") { Queries = Answers(("good", 0.01), ("bad", 0.2), ("mute", null)) };

        var result = ThresholdJudge.Look(all, ThresholdState.None, Start, look);

        Assert.Equal(ThresholdPhase.Failed, result.Phase);
        Assert.StartsWith("Metric \"bad\" assessed Failed", result.Reason, StringComparison.Ordinal);
        Assert.Equal(ThresholdPhase.Terminated, result.State.Metrics["good"].Phase);
        Assert.Equal(ThresholdPhase.Terminated, result.State.Metrics["mute"].Phase);
        Assert.Empty(ThresholdJudge.Due(all, result.State, Start, Start + TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Warnings_infos_and_dry_runs_are_told_and_decide_nothing()
    {
        ThresholdSpec[] all =
        [
            ErrorRate with { Name = "w", Severity = Severity.Warning }, ErrorRate with { Name = "i", Severity = Severity.Info }, ErrorRate with { Name = "d", DryRun = true },
        ];
        var look = new SoakLook(Start, "c", "s") { Queries = Answers(("w", 0.2), ("i", 0.2), ("d", 0.2)) };

        var result = ThresholdJudge.Look(all, ThresholdState.None, Start, look);

        Assert.Equal(ThresholdPhase.Successful, result.Phase);
        Assert.Null(result.Reason);
        Assert.Null(result.Open);
        Assert.Equal(
            [
                "0 of 3 thresholds hold",
                "warning: Metric \"w\" assessed Failed due to failed (1) > failureLimit (0): w 20 %, breaks 'result > 5%'",
                "info: Metric \"i\" assessed Failed due to failed (1) > failureLimit (0): i 20 %, breaks 'result > 5%'",
                "dry run: Metric \"d\" assessed Failed due to failed (1) > failureLimit (0): d 20 %, breaks 'result > 5%'",
            ],
            result.Lines);
    }

    [Fact]
    public void Above_5_percent_for_5_minutes_fails_after_five_minutes_and_not_before()
    {
        var run = new Run(ErrorRate with { For = TimeSpan.FromMinutes(5) });
        for (var minute = 0; minute < 5; minute++)
        {
            var result = run.Take(0.07);
            Assert.Equal(ThresholdPhase.Running, result.Phase);
            Assert.Contains($"of 5m", result.Open, StringComparison.Ordinal);
        }

        var failed = run.Take(0.07);

        Assert.Equal(ThresholdPhase.Failed, failed.Phase);
        Assert.EndsWith("x 7 %, breaks 'result > 5%' for 5m", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void One_good_minute_begins_the_time_anew_and_an_error_does_not()
    {
        var run = new Run(ErrorRate with { For = TimeSpan.FromMinutes(3) });
        run.Take(0.07);
        run.Take(0.07);
        run.Take(0.01);
        run.Take(0.07);
        run.Take(null);
        run.Take(0.07);
        Assert.Equal(ThresholdPhase.Running, run.Take(0.07).Phase);
        Assert.Equal(ThresholdPhase.Failed, run.Take(0.07).Phase);
    }

    [Fact]
    public void A_gap_of_more_than_two_intervals_begins_the_time_anew()
    {
        var run = new Run(ErrorRate with { For = TimeSpan.FromMinutes(3) });
        run.Take(0.07);
        run.Now += TimeSpan.FromMinutes(10);

        Assert.Equal(ThresholdPhase.Running, run.Take(0.07).Phase);
    }

    [Fact]
    public void A_resource_fails_only_while_stable_is_below()
    {
        var cpu = ErrorRate with { Resource = ResourceKind.Cpu, WhileStableHolds = true, FailureCondition = "result > 85%", For = TimeSpan.FromMinutes(5) };
        var shared = new Run(cpu);
        for (var minute = 0; minute < 20; minute++)
        {
            var result = shared.Take(0.9, stable: 0.95);
            Assert.Equal(ThresholdPhase.Inconclusive, result.Phase);
            Assert.Contains("stable degraded too, holding", result.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(ThresholdPhase.Running, shared.Take(0.5, stable: 0.95).Phase);

        var own = new Run(cpu);
        for (var minute = 0; minute < 5; minute++)
        {
            Assert.Equal(ThresholdPhase.Running, own.Take(0.9, stable: 0.4).Phase);
        }

        Assert.Equal(ThresholdPhase.Failed, own.Take(0.9, stable: 0.4).Phase);
    }

    [Theory]
    [InlineData(0.29, 0.2, Verdict.Pass)]
    [InlineData(0.31, 0.2, Verdict.Fail)]
    [InlineData(0.31, null, Verdict.Error)]
    [InlineData(0.31, double.NaN, Verdict.Error)]
    [InlineData(double.NaN, 0.2, Verdict.Error)]
    public void A_percentile_is_held_to_a_multiple_of_stables(double canary, double? stable, Verdict verdict)
    {
        var p95 = new ThresholdSpec("p95", "prometheus", "q") { Unit = MetricUnit.Seconds, Regression = 1.5 };

        Assert.Equal(verdict, new Run(p95).Take(canary, stable).Measurements[0].Result);
        Assert.Equal(Verdict.Pass, new Run(p95) { Stable = null }.Take(0.31).Measurements[0].Result);
        Assert.Equal(Verdict.Pass, new Run(p95) { Weight = 100 }.Take(0.31, 0.2).Measurements[0].Result);
    }

    [Fact]
    public void A_regression_says_what_it_compared_and_a_condition_beside_it_counts_as_well()
    {
        var p95 = new ThresholdSpec("p95", "prometheus", "q") { Unit = MetricUnit.Seconds, Regression = 1.5, FailureCondition = "result > 500ms", FailureLimit = 1 };
        var run = new Run(p95);

        Assert.Equal("p95 310 ms, breaks 1.5 × stable's 200 ms", run.Take(0.31, 0.2).Measurements[0].Message);
        var result = run.Take(0.6, 0.55);
        Assert.Equal("p95 600 ms, breaks 'result > 500ms'", result.Measurements[0].Message);
        Assert.Equal("Metric \"p95\" assessed Failed due to failed (2) > failureLimit (1): p95 600 ms, breaks 'result > 500ms'", result.Reason);
    }

    [Fact]
    public void A_resource_whose_stable_cannot_be_measured_is_an_error()
    {
        var cpu = ErrorRate with { Resource = ResourceKind.Cpu, WhileStableHolds = true };

        Assert.Equal(Verdict.Error, new Run(cpu).Take(0.9).Measurements[0].Result);
        Assert.Equal(Verdict.Error, new Run(cpu).Take(0.9, stable: double.NaN).Measurements[0].Result);
        Assert.Equal(Verdict.Pass, new Run(cpu).Take(0.01).Measurements[0].Result);
        Assert.Equal(Verdict.Fail, new Run(cpu) { Stable = null }.Take(0.9).Measurements[0].Result);
    }

    [Fact]
    public void A_person_who_goes_on_forgets_what_held_and_not_what_failed()
    {
        var run = new Run(ErrorRate with { SuccessCondition = "result < 1%", FailureLimit = 1 });
        run.Take(0.2);
        Assert.Equal(ThresholdPhase.Inconclusive, run.Take(0.03).Phase);

        run.State = run.State.StartOver();

        Assert.Equal(ThresholdPhase.Running, run.Take(0.001).Phase);
        Assert.Equal(ThresholdPhase.Failed, run.Take(0.2).Phase);
    }

    [Fact]
    public void Too_few_successes_in_a_row_hold_until_a_person_asks_for_as_many_measurements_again()
    {
        var run = new Run(ErrorRate with { FailureLimit = 3, ConsecutiveSuccessLimit = 3, Count = 4 });
        run.Take(0.01);
        run.Take(0.2);
        run.Take(0.01);
        var held = run.Take(0.01);
        Assert.Equal(
            (ThresholdPhase.Inconclusive, "Metric \"x\" assessed Inconclusive due to consecutiveSuccessLimit (3) not reached in 4 measurements: x 1 %, holds"),
            (held.Phase, held.Reason));

        run.State = run.State.StartOver();

        Assert.Equal(ThresholdPhase.Successful, run.Take(0.01).Phase);
    }

    [Fact]
    public void The_environments_own_counts_answer_over_disjoint_windows()
    {
        var errors = new ThresholdSpec("e", ThresholdSpec.Counts, "errors") { Unit = MetricUnit.Ratio, FailureCondition = "result > 5%" };
        var slow = new ThresholdSpec("p", ThresholdSpec.Counts, "latency-p99") { Unit = MetricUnit.Seconds, FailureCondition = "result > 1s" };
        var state = ThresholdState.None;
        ThresholdResult result = null!;
        // Requests and errors so far, a look every 30 s: each window of a minute is judged by itself.
        var values = new List<double?>();
        foreach (var (look, requests, failed) in new[] { (0, 1000, 50), (1, 1010, 50), (2, 1100, 50), (3, 1150, 60), (4, 1200, 64), (5, 1200, 64), (6, 1205, 69), (7, 1211, 74) })
        {
            result = ThresholdJudge.Look([errors, slow], state, Start, Counted(look, requests, failed, "e1"));
            state = result.State;
            values.AddRange(result.Measurements.Where(m => m.Metric == "e").Select(m => m.Value));
        }

        // The last window waits for ten requests: 10 of 11 failed in it.
        Assert.Equal([0, 0.14], values.Select(v => Math.Round(v!.Value, 3)));
        Assert.Equal(ThresholdPhase.Failed, result.Phase);
    }

    [Fact]
    public void Counts_that_began_again_are_an_error_and_not_a_measurement()
    {
        var errors = new ThresholdSpec("e", ThresholdSpec.Counts, "errors") { Unit = MetricUnit.Ratio, FailureCondition = "result > 5%" };
        var first = ThresholdJudge.Look([errors], ThresholdState.None, Start, Counted(0, 1000, 0, "e1"));

        var second = ThresholdJudge.Look([errors], first.State, Start, Counted(2, 30, 30, "e2"));

        Assert.Equal(Verdict.Error, Assert.Single(second.Measurements).Result);
        var third = ThresholdJudge.Look([errors], second.State, Start, Counted(4, 60, 30, "e2"));
        Assert.Equal(0, Assert.Single(third.Measurements).Value);
    }

    [Fact]
    public void Without_traffic_on_either_side_an_api_that_is_silent_holds()
    {
        var down = new ThresholdSpec("down", ThresholdSpec.Counts, "requests") { FailureCondition = "result == 0", For = TimeSpan.FromMinutes(2), WhileStableHolds = true };
        var state = ThresholdState.None;
        ThresholdResult result = null!;
        for (var look = 0; look < 20; look++)
        {
            result = ThresholdJudge.Look([down], state, Start, Counted(look, 10, 0, "e1", stableRequests: 10));
            state = result.State;
        }

        Assert.Equal(ThresholdPhase.Inconclusive, result.Phase);

        state = ThresholdState.None;
        for (var look = 0; look < 8; look++)
        {
            result = ThresholdJudge.Look([down], state, Start, Counted(look, 10, 0, "e1", stableRequests: 10 + (90 * look)));
            state = result.State;
        }

        Assert.Equal(ThresholdPhase.Failed, result.Phase);
    }

    private static SoakLook Counted(int look, long requests, long errors, string epoch, long stableRequests = 0)
    {
        var now = Start + TimeSpan.FromSeconds(30 * look);
        var counts = new Dictionary<string, RevisionCounts> { ["c"] = new(requests, errors, 0, 0, [requests]), ["s"] = new(stableRequests, 0, 0, 0, [stableRequests]) };
        return new SoakLook(now, "c", "s") { Reading = new MetricReading(epoch, now, counts) };
    }

    private static Dictionary<string, QueryAnswer> Answers(params (string Name, double? Value)[] answers) =>
        answers.ToDictionary(a => a.Name, a => new QueryAnswer(Result(a.Value)));

    private static QueryResult Result(double? value) => value is { } known ? QueryResult.Of(known) : new QueryResult([]);

    /// <summary>One threshold, measured when it is due.</summary>
    private sealed class Run(ThresholdSpec threshold)
    {
        public ThresholdState State { get; set; } = ThresholdState.None;

        public DateTimeOffset Now { get; set; } = Start;

        public string? Stable { get; init; } = "s";

        public int? Weight { get; init; } = 10;

        public IEnumerable<string> Due() => ThresholdJudge.Due([threshold], State, Start, Now).Select(t => t.Name);

        public ThresholdResult Take(double? value, double? stable = null)
        {
            if (State.Metrics.GetValueOrDefault(threshold.Name) is { } tally && tally.NextAt > Now)
            {
                Now = tally.NextAt;
            }

            Assert.Equal([threshold.Name], Due());
            var look = new SoakLook(Now, "c", Stable)
            {
                Weight = Weight,
                Queries = new Dictionary<string, QueryAnswer> { [threshold.Name] = new(Result(value), stable is { } s ? QueryResult.Of(s) : null) },
            };
            var result = ThresholdJudge.Look([threshold], State, Start, look);
            State = result.State;
            return result;
        }
    }
}
