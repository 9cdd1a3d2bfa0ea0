namespace Sluice.Benchmarks.Judgement.Traffic;

/// <summary>
/// Random numbers of one run: xoshiro256** (Blackman and Vigna), started from the seed, the cell's name and the run's number alone, so that
/// a run is the same on however many threads.
/// </summary>
internal sealed class Draw
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;
    private double? _spareNormal;

    /// <param name="seed">Of the whole benchmark.</param>
    /// <param name="cell">Name of what is measured.</param>
    /// <param name="run">Number of the run in it.</param>
    public Draw(ulong seed, string cell, int run)
    {
        var state = seed;
        foreach (var letter in cell)
        {
            state = (state ^ letter) * 0x100000001B3UL;
        }

        state ^= (ulong)run * 0xD1342543DE82EF95UL;
        _a = SplitMix(ref state);
        _b = SplitMix(ref state);
        _c = SplitMix(ref state);
        _d = SplitMix(ref state);
    }

    /// <summary>In [0, 1).</summary>
    public double Uniform()
    {
        var result = ulong.RotateLeft(_b * 5, 7) * 9;
        var shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = ulong.RotateLeft(_d, 45);
        return (result >> 11) * (1.0 / (1UL << 53));
    }

    public double Between(double from, double to) => from + ((to - from) * Uniform());

    /// <summary>Uniform in the logarithm.</summary>
    public double LogBetween(double from, double to) => from * Math.Pow(to / from, Uniform());

    /// <summary>In [0, <paramref name="count"/>).</summary>
    public int Index(int count) => (int)(Uniform() * count);

    /// <summary>Standard normal (Marsaglia's polar method).</summary>
    public double Normal()
    {
        if (_spareNormal is { } spare)
        {
            _spareNormal = null;
            return spare;
        }

        double x, y, square;
        do
        {
            x = (2 * Uniform()) - 1;
            y = (2 * Uniform()) - 1;
            square = (x * x) + (y * y);
        }
        while (square is >= 1 or 0);
        var factor = Math.Sqrt(-2 * Math.Log(square) / square);
        _spareNormal = y * factor;
        return x * factor;
    }

    /// <summary>Exact: products of uniforms for small means, Hörmann's transformed rejection (PTRS, 1993) for others.</summary>
    public int Poisson(double mean)
    {
        if (mean <= 0)
        {
            return 0;
        }

        if (mean < 10)
        {
            var count = 0;
            var end = Math.Exp(-mean);
            for (var product = Uniform(); product > end; product *= Uniform())
            {
                count++;
            }

            return count;
        }

        var log = Math.Log(mean);
        var b = 0.931 + (2.53 * Math.Sqrt(mean));
        var a = -0.059 + (0.02483 * b);
        var inverseAlpha = 1.1239 + (1.1328 / (b - 3.4));
        var squeeze = 0.9277 - (3.6224 / (b - 2));
        while (true)
        {
            var u = Uniform() - 0.5;
            var v = Uniform();
            var us = 0.5 - Math.Abs(u);
            var k = Math.Floor((((2 * a / us) + b) * u) + mean + 0.43);
            if (us >= 0.07 && v <= squeeze)
            {
                return (int)k;
            }

            if (k < 0 || (us < 0.013 && v > us))
            {
                continue;
            }

            if (Math.Log(v) + Math.Log(inverseAlpha) - Math.Log((a / (us * us)) + b) <= (k * log) - mean - LogFactorial(k))
            {
                return (int)k;
            }
        }
    }

    /// <summary>Exact: by inversion for small means, by geometric gaps for others, of which there are few.</summary>
    public int Binomial(int trials, double probability)
    {
        if (trials <= 0 || probability <= 0)
        {
            return 0;
        }

        if (probability >= 1)
        {
            return trials;
        }

        var successes = 0;
        if (trials * probability < 30)
        {
            var odds = probability / (1 - probability);
            var density = Math.Pow(1 - probability, trials);
            for (var left = Uniform() - density; left > 0 && successes < trials; left -= density)
            {
                successes++;
                density *= odds * (trials - successes + 1) / successes;
            }

            return successes;
        }

        var log = Math.Log(1 - probability);
        for (var at = Gap(); at <= trials; at += Gap())
        {
            successes++;
        }

        return successes;

        double Gap() => Math.Floor(Math.Log(1 - Uniform()) / log) + 1;
    }

    /// <summary>1, 2, 3, … with this mean.</summary>
    public int Geometric(double mean) => 1 + (int)(Math.Log(1 - Uniform()) / Math.Log(1 - (1 / mean)));

    /// <summary>Gamma with mean 1 and this coefficient of variation (Marsaglia and Tsang, 2000).</summary>
    public double Frailty(double cv)
    {
        if (cv <= 0)
        {
            return 1;
        }

        var shape = 1 / (cv * cv);
        if (shape < 1)
        {
            // Gamma(k) = Gamma(k + 1) · U^(1/k).
            return Gamma(shape + 1) * Math.Pow(Uniform(), 1 / shape) / shape;
        }

        return Gamma(shape) / shape;
    }

    private double Gamma(double shape)
    {
        var d = shape - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = Normal();
            var v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            if (Math.Log(1 - Uniform()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v)))
            {
                return d * v;
            }
        }
    }

    /// <summary>Stirling's series, for 0 and more.</summary>
    private static double LogFactorial(double k)
    {
        if (k < 2)
        {
            return 0;
        }

        var x = k + 1;
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + (1 / (12 * x)) - (1 / (360 * x * x * x));
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15UL;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
