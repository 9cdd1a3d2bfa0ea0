using Sluice.Domain.Analysis;

namespace Sluice.Domain.Tests.Analysis;

public sealed class BinomialTests
{
    [Theory]
    [InlineData(1, 10, 0.1)]
    [InlineData(3, 50, 0.01)]
    [InlineData(7, 12, 0.5)]
    [InlineData(30, 600, 0.01)]
    [InlineData(190, 200, 0.9)]
    [InlineData(200, 200, 0.99)]
    public void A_tail_is_the_sum_of_its_terms(int successes, int trials, double probability)
    {
        Assert.Equal(1, Binomial.AtLeast(successes, trials, probability) / Sum(successes, trials, probability), 9);
    }

    [Theory]
    [InlineData(0, 10, 0.3, 1)]
    [InlineData(11, 10, 0.3, 0)]
    [InlineData(1, 10, 0, 0)]
    [InlineData(10, 10, 1, 1)]
    [InlineData(0, 0, 0.5, 1)]
    public void The_ends_are_exact(int successes, int trials, double probability, double expected) =>
        Assert.Equal(expected, Binomial.AtLeast(successes, trials, probability));

    [Fact]
    public void Millions_of_trials_stay_a_probability()
    {
        Assert.Equal(0.5, Binomial.AtLeast(100_000, 10_000_000, 0.01), 2);
        Assert.InRange(Binomial.AtLeast(101_100, 10_000_000, 0.01), 0.0001, 0.0005);
    }

    private static double Sum(int successes, int trials, double probability)
    {
        var sum = 0.0;
        for (var k = successes; k <= trials; k++)
        {
            var log = 0.0;
            for (var i = 1; i <= k; i++)
            {
                log += Math.Log((double)(trials - k + i) / i);
            }

            sum += Math.Exp(log + (k * Math.Log(probability)) + ((trials - k) * Math.Log(1 - probability)));
        }

        return sum;
    }
}
