namespace Sluice.Domain.Analysis;

/// <summary>
/// By how much counts scatter from bucket to bucket beyond chance: method of moments for counts of unequal exposure, from running sums. A
/// stored format.
/// </summary>
public readonly record struct Scatter
{
    /// <summary>Buckets below which nothing is said.</summary>
    public const int FewestBuckets = 3;

    // c² of services before a bucket is seen, and how many have it: every second one does not scatter at all.
    private static readonly double[] Variations = [0, 0.01, 0.04, 0.09, 0.2, 0.36];
    private static readonly double[] Prior = [0.5, 0.1, 0.15, 0.15, 0.075, 0.025];

    /// <summary>Buckets.</summary>
    public int Buckets { get; init; }

    /// <summary>Σ events.</summary>
    public double Events { get; init; }

    /// <summary>Σ trials.</summary>
    public double Trials { get; init; }

    /// <summary>Σ events².</summary>
    public double EventsSquared { get; init; }

    /// <summary>Σ events · trials.</summary>
    public double Products { get; init; }

    /// <summary>Σ trials².</summary>
    public double TrialsSquared { get; init; }

    /// <summary>With one bucket more.</summary>
    public Scatter Plus(double events, double trials) => Times(events, trials, 1);

    /// <summary>With one bucket that was added before taken away.</summary>
    public Scatter Minus(double events, double trials) => Times(events, trials, -1);

    /// <summary>c²: the squared coefficient of variation of the rate from bucket to bucket, 0 or more.</summary>
    /// <param name="error">
    /// The error of the estimate that is taken off, as a share of what chance explains; negative to add it.
    /// </param>
    public double Variation(double error = 0)
    {
        if (Buckets < FewestBuckets || Events <= 0)
        {
            return 0;
        }

        var rate = Events / Trials;
        return Math.Max(0, (Squares(rate) - (Events * (1 + error))) / (rate * rate * TrialsSquared));
    }

    /// <summary>
    /// c² to be expected: the mean of what services have (about 0.045 before anything is seen), each weighed by how well it explains the scatter.
    /// An estimate says of two quiet minutes that there is no scatter; this says that two minutes cannot tell.
    /// </summary>
    /// <remarks>
    /// The sum of squares over its mean, events · (1 + c² · r²Σn²/events), is taken to be χ² distributed with buckets − 1 degrees of freedom.
    /// </remarks>
    public double ExpectedVariation()
    {
        var rate = Trials > 0 ? Events / Trials : 0;
        var known = Events > 0 && Buckets > 1;
        var (all, sum) = (0.0, 0.0);
        for (var i = 0; i < Prior.Length; i++)
        {
            var likelihood = 1.0;
            if (known)
            {
                var beyondChance = 1 + (Variations[i] * rate * rate * TrialsSquared / Events);
                likelihood = Math.Pow(Math.Exp(1 - (Squares(rate) / Events / beyondChance)) / beyondChance, (Buckets - 1) / 2.0);
            }

            all += Prior[i] * likelihood;
            sum += Prior[i] * likelihood * Variations[i];
        }

        return all > 0 ? sum / all : Variations[^1];
    }

    /// <summary>What chance alone makes as large as the number of events.</summary>
    private double Squares(double rate) => (EventsSquared - (2 * rate * Products) + (rate * rate * TrialsSquared)) * Buckets / (Buckets - 1);

    private Scatter Times(double events, double trials, int sign) => new()
    {
        Buckets = Buckets + sign,
        Events = Events + (sign * events),
        Trials = Trials + (sign * trials),
        EventsSquared = EventsSquared + (sign * events * events),
        Products = Products + (sign * events * trials),
        TrialsSquared = TrialsSquared + (sign * trials * trials),
    };
}
