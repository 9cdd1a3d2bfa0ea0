namespace Sluice.Cli.Simulate;

/// <summary>Draws counts from a seeded source.</summary>
internal sealed class Chance(Random random)
{
    private const double FewArrivals = 12;
    private const double ManyFailures = 1_000;

    /// <summary>A seed for run number <paramref name="run"/>: SplitMix64, so that neighbours have nothing in common.</summary>
    public static int Seed(int seed, int run)
    {
        var z = unchecked((ulong)(uint)seed + ((ulong)run * 0x9E3779B97F4A7C15));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return (int)((z ^ (z >> 31)) & int.MaxValue);
    }

    /// <summary>Arrivals of a mean: multiplication for few, Hörmann's transformed rejection (PTRS, 1993) for many.</summary>
    public long Poisson(double mean)
    {
        if (mean <= 0)
        {
            return 0;
        }

        return mean < FewArrivals ? Multiply(mean) : Reject(mean);
    }

    /// <summary>How many of so many happen: by the gaps between them, which are geometric; beyond a thousand expected, normal.</summary>
    public long Binomial(long count, double probability)
    {
        if (probability <= 0 || count <= 0)
        {
            return 0;
        }

        if (probability > 0.5)
        {
            return count - Binomial(count, 1 - probability);
        }

        if (count * probability > ManyFailures)
        {
            var deviation = Math.Sqrt(count * probability * (1 - probability));
            return Math.Clamp((long)Math.Round((count * probability) + (deviation * Normal())), 0, count);
        }

        var happened = 0L;
        var logarithm = Math.Log(1 - probability);
        for (var at = Gap(); at <= count; at += Gap())
        {
            happened++;
        }

        return happened;

        double Gap() => Math.Floor(Math.Log(1 - random.NextDouble()) / logarithm) + 1;
    }

    /// <summary>1, 2, 3 …, each following with the same probability.</summary>
    /// <param name="mean">1 or more.</param>
    public long Geometric(double mean) => mean <= 1 ? 1 : 1 + (long)(Math.Log(1 - random.NextDouble()) / Math.Log(1 - (1 / mean)));

    /// <summary>A factor of mean 1 that is gamma: Marsaglia and Tsang's method (2000).</summary>
    /// <param name="variation">Its coefficient of variation.</param>
    public double Gamma(double variation)
    {
        if (variation <= 0)
        {
            return 1;
        }

        // Below 1 the method takes the next shape: Gamma(k) = Gamma(k + 1) · U^(1/k).
        var shape = 1 / (variation * variation);
        var d = (shape < 1 ? shape + 1 : shape) - (1.0 / 3);
        while (true)
        {
            var x = Normal();
            var v = Math.Pow(1 + (x / Math.Sqrt(9 * d)), 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v)))
            {
                return d * v / shape * (shape < 1 ? Math.Pow(1 - random.NextDouble(), 1 / shape) : 1);
            }
        }
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private long Multiply(double mean)
    {
        var limit = Math.Exp(-mean);
        var count = 0L;
        for (var product = random.NextDouble(); product > limit; product *= random.NextDouble())
        {
            count++;
        }

        return count;
    }

    private long Reject(double mean)
    {
        var root = Math.Sqrt(mean);
        var b = 0.931 + (2.53 * root);
        var a = -0.059 + (0.02483 * b);
        var inverse = 1.1239 + (1.1328 / (b - 3.4));
        var sure = 0.9277 - (3.6224 / (b - 2));
        while (true)
        {
            var u = random.NextDouble() - 0.5;
            var v = 1 - random.NextDouble();
            var us = 0.5 - Math.Abs(u);
            var k = Math.Floor((((2 * a / us) + b) * u) + mean + 0.43);
            if (us >= 0.07 && v <= sure)
            {
                return (long)k;
            }

            if (k < 0 || (us < 0.013 && v > us))
            {
                continue;
            }

            if (Math.Log(v) + Math.Log(inverse) - Math.Log((a / (us * us)) + b) <= (k * Math.Log(mean)) - mean - LogFactorial(k))
            {
                return (long)k;
            }
        }
    }

    // Stirling's series; k is above a few here.
    private static double LogFactorial(double k) => k < 10
        ? Enumerable.Range(1, (int)k).Sum(i => Math.Log(i))
        : ((k + 0.5) * Math.Log(k)) - k + (0.5 * Math.Log(2 * Math.PI)) + (1 / (12 * k)) - (1 / (360 * k * k * k));
}
