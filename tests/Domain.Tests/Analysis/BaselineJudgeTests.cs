using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Tests.Analysis;

public sealed class BaselineJudgeTests
{
    private static readonly Step.Baseline Step = new("/v1/models", 1000, 10, 0, TimeSpan.FromMilliseconds(300), 1.5);
    private static readonly BaselineNumbers Usual = new(0, 0.02, 0.05, 0.1);

    [Fact]
    public void A_release_within_all_criteria_passes_with_a_line_for_each()
    {
        var verdict = BaselineJudge.Judge(Step, new BaselineNumbers(0, 0.02, 0.05, 0.12), [Usual, Usual]);

        Assert.True(verdict.Passed);
        Assert.Equal(
            [
                "✔ error rate 0 % (at most 0 %)",
                "✔ p99 120 ms (at most 300 ms)",
                "✔ p50 20 ms (at most 1.5 × 20 ms, the mean of the last 2)",
                "✔ p95 50 ms (at most 1.5 × 50 ms, the mean of the last 2)",
                "✔ p99 120 ms (at most 1.5 × 100 ms, the mean of the last 2)",
            ],
            verdict.Lines);
    }

    [Theory]
    [InlineData(0.001, 0.02, 0.05, 0.1, "✖ error rate 0.1 % (at most 0 %)")]
    [InlineData(0, 0.02, 0.05, 0.31, "✖ p99 310 ms (at most 300 ms)")]
    [InlineData(0, 0.04, 0.05, 0.1, "✖ p50 40 ms (at most 1.5 × 20 ms, the mean of the last 1)")]
    public void Any_criterion_that_is_broken_fails_and_says_so(double errors, double p50, double p95, double p99, string line)
    {
        var verdict = BaselineJudge.Judge(Step, new BaselineNumbers(errors, p50, p95, p99), [Usual]);

        Assert.False(verdict.Passed);
        Assert.Contains(line, verdict.Lines);
    }

    [Fact]
    public void The_first_deployment_has_nothing_to_be_compared_with()
    {
        var verdict = BaselineJudge.Judge(Step, Usual, []);

        Assert.True(verdict.Passed);
        Assert.Contains("✔ no earlier passing deployment to compare with", verdict.Lines);
    }

    [Fact]
    public void A_millisecond_more_than_almost_nothing_is_no_regression()
    {
        Assert.True(BaselineJudge.Judge(Step, new BaselineNumbers(0, 0.0015, 0.002, 0.002), [new(0, 0.0003, 0.0004, 0.0005)]).Passed);
    }

    // Keptn's evaluation: all of pass for the weight, all of warning for half of it, a failed key objective fails everything.
    [Theory]
    [InlineData(0.055, 0.1, 100.0, true, "✔ p95 55 ms, mean of the last 2 50 ms (<=+10% and <=300ms)", "✔ score 100 % (pass from 90 %, warning from 75 %)")]
    [InlineData(0.06, 0.1, 75.0, true, "⚠ p95 60 ms, mean of the last 2 50 ms (warning <=+25%)", "⚠ score 75 % (pass from 90 %, warning from 75 %)")]
    [InlineData(0.08, 0.1, 50.0, false, "✖ p95 80 ms, mean of the last 2 50 ms (<=+10% and <=300ms)", "✖ score 50 % (pass from 90 %, warning from 75 %)")]
    [InlineData(0.05, 0.2, 75.0, false, "✖ p99 200 ms, mean of the last 2 100 ms (<=+20ms)", "✖ score 75 % (pass from 90 %, warning from 75 %), and a key objective failed")]
    public void Objectives_are_scored_by_weight(double p95, double p99, double score, bool passed, params string[] lines)
    {
        var step = new Step.Baseline("/", 1000, 10, 0, null, null)
        {
            Objectives =
            [
                new(BaselineMetric.P95, [new("<=+10%", "<=", 0.1, CriterionBase.Share), new("<=300ms", "<=", 0.3, CriterionBase.Absolute)], [new("<=+25%", "<=", 0.25, CriterionBase.Share)], Weight: 2),
                new(BaselineMetric.P99, [new("<=+20ms", "<=", 0.02, CriterionBase.Difference)], [], Weight: 1, Key: true),
                new(BaselineMetric.ErrorRate, [new("<=1%", "<=", 0.01, CriterionBase.Absolute)], []),
                new(BaselineMetric.Throughput, [], []),
            ],
        };

        var verdict = BaselineJudge.Judge(step, new BaselineNumbers(0, 0.02, p95, p99) { RequestsPerSecond = 500 }, [Usual, Usual]);

        Assert.Equal((score, passed), (verdict.Score, verdict.Passed));
        Assert.All(lines, line => Assert.Contains(line, verdict.Lines));
        Assert.Contains("• throughput 500/s", verdict.Lines);
    }

    [Fact]
    public void The_first_release_is_held_to_absolute_criteria_only()
    {
        var step = new Step.Baseline("/", 1000, 10, 0, null, null)
        {
            Objectives =
            [
                new(BaselineMetric.P95, [new("<=+10%", "<=", 0.1, CriterionBase.Share)], [], Key: true),
                new(BaselineMetric.P99, [new("<=300ms", "<=", 0.3, CriterionBase.Absolute)], [], Key: true),
            ],
        };

        Assert.True(BaselineJudge.Judge(step, new BaselineNumbers(0, 1, 1, 0.3), []).Passed);
        Assert.False(BaselineJudge.Judge(step, new BaselineNumbers(0, 1, 1, 0.31), []).Passed);
    }

    [Fact]
    public void Only_the_last_deployments_that_the_plan_asks_for_are_compared_with()
    {
        var step = new Step.Baseline("/", 1000, 10, 0, null, 1.5) { CompareWith = 2 };
        var slow = new BaselineNumbers(0, 5, 5, 5);

        Assert.False(BaselineJudge.Judge(step, new BaselineNumbers(0, 0.1, 0.1, 0.2), [Usual, Usual, slow, slow]).Passed);
        Assert.True(BaselineJudge.Judge(step with { CompareWith = 4 }, new BaselineNumbers(0, 0.1, 0.1, 0.2), [Usual, Usual, slow, slow]).Passed);
    }
}
