using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Tests.Analysis;

/// <summary>How often the judge is wrong, by seeded simulation.</summary>
public sealed class OperatingCharacteristics
{
    private const int Soaks = 2000;

    [Theory]
    [InlineData(10, 0.009)]
    [InlineData(2, 0.009)]
    [InlineData(100, 0.009)]
    public void An_unchanged_release_below_its_limit_is_almost_never_rolled_back(int requestsPerSecond, double errorRate)
    {
        var wrong = Enumerable.Range(0, Soaks).Count(seed => Run(seed, requestsPerSecond, errorRate, errorRate).Verdict == Verdict.Fail);

        Assert.True(wrong < Soaks / 100, $"{wrong} of {Soaks} unchanged releases were rolled back.");
    }

    [Fact]
    public void An_unchanged_release_keeps_the_bounds_on_its_regression_too()
    {
        var rules = SoakSimulation.Rules(metrics: new MetricSpec(MetricName.Errors, null, 1.5, 0, 50));

        var wrong = Enumerable.Range(0, Soaks).Count(seed => Run(seed, 10, 0.005, 0.005, rules).Verdict == Verdict.Fail);

        Assert.True(wrong < Soaks / 100, $"{wrong} of {Soaks} unchanged releases were rolled back.");
    }

    [Fact]
    public void Five_in_a_hundred_failing_at_ten_requests_a_second_is_found_within_a_minute()
    {
        var found = Enumerable.Range(0, Soaks).Count(seed =>
        {
            var (verdict, after) = Run(seed, 10, 0.05, 0.002);
            return verdict == Verdict.Fail && after <= TimeSpan.FromSeconds(60);
        });

        Assert.True(found > Soaks * 99 / 100, $"{found} of {Soaks} bad releases were found within a minute.");
    }

    /// <summary>A soak at 10 % weight, looked at every 10 s, to its end.</summary>
    private static (Verdict Verdict, TimeSpan After) Run(
        int seed, int requestsPerSecond, double canaryRate, double stableRate, Domain.Analysis.SoakRules? rules = null)
    {
        var random = new Random(seed);
        rules ??= SoakSimulation.Rules();
        rules = rules with { Every = TimeSpan.FromSeconds(10) };
        var soak = new SoakSimulation(rules) { CountsLatency = false };
        while (soak.Last.Verdict == Verdict.Inconclusive && soak.Elapsed < TimeSpan.FromMinutes(20))
        {
            var canary = 10 * requestsPerSecond;
            soak.Pass(canary, Binomial(random, canary, canaryRate), 9 * canary, Binomial(random, 9 * canary, stableRate));
        }

        return (soak.Last.Verdict, soak.Elapsed);
    }

    /// <summary>Jumps from success to success by geometric gaps: exact, and quick for small rates.</summary>
    private static long Binomial(Random random, int trials, double rate)
    {
        long successes = 0;
        for (var at = Gap(); at <= trials; at += Gap())
        {
            successes++;
        }

        return successes;

        double Gap() => Math.Floor(Math.Log(1 - random.NextDouble()) / Math.Log(1 - rate)) + 1;
    }
}
