namespace Sluice.Cli.Simulate;

/// <summary>Latencies whose logarithm is normal.</summary>
internal static class Lognormal
{
    /// <summary>The share below a value.</summary>
    /// <param name="value">Above 0.</param>
    /// <param name="median">Above 0.</param>
    /// <param name="spread">Standard deviation of the natural logarithm.</param>
    public static double Below(double value, double median, double spread) => Normal(Math.Log(value / median) / spread);

    /// <summary>The value at a number of standard deviations.</summary>
    public static double At(double deviations, double median, double spread) => median * Math.Exp(deviations * spread);

    /// <summary>The normal distribution function, to 1e-7: Abramowitz and Stegun 26.2.17.</summary>
    private static double Normal(double z)
    {
        var t = 1 / (1 + (0.2316419 * Math.Abs(z)));
        var tail = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI)
            * t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return z < 0 ? tail : 1 - tail;
    }
}
