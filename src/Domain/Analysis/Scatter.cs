namespace Sluice.Domain.Analysis;

/// <summary>
/// By how much counts scatter from bucket to bucket beyond chance: method of moments for counts of unequal exposure, from running sums. A
/// stored format.
/// </summary>
public readonly record struct Scatter
{
    /// <summary>Buckets below which nothing is said.</summary>
    public const int FewestBuckets = 3;

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
        var scatter = (EventsSquared - (2 * rate * Products) + (rate * rate * TrialsSquared)) * Buckets / (Buckets - 1);
        return Math.Max(0, (scatter - (Events * (1 + error))) / (rate * rate * TrialsSquared));
    }

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
