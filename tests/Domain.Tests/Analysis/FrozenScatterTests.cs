using Sluice.Domain.Analysis;

namespace Sluice.Domain.Tests.Analysis;

/// <summary>At full traffic stable is not there any more: how much counts scatter is known from little before, and from the canary itself.</summary>
public sealed class FrozenScatterTests
{
    private const double HalfAMinute = 30;
    private const double Requests = 600;
    private const double Alpha = 0.0045;

    /// <summary>Stable for 15 minutes with 8 failures, as chance may put them: three fell into one bucket, two into another.</summary>
    private static MetricTest AfterQuietStable()
    {
        var test = new MetricTest(new MetricEvidence(), limit: null);
        for (var i = 0; i < 30; i++)
        {
            test.Watch(new Bucket(0, 60, i switch { 4 => 3, 12 => 2, 16 or 21 or 26 => 1, _ => 0 }, 540), unusual: false);
        }

        return test;
    }

    [Fact]
    public void Failures_of_stable_that_happened_to_fall_together_do_not_hide_a_release_that_fails_eight_times_as_often()
    {
        var test = AfterQuietStable();
        Assert.True(test.History.SureVariation > 0.5);

        // Allowed: 1.5 × a rate that eight failures of stable would hardly have shown; the canary fails three times as often as that.
        for (var i = 0; i < 60; i++)
        {
            test.EnterAlone(new Bucket(i % 2 == 0 ? 2 : 3, Requests, 0, 0), allowed: 0.0013, HalfAMinute);
        }

        Assert.True(test.Frozen.HighestE > 1 / Alpha, $"E {test.Frozen.HighestE}");
    }

    [Fact]
    public void A_release_whose_counts_scatter_as_stables_did_is_not_failed_by_its_bad_minutes()
    {
        var test = new MetricTest(new MetricEvidence(), limit: null);
        for (var i = 0; i < 30; i++)
        {
            test.Watch(new Bucket(0, 600, Scattered(i), 5400), unusual: false);
        }

        for (var i = 0; i < 120; i++)
        {
            test.EnterAlone(new Bucket(Scattered(i), 5400, 0, 0), allowed: 0.0075, HalfAMinute);
        }

        Assert.True(test.Frozen.HighestE < 1 / Alpha, $"E {test.Frozen.HighestE}");

        // 27 on average, minutes of 12 and of 54 among them.
        static double Scattered(int bucket) => (bucket / 2 % 5) switch { 0 => 12, 1 => 54, 2 => 21, 3 => 30, _ => 18 };
    }

    [Fact]
    public void Scatter_that_was_known_before_the_unit_of_errors_changed_is_not_forgotten()
    {
        var history = new StableHistory();
        for (var i = 0; i < 60; i++)
        {
            history.Add(i % 4 < 2 ? 12 : 48, 5400, unusual: false);
        }

        Assert.True(history.Anew(keepScatter: true).SureVariation > 0.3);
        Assert.Equal(0, history.Anew(keepScatter: false).SureVariation);
    }

    [Fact]
    public void It_goes_on_from_look_to_look_as_within_one()
    {
        var (whole, stored) = (AfterQuietStable(), AfterQuietStable());
        for (var i = 0; i < 40; i++)
        {
            var bucket = new Bucket(i % 3, Requests, 0, 0);
            whole.EnterAlone(bucket, allowed: 0.0013, HalfAMinute);
            stored.EnterAlone(bucket, allowed: 0.0013, HalfAMinute);
            stored = new MetricTest(stored.ToEvidence(new MetricEvidence()), limit: null);
        }

        Assert.Equal(whole.Frozen.E, stored.Frozen.E, 1e-9);
    }
}
