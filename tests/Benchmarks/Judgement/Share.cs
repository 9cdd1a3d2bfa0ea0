using System.Globalization;
using Sluice.Domain.Analysis;

namespace Sluice.Benchmarks.Judgement;

/// <summary>So many of so many, with its exact (Clopper-Pearson) one-sided 95 % bounds.</summary>
internal readonly record struct Share(int Count, int Of)
{
    private const double Error = 0.05;

    public double Value => Of == 0 ? 0 : (double)Count / Of;

    /// <summary>The rate at which so few would be seen once in twenty times.</summary>
    public double Upper
    {
        get
        {
            var (count, of) = (Count, Of);
            return count >= of ? 1 : Solve(p => Binomial.AtLeast(count + 1, of, p) < 1 - Error);
        }
    }

    /// <summary>The rate at which so many would be seen once in twenty times.</summary>
    public double Lower
    {
        get
        {
            var (count, of) = (Count, Of);
            return count == 0 ? 0 : Solve(p => Binomial.AtLeast(count, of, p) < Error);
        }
    }

    public override string ToString() => Text(Value);

    /// <summary>In percent.</summary>
    public static string Text(double fraction) => (fraction * 100).ToString(fraction is > 0 and < 0.1 ? "0.00" : "0.0", CultureInfo.InvariantCulture) + " %";

    private static double Solve(Func<double, bool> isBelow)
    {
        var (low, high) = (0.0, 1.0);
        for (var i = 0; i < 50; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = isBelow(middle) ? (middle, high) : (low, middle);
        }

        return high;
    }
}
