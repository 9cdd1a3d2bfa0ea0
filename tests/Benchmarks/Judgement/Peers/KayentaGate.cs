namespace Sluice.Benchmarks.Judgement.Peers;

/// <summary>
/// Kayenta's classifier of one metric (<c>MannWhitneyClassifier.scala</c>), read in its source: the asymptotic two-sample confidence interval
/// of R's <c>wilcox.test</c> at 98 %, found to an absolute tolerance; "High" when its lower end exceeds a quarter of the estimated shift and
/// the canary's mean is not below the control's.
/// </summary>
internal static class KayentaGate
{
    private const double Tolerance = 0.25;
    private const double Normal99 = 2.3263478740408408;
    private const double SolverTolerance = 1e-4;

    /// <returns>Whether the canary's values are judged High.</returns>
    public static bool IsHigh(double[] canary, double[] control)
    {
        if (canary.Order().SequenceEqual(control.Order()) || canary.Concat(control).Distinct().Count() == 1)
        {
            return false;
        }

        var ranks = new Ranks(canary, control);
        var lower = ranks.Shift(Normal99);
        var estimate = ranks.Shift(0);
        var average = control.Average();
        return lower > Tolerance * Math.Abs(estimate) && (average == 0 || canary.Average() >= average);
    }

    /// <returns>Whether the canary's values are judged Low: the mirror of High.</returns>
    public static bool IsLow(double[] canary, double[] control) => IsHigh(control, canary);

    /// <summary>The rank-sum statistic as a function of a shift of the first sample; it falls in steps.</summary>
    private sealed class Ranks(double[] x, double[] y)
    {
        private readonly double[] _values = new double[x.Length + y.Length];
        private readonly bool[] _isFirst = new bool[x.Length + y.Length];

        /// <summary>The shift at which the statistic is this many standard deviations.</summary>
        public double Shift(double deviations)
        {
            var (low, high) = (x.Min() - y.Max(), x.Max() - y.Min());
            if (Statistic(low) <= deviations)
            {
                return low;
            }

            if (Statistic(high) >= deviations)
            {
                return high;
            }

            return Brent(shift => Statistic(shift) - deviations, low, high);
        }

        private double Statistic(double shift)
        {
            for (var i = 0; i < _values.Length; i++)
            {
                _isFirst[i] = i < x.Length;
                _values[i] = _isFirst[i] ? x[i] - shift : y[i - x.Length];
            }

            Array.Sort(_values, _isFirst);
            double sum = 0, ties = 0;
            for (var from = 0; from < _values.Length;)
            {
                var to = from + 1;
                while (to < _values.Length && _values[to] == _values[from])
                {
                    to++;
                }

                double equal = to - from;
                ties += (equal * equal * equal) - equal;
                for (var i = from; i < to; i++)
                {
                    sum += _isFirst[i] ? (from + to + 1) / 2.0 : 0;
                }

                from = to;
            }

            double m = x.Length, n = y.Length;
            var centred = sum - (m * (m + 1) / 2) - (m * n / 2);
            var deviation = Math.Sqrt(m * n / 12 * (m + n + 1 - (ties / ((m + n) * (m + n - 1)))));
            return deviation == 0 ? 0 : (centred - (0.5 * Math.Sign(centred))) / deviation;
        }
    }

    /// <summary>
    /// Brent's root finder (Algorithms for Minimization Without Derivatives, 1973, chapter 4) with the tolerance Kayenta has: on a function
    /// that falls in steps the point it ends at depends on its path.
    /// </summary>
    private static double Brent(Func<double, double> function, double from, double to)
    {
        var (previous, best, other) = (from, to, from);
        var (atPrevious, atBest) = (function(from), function(to));
        var atOther = atPrevious;
        while (true)
        {
            var lastStep = best - previous;
            if (Math.Abs(atOther) < Math.Abs(atBest))
            {
                (previous, best, other) = (best, other, best);
                (atPrevious, atBest, atOther) = (atBest, atOther, atBest);
            }

            var half = (other - best) / 2;
            if (Math.Abs(half) <= SolverTolerance / 2 || atBest == 0)
            {
                return best;
            }

            var step = half;
            if (Math.Abs(lastStep) >= SolverTolerance / 2 && Math.Abs(atPrevious) > Math.Abs(atBest))
            {
                double p, q;
                var s = atBest / atPrevious;
                if (previous == other)
                {
                    (p, q) = (2 * half * s, 1 - s);
                }
                else
                {
                    var (r, t) = (atBest / atOther, atPrevious / atOther);
                    p = s * ((2 * half * t * (t - r)) - ((best - previous) * (r - 1)));
                    q = (t - 1) * (r - 1) * (s - 1);
                }

                (p, q) = p > 0 ? (p, -q) : (-p, q);
                if (p < (1.5 * half * q) - Math.Abs(SolverTolerance / 4 * q) && p < Math.Abs(lastStep * q / 2))
                {
                    step = p / q;
                }
            }

            if (Math.Abs(step) < SolverTolerance / 2)
            {
                step = half > 0 ? SolverTolerance / 2 : -SolverTolerance / 2;
            }

            (previous, atPrevious) = (best, atBest);
            best += step;
            atBest = function(best);
            if (Math.Sign(atBest) == Math.Sign(atOther) && atBest != 0)
            {
                (other, atOther) = (previous, atPrevious);
            }
        }
    }
}
