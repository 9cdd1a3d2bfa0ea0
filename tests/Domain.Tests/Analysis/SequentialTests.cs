using Sluice.Domain.Analysis;

namespace Sluice.Domain.Tests.Analysis;

/// <summary>The count e-process against its published values.</summary>
public sealed class SequentialTests
{
    private const double Required = 100;

    [Fact]
    public void Evidence_is_as_published()
    {
        var test = new Sequential(horizon: 15);
        double[] expected = [5.868791, 137.812862, 3966.521607];

        foreach (var value in expected)
        {
            test.Add(6, 300, 28, 5700);
            Assert.Equal(value, test.E, 6);
        }
    }

    [Theory]
    [InlineData(6, 2)]
    [InlineData(3, 14)]
    [InlineData(10, 1)]
    [InlineData(15, 1)]
    public void The_bucket_in_which_it_rejects_is_as_published(int canaryErrors, int expected)
    {
        var test = new Sequential(horizon: 15);

        Assert.Equal(expected, BucketsUntilRejected(test, canaryErrors, 28));
    }

    [Fact]
    public void After_a_clean_day_it_rejects_in_the_fifth_bucket_and_without_restarts_in_the_fifty_fifth()
    {
        var test = new Sequential(horizon: 2880);
        var grid = Enumerable.Range(0, Sequential.Points).Select(i => Math.Pow(64, (i + 1) / 25.0)).ToArray();
        var logs = new double[Sequential.Points];
        for (var i = 0; i < 1440; i++)
        {
            var (k, m) = i % 2 == 0 ? (1, 28) : (2, 29);
            test.Add(k, 300, m, 5700);
            AddPlain(k, m);
        }

        Assert.Equal(5, BucketsUntilRejected(test, 6, 28));
        var plain = 0;
        do
        {
            plain++;
            AddPlain(6, 28);
        }
        while (logs.Average(Math.Exp) < Required);

        Assert.Equal(55, plain);

        void AddPlain(int k, int m)
        {
            for (var i = 0; i < grid.Length; i++)
            {
                logs[i] += (k * Math.Log(grid[i])) - ((k + m) * Math.Log(((grid[i] * 300) + 5700) / 6000));
            }
        }
    }

    [Fact]
    public void Starting_from_a_saved_state_goes_on_as_if_it_had_not_been_saved()
    {
        var whole = new Sequential(horizon: 40);
        var test = new Sequential(horizon: 40);
        for (var i = 0; i < 30; i++)
        {
            whole.Add(i % 4, 300, 28, 5700);
            test.Add(i % 4, 300, 28, 5700);
            test = new Sequential(test.ToState());
            Assert.Equal(whole.E, test.E);
        }

        Assert.Equal(whole.P, test.P);
    }

    [Fact]
    public void The_prior_is_spent_by_the_horizon_and_without_an_end_never()
    {
        var bounded = new Sequential(horizon: 10);
        var endless = new Sequential(horizon: null);
        for (var i = 0; i < 1000; i++)
        {
            bounded.Add(0, 0, 0, 0);
            endless.Add(0, 0, 0, 0);
        }

        Assert.Equal(0, bounded.ToState().Unspent, 9);
        Assert.InRange(endless.ToState().Unspent, 0.0001, 0.001);
        Assert.Equal(1, bounded.E, 9);
        Assert.Equal(1, endless.E, 9);
    }

    [Fact]
    public void Against_a_known_rate_ten_times_as_many_are_found_at_once_and_as_many_as_allowed_never()
    {
        var bad = new Sequential(horizon: 100);
        var good = new Sequential(horizon: 100);
        bad.AddAgainst(30, 3);
        for (var i = 0; i < 100; i++)
        {
            good.AddAgainst(3, 3);
        }

        Assert.True(bad.E > 1e6);
        Assert.True(good.HighestE < 2);
    }

    [Fact]
    public void A_tolerance_of_two_lets_evidence_for_less_fall()
    {
        var strict = new Sequential(horizon: 1000);
        var tolerant = new Sequential(horizon: 1000, firstRatio: 2);
        for (var i = 0; i < 1000; i++)
        {
            strict.Add(13, 1000, 90, 9000);
            tolerant.Add(13, 1000, 90, 9000);
        }

        Assert.True(strict.E > Required);
        Assert.True(tolerant.E < 1);
    }

    private static int BucketsUntilRejected(Sequential test, int canaryErrors, int stableErrors)
    {
        var buckets = 0;
        do
        {
            buckets++;
            test.Add(canaryErrors, 300, stableErrors, 5700);
        }
        while (test.E < Required && buckets < 1000);

        return buckets;
    }
}
