namespace Sluice.Domain.Analysis;

/// <summary>Exact binomial tails.</summary>
public static class Binomial
{
    private static readonly double[] Lanczos =
    [
        676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
        12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ];

    /// <summary>Probability of <paramref name="successes"/> or more in <paramref name="trials"/> independent trials.</summary>
    /// <param name="successes">0 or more.</param>
    /// <param name="trials">0 or more.</param>
    /// <param name="probability">Of one success, 0 to 1.</param>
    /// <returns>0 to 1; 1 when nothing is asked for.</returns>
    /// <remarks>
    /// The regularised incomplete beta function I_p(k, n − k + 1) (Abramowitz and Stegun 26.5.24) by its continued fraction (26.5.8).
    /// Exact where a normal approximation is not: a few events among many trials of small probability.
    /// </remarks>
    public static double AtLeast(long successes, long trials, double probability)
    {
        if (successes <= 0 || probability >= 1)
        {
            return 1;
        }

        if (successes > trials || probability <= 0)
        {
            return 0;
        }

        double a = successes;
        double b = trials - successes + 1;
        var front = Math.Exp(
            LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(probability)) + (b * Math.Log(1 - probability)));

        // The fraction converges quickly only below the mean; above it the complement is computed.
        return probability < (a + 1) / (a + b + 2)
            ? Math.Clamp(front * Fraction(a, b, probability) / a, 0, 1)
            : Math.Clamp(1 - (front * Fraction(b, a, 1 - probability) / b), 0, 1);
    }

    /// <summary>Modified Lentz evaluation of the continued fraction.</summary>
    private static double Fraction(double a, double b, double x)
    {
        const double tiny = 1e-300;
        var c = 1.0;
        var d = Guard(1 - ((a + b) * x / (a + 1)));
        d = 1 / d;
        var h = d;
        for (var m = 1; m <= 100_000; m++)
        {
            var even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / Guard(1 + (even * d));
            c = Guard(1 + (even / c));
            h *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / Guard(1 + (odd * d));
            c = Guard(1 + (odd / c));
            var step = d * c;
            h *= step;
            if (Math.Abs(step - 1) < 1e-12)
            {
                break;
            }
        }

        return h;

        static double Guard(double value) => Math.Abs(value) < tiny ? tiny : value;
    }

    /// <summary>Lanczos' approximation, g = 7, for arguments above 0.5.</summary>
    private static double LogGamma(double x)
    {
        x -= 1;
        var sum = 0.99999999999980993;
        for (var i = 0; i < Lanczos.Length; i++)
        {
            sum += Lanczos[i] / (x + i + 1);
        }

        var t = x + Lanczos.Length - 0.5;
        return (0.5 * Math.Log(2 * Math.PI)) + ((x + 0.5) * Math.Log(t)) - t + Math.Log(sum);
    }
}
