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
}
