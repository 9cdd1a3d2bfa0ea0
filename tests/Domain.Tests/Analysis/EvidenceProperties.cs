using FsCheck;
using FsCheck.Fluent;
using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Tests.Analysis;

/// <summary>What holds for any counts.</summary>
public sealed class EvidenceProperties
{
    private static readonly Config Seeded = Config.QuickThrowOnFailure.WithReplay(20300101, 7).WithMaxTest(60);

    private static readonly Gen<int[]> Minute =
        from canary in Gen.Choose(0, 2000)
        from errors in Gen.Choose(0, canary)
        from stable in Gen.Choose(0, 20_000)
        from stableErrors in Gen.Choose(0, stable)
        select new[] { canary, errors, stable, stableErrors };

    [Fact]
    public void No_counts_make_a_number_that_is_none() => Check.One(Seeded, Prop.ForAll(Minute.ArrayOf(12).ToArbitrary(), minutes =>
    {
        var soak = new SoakSimulation(SoakSimulation.Rules(metrics: [new MetricSpec(MetricName.Errors, 0.01, 1.5, 0, 50), new MetricSpec(MetricName.LatencyP95, 0.5, 1.5, 0, 50)]));
        foreach (var m in minutes)
        {
            var result = soak.Pass(m[0], m[1], m[2], m[3], canarySeconds: 0.001 * (1 + m[1]), stableSeconds: 0.001 * (1 + m[3]));
            foreach (var measurement in result.Measurements)
            {
                double?[] numbers = [measurement.E, measurement.P, measurement.RatioLow, measurement.RatioHigh, measurement.SmallestRatio];
                Assert.All(numbers, n => Assert.True(n is null || (double.IsFinite(n.Value) && n >= 0), measurement.ToString()));
            }

            Assert.True(double.IsFinite(result.Progress.ElapsedSeconds));
        }
    }));

    [Fact]
    public void The_same_state_and_look_give_the_same_result() => Check.One(Seeded, Prop.ForAll(Minute.ArrayOf(6).ToArbitrary(), minutes =>
    {
        var rules = SoakSimulation.Rules();
        var soak = new SoakSimulation(rules);
        foreach (var m in minutes)
        {
            soak.Pass(m[0], m[1], m[2], m[3]);
        }

        var look = soak.Seen() with { Now = soak.Now.AddSeconds(30) };
        var (first, second) = (SoakJudge.Look(rules, soak.State, look), SoakJudge.Look(rules, soak.State, look));

        Assert.Equal(first.Verdict, second.Verdict);
        Assert.Equal(first.Measurements, second.Measurements);
        Assert.Equal(first.Reason, second.Reason);
    }));

    [Fact]
    public void More_canary_errors_never_make_less_evidence() => Check.One(Seeded, Prop.ForAll(Minute.ToArbitrary(), m =>
    {
        var (fewer, more) = (new Sequential(100), new Sequential(100));
        fewer.Add(m[1], m[0] + 1, m[3], m[2]);
        more.Add(m[1] + 1, m[0] + 1, m[3], m[2]);

        Assert.True(more.E >= fewer.E || m[2] == 0);
    }));

    [Fact]
    public void Of_what_is_slow_the_unit_does_not_matter()
    {
        // A factor between two bounds of the histogram a whole number of times: the same counts, some buckets further.
        var found = new List<int>();
        foreach (var factor in (double[])[1, Math.Pow(1.1, 20), Math.Pow(1.1, -20)])
        {
            var soak = new SoakSimulation(SoakSimulation.Rules(metrics: new MetricSpec(MetricName.LatencyP95, 60, null, 0, 50)));
            var verdicts = new List<Verdict>();
            for (var i = 0; i < 16; i++)
            {
                verdicts.Add(soak.Pass(300, 0, 2700, 0, canarySeconds: 0.104 * factor, stableSeconds: 0.052 * factor).Verdict);
            }

            found.Add(verdicts.IndexOf(Verdict.Fail));
        }

        Assert.All(found, at => Assert.Equal(found[0], at));
        Assert.InRange(found[0], 0, 15);
    }
}
