using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Tests.Analysis;

/// <summary>How often the plain limit is wrong where there is nothing to compare with; the judgement benchmark does the rest.</summary>
public sealed class OperatingCharacteristics
{
    private const int Soaks = 400;
    private static readonly Domain.Analysis.SoakRules Alone = SoakSimulation.Rules(every: TimeSpan.FromSeconds(30)) with
    {
        Comparison = Domain.Analysis.Comparison.None,
    };

    [Theory]
    [InlineData(10)]
    [InlineData(2)]
    [InlineData(100)]
    public void A_release_just_below_its_limit_is_hardly_ever_rolled_back(int requestsPerSecond)
    {
        var wrong = Enumerable.Range(0, Soaks).Count(seed => Run(seed, requestsPerSecond, 0.009).Verdict == Verdict.Fail);

        Assert.True(wrong <= Soaks / 100, $"{wrong} of {Soaks} good releases were rolled back.");
    }

    [Fact]
    public void Five_in_a_hundred_failing_at_ten_requests_a_second_is_found_within_two_minutes()
    {
        var found = Enumerable.Range(0, Soaks).Count(seed =>
        {
            var (verdict, after) = Run(seed, 10, 0.05);
            return verdict == Verdict.Fail && after <= TimeSpan.FromMinutes(2);
        });

        Assert.True(found > Soaks * 99 / 100, $"{found} of {Soaks} bad releases were found within two minutes.");
    }

    /// <summary>A soak of all requests, looked at every 30 s, to its end.</summary>
    private static (Verdict Verdict, TimeSpan After) Run(int seed, int requestsPerSecond, double rate)
    {
        var random = new Random(seed);
        var soak = new SoakSimulation(Alone) { CountsLatency = false };
        while (soak.Last.Verdict == Verdict.Inconclusive && soak.Elapsed < TimeSpan.FromMinutes(20))
        {
            soak.Pass(30 * requestsPerSecond, Binomial(random, 30 * requestsPerSecond, rate), 0, 0);
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
