using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Tests.Analysis;

/// <summary>At weight 100 there is no stable beside the release: what is known of stable, and what was found of the release, comes from before.</summary>
public sealed class FullWeightTests
{
    private static SoakRules Rules { get; } = SoakSimulation.Rules() with
    {
        Comparison = Comparison.Frozen,
        Clock = SoakClock.Wall,
        Metrics = [new MetricSpec(MetricName.Errors, 0.05, 1.5, 0, 50)],
    };

    [Fact]
    public void A_release_is_compared_with_what_stable_did_before_by_its_margin()
    {
        var split = new SoakSimulation();
        split.Repeat(TimeSpan.FromMinutes(20), () => split.Pass(300, 1, 2700, 9));
        var good = new SoakSimulation(Rules, split.State.Evidence);
        var bad = new SoakSimulation(Rules, split.State.Evidence);

        Assert.Equal(Verdict.Pass, good.Repeat(TimeSpan.FromMinutes(16), () => good.Pass(3000, 12, 0, 0)).Verdict);
        var result = bad.Repeat(TimeSpan.FromMinutes(15), () => bad.Pass(3000, 24, 0, 0));
        Assert.Equal(Verdict.Fail, result.Verdict);
        Assert.Contains("0.8 % of ", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_found_beside_stable_and_was_not_enough_counts()
    {
        var evidence = After(canaryErrors: 1);
        var suspicion = After(canaryErrors: 3);
        var (unsuspected, suspected) = (new SoakSimulation(Rules, evidence), new SoakSimulation(Rules, suspicion));
        var looks = 0;

        while (suspected.Pass(3000, 21, 0, 0).Verdict != Verdict.Fail)
        {
            Assert.NotEqual(Verdict.Fail, unsuspected.Pass(3000, 21, 0, 0).Verdict);
            Assert.InRange(++looks, 1, 120);
        }

        Assert.NotEqual(Verdict.Fail, unsuspected.Pass(3000, 21, 0, 0).Verdict);
        Assert.True(suspected.Last.Measurements[0].E >= suspected.Last.Measurements[0].RequiredE);

        static Evidence After(int canaryErrors)
        {
            var split = new SoakSimulation();
            split.Repeat(TimeSpan.FromMinutes(8), () => split.Pass(300, 1, 2700, 9));
            Assert.NotEqual(Verdict.Fail, split.Repeat(TimeSpan.FromMinutes(3), () => split.Pass(300, canaryErrors, 2700, 9)).Verdict);
            return split.State.Evidence;
        }
    }

    [Fact]
    public void Evidence_that_was_enough_and_was_let_through_does_not_fail_the_release_again()
    {
        var split = new SoakSimulation(Rules with { Comparison = Comparison.Split });
        Assert.Equal(Verdict.Fail, split.Repeat(TimeSpan.FromMinutes(10), () => split.Pass(300, 12, 2700, 9)).Verdict);
        var passed = new SoakSimulation(Rules, split.State.Evidence);

        Assert.Equal(Verdict.Pass, passed.Repeat(TimeSpan.FromMinutes(16), () => passed.Pass(3000, 12, 0, 0)).Verdict);
    }
}
