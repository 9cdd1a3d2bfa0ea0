using Sluice.Domain.Analysis;

namespace Sluice.Benchmarks.Judgement.Traffic;

/// <summary>Lognormal times of σ = 0.5 as the counts of <see cref="LatencyBuckets"/>.</summary>
/// <remarks>
/// Arrivals are Poisson, so each bucket's count is Poisson by itself. The lower three quarters fall into one bucket: nobody asks about them,
/// and each of the twenty above is drawn exactly.
/// </remarks>
internal sealed class LatencyShape
{
    private const double Median = 0.05;
    private const double Sigma = 0.5;
    private const double BodyEnds = 0.6745;
    private const double TailEnds = 5.5;

    private static readonly int First = LatencyBuckets.IndexOf(Median * Math.Exp(Sigma * BodyEnds));
    private static readonly int Last = LatencyBuckets.IndexOf(Median * Math.Exp(Sigma * TailEnds));

    private static readonly double[] Bounds = [.. Enumerable.Range(First, Last + 1 - First).Select(i => Math.Log(LatencyBuckets.UpperBounds[i] / Median) / Sigma)];

    private readonly double[] _shares = new double[Bounds.Length];
    private double _shift = double.NaN;

    /// <summary>Share of requests at a level that take longer than 1.1 times the p95 of level 1; 5 % at level 1, where nothing is too slow.</summary>
    public static double Slower(double level) => level <= 1 ? 0.05 : Beyond(1.645 + (Math.Log(1.1 / level) / Sigma));

    /// <summary>Sets the level.</summary>
    /// <param name="level">Factor on every time.</param>
    public void Set(double level)
    {
        var shift = Math.Log(level);
        if (shift == _shift)
        {
            return;
        }

        _shift = shift;
        var above = 1.0;
        for (var i = 0; i < _shares.Length; i++)
        {
            var beyond = i == _shares.Length - 1 ? 0 : Beyond(Bounds[i] - (shift / Sigma));
            _shares[i] = above - beyond;
            above = beyond;
        }
    }

    /// <summary>Adds what is drawn to counts.</summary>
    /// <param name="draw">Randomness.</param>
    /// <param name="mean">Expected requests.</param>
    /// <param name="counts">Per bucket.</param>
    /// <returns>How many were added.</returns>
    public int Add(Draw draw, double mean, long[] counts)
    {
        var sum = 0;
        for (var i = 0; i < _shares.Length; i++)
        {
            var count = draw.Poisson(mean * _shares[i]);
            counts[First + i] += count;
            sum += count;
        }

        return sum;
    }

    /// <summary>The upper tail of the normal distribution (Abramowitz and Stegun 7.1.26, |ε| ≤ 1.5e-7).</summary>
    private static double Beyond(double z)
    {
        var x = Math.Abs(z) / Math.Sqrt(2);
        var t = 1 / (1 + (0.3275911 * x));
        var half = 0.5 * t * (0.254829592 + (t * (-0.284496736 + (t * (1.421413741 + (t * (-1.453152027 + (t * 1.061405429)))))))) * Math.Exp(-x * x);
        return z >= 0 ? half : 1 - half;
    }
}
