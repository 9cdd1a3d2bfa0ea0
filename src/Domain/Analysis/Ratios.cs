namespace Sluice.Domain.Analysis;

/// <summary>What the counts say of the canary's rate over stable's, for people: it decides nothing.</summary>
public static class Ratios
{
    private const int Points = 61;
    private const double Farthest = 4.6;
    private const int Steps = 40;

    // Of a test that is to find nine bad releases of ten.
    private const double NinetyPercent = 1.2816;

    // What the mixture costs: half the prior is kept for later starts, and three or so of the 25 ratios are near the true one.
    private static readonly double MixtureCost = Math.Log(2.0 * Sequential.Points / 3);

    /// <summary>
    /// The confidence sequence of the ratio: it holds the true one at all times with probability 1 − α. The ratios that a mixture of all others,
    /// uniform in the logarithm, does not beat by 1/α (Ville's inequality, test by test).
    /// </summary>
    /// <param name="stages">What was compared; within a weight the share of the traffic is taken as constant.</param>
    /// <param name="alpha">0 to 1.</param>
    /// <returns>0 or more and null for "any" when nothing bounds it.</returns>
    public static (double Low, double? High) Interval(IReadOnlyList<Stage> stages, double alpha)
    {
        var (canary, stable) = (stages.Sum(s => s.CanaryEvents), stages.Sum(s => s.StableEvents));
        if (canary + stable <= 0 || stages.Sum(s => s.CanaryTrials) <= 0 || stages.Sum(s => s.StableTrials) <= 0)
        {
            return (0, null);
        }

        Span<double> logs = stackalloc double[Points];
        var (highest, best) = (double.NegativeInfinity, 0.0);
        for (var i = 0; i < Points; i++)
        {
            var at = Farthest * ((2.0 * i / (Points - 1)) - 1);
            logs[i] = LogLikelihood(stages, at);
            if (logs[i] > highest)
            {
                (highest, best) = (logs[i], at);
            }
        }

        var sum = 0.0;
        foreach (var log in logs)
        {
            sum += Math.Exp(log - highest);
        }

        var least = highest + Math.Log(sum / Points) + Math.Log(alpha);
        return (
            LogLikelihood(stages, -Farthest) >= least ? 0 : Math.Exp(Edge(stages, -Farthest, best, least)),
            LogLikelihood(stages, Farthest) >= least ? null : Math.Exp(Edge(stages, Farthest, best, least)));
    }

    /// <summary>The smallest ratio that what was seen would have found in nine cases of ten; null when nothing was.</summary>
    /// <param name="stages">What was compared.</param>
    /// <param name="required">1/α.</param>
    public static double? Smallest(IReadOnlyList<Stage> stages, double required)
    {
        var canary = stages.Sum(s => s.CanaryTrials);
        var stable = stages.Sum(s => s.StableTrials);
        if (canary <= 0 || stable <= 0)
        {
            return null;
        }

        // Half an event more: a rate of zero is not known to be zero.
        var rate = (stages.Sum(s => s.StableEvents) + 0.5) / stable;
        var dispersion = stages.Sum(s => s.Dispersions) / Math.Max(1, stages.Sum(s => s.Buckets));
        var needed = (Math.Log(required) + MixtureCost) * Math.Max(1, dispersion);
        var (low, high) = (0.0, Farthest * 2);
        if (!IsFound(high))
        {
            return null;
        }

        for (var i = 0; i < Steps; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = IsFound(middle) ? (low, middle) : (middle, high);
        }

        return Math.Exp(high);

        bool IsFound(double log)
        {
            var ratio = Math.Exp(log);
            var events = Math.Min(1, ratio * rate) * canary;
            var mixed = Math.Log(((ratio * canary) + stable) / (canary + stable));
            var gain = (events * (log - mixed)) - (rate * stable * mixed);
            var scatter = Math.Sqrt(events * Math.Max(1, dispersion)) * (log - mixed);
            return gain - (NinetyPercent * scatter) >= needed;
        }
    }

    /// <summary>By how much the logarithm of the evidence grows with each canary trial when things go on as they did; may be negative.</summary>
    public static double GrowthPerTrial(IReadOnlyList<Stage> stages)
    {
        var canary = stages.Sum(s => s.CanaryTrials);
        var stable = stages.Sum(s => s.StableTrials);
        var (events, others) = (stages.Sum(s => s.CanaryEvents), stages.Sum(s => s.StableEvents));
        return canary <= 0 || stable <= 0 || events <= 0
            ? 0
            : LogLikelihood(stages, Math.Log(Math.Max(Sequential.DefaultFirstRatio, events / canary / ((others + 0.5) / stable)))) / canary;
    }

    /// <summary>Of a ratio over that of 1.</summary>
    private static double LogLikelihood(IReadOnlyList<Stage> stages, double log)
    {
        var ratio = Math.Exp(log);
        var sum = 0.0;
        for (var i = 0; i < stages.Count; i++)
        {
            var stage = stages[i];
            var trials = stage.CanaryTrials + stage.StableTrials;
            if (trials > 0)
            {
                var mixed = Math.Log(((ratio * stage.CanaryTrials) + stage.StableTrials) / trials);
                sum += ((stage.CanaryEvents * (log - mixed)) - (stage.StableEvents * mixed)) / stage.Dispersion();
            }
        }

        return sum;
    }

    private static double Edge(IReadOnlyList<Stage> stages, double outside, double inside, double least)
    {
        for (var i = 0; i < Steps; i++)
        {
            var middle = (outside + inside) / 2;
            (outside, inside) = LogLikelihood(stages, middle) < least ? (middle, inside) : (outside, middle);
        }

        return outside;
    }
}
