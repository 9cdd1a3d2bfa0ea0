using System.Text.Json.Serialization;

namespace Sluice.Domain.Analysis;

/// <summary>
/// An always-valid test of whether the canary's events come more often than stable's: the count e-process, a mixture over 25 ratios and over
/// the bucket in which the ratio began. Its value may be looked at after every bucket: under "not more often" it ever reaches 1/α with
/// probability α at most (Ville's inequality).
/// </summary>
/// <remarks>
/// Given k + m events in a bucket, k of them on the canary, k is binomial with θ_ρ = ρn_c/(ρn_c + n_b) when its rate is ρ times stable's, so a
/// bucket multiplies the likelihood ratio of ρ to 1 by ρ^k·((n_c + n_b)/(ρn_c + n_b))^(k + m). Traffic, weights and rates may change from
/// bucket to bucket (Lindon and Malek, arXiv 2011.03567). Starting anew at every bucket with a little of the prior's mass keeps it from going
/// blind while all is well; starting the ratios at 1.5 keeps harmless differences from adding up. Mutable: one owner.
/// </remarks>
public sealed class Sequential
{
    /// <summary>Ratios in the mixture.</summary>
    public const int Points = 25;

    /// <summary>The smallest ratio looked for, unless a plan tolerates more.</summary>
    public const double DefaultFirstRatio = 1.5;

    private const double LastRatio = 64;
    private const double Floor = 1e-300;
    private const double Ceiling = 1e300;

    private readonly double[] _masses;
    private readonly double[] _ratios;
    private readonly double[] _logs;
    private readonly double[] _mixed = new double[Points];
    private double _cachedCanary = double.NaN;
    private double _cachedStable = double.NaN;

    /// <summary>Before the first bucket.</summary>
    /// <param name="horizon">Buckets that the rollout can use; null when it has no end.</param>
    /// <param name="firstRatio">The smallest ratio looked for, 1.5 or 2.</param>
    public Sequential(int? horizon, double firstRatio = DefaultFirstRatio)
        : this(new SequentialState { Horizon = horizon, FirstRatio = firstRatio })
    {
    }

    /// <summary>Where an earlier one ended.</summary>
    public Sequential(SequentialState state)
    {
        Horizon = state.Horizon;
        FirstRatio = state.FirstRatio;
        Buckets = state.Buckets;
        Unspent = state.Unspent;
        HighestE = state.HighestE;
        (_ratios, _logs) = Grids.Of(FirstRatio);
        _masses = new double[Points];
        if (state.Masses.Count == Points)
        {
            for (var i = 0; i < Points; i++)
            {
                _masses[i] = state.Masses[i];
            }
        }
        else
        {
            Array.Fill(_masses, 0.5 / Points);
        }

        E = _masses.Sum() + Unspent;
    }

    /// <summary>Buckets that the rollout can use; null when it has no end.</summary>
    public int? Horizon { get; }

    /// <summary>The smallest ratio looked for.</summary>
    public double FirstRatio { get; }

    /// <summary>Buckets added.</summary>
    public int Buckets { get; private set; }

    /// <summary>The part of the prior that later starts still have.</summary>
    public double Unspent { get; private set; }

    /// <summary>The evidence: 1 at the start; what it would pay to have bet on "more often".</summary>
    public double E { get; private set; }

    /// <summary>The highest it ever was.</summary>
    public double HighestE { get; private set; }

    /// <summary>The anytime-valid p-value.</summary>
    public double P => Math.Min(1, 1 / HighestE);

    /// <summary>Adds a bucket of both arms.</summary>
    /// <param name="canaryEvents">k, 0 or more.</param>
    /// <param name="canaryTrials">n_c; nothing is learned when it is 0.</param>
    /// <param name="stableEvents">m.</param>
    /// <param name="stableTrials">n_b; nothing is learned when it is 0.</param>
    /// <param name="dispersion">φ ≥ 1, by which the logarithm of the bucket's likelihood ratio is divided.</param>
    public void Add(double canaryEvents, double canaryTrials, double stableEvents, double stableTrials, double dispersion = 1)
    {
        if (canaryTrials > 0 && stableTrials > 0)
        {
            if (canaryTrials != _cachedCanary || stableTrials != _cachedStable)
            {
                for (var i = 0; i < Points; i++)
                {
                    _mixed[i] = Math.Log(((_ratios[i] * canaryTrials) + stableTrials) / (canaryTrials + stableTrials));
                }

                (_cachedCanary, _cachedStable) = (canaryTrials, stableTrials);
            }

            Step(canaryEvents, canaryEvents + stableEvents, _mixed, dispersion);
        }
        else
        {
            Step(0, 0, _mixed, 1);
        }
    }

    /// <summary>Adds a bucket of the canary alone, against a rate that is known.</summary>
    /// <param name="events">k, 0 or more.</param>
    /// <param name="expected">How many the rate allows in it; nothing is learned when it is 0.</param>
    /// <param name="dispersion">φ ≥ 1.</param>
    /// <remarks>The Poisson likelihood ratio ρ^k·exp(−(ρ − 1)·expected), a supermartingale for binomial counts as well.</remarks>
    public void AddAgainst(double events, double expected, double dispersion = 1)
    {
        _cachedCanary = double.NaN;
        for (var i = 0; i < Points; i++)
        {
            _mixed[i] = expected * (_ratios[i] - 1);
        }

        Step(expected > 0 ? events : 0, 1, _mixed, dispersion);
    }

    /// <summary>For the next look; small, and a stored format.</summary>
    public SequentialState ToState() => new()
    {
        Horizon = Horizon,
        FirstRatio = FirstRatio,
        Buckets = Buckets,
        Unspent = Unspent,
        HighestE = HighestE,
        Masses = Buckets == 0 ? [] : [.. _masses],
    };

    private void Step(double events, double all, double[] mixed, double dispersion)
    {
        Buckets++;
        var fresh = Horizon is { } horizon
            ? (Buckets <= horizon ? 0.5 / horizon : 0)
            : 0.5 / ((double)Buckets * (Buckets + 1));
        fresh = Math.Min(fresh, Unspent);
        Unspent -= fresh;
        var share = fresh / Points;
        var still = events == 0 && all == 0;
        var sum = 0.0;
        for (var i = 0; i < Points; i++)
        {
            var mass = _masses[i] + share;
            if (!still)
            {
                mass *= Math.Exp(((events * _logs[i]) - (all * mixed[i])) / dispersion);
            }

            _masses[i] = mass = Math.Clamp(mass, Floor, Ceiling);
            sum += mass;
        }

        E = sum + Unspent;
        HighestE = Math.Max(HighestE, E);
    }

    /// <summary>The ratios and their logarithms, made once.</summary>
    private static class Grids
    {
        private static readonly (double[] Ratios, double[] Logs) Default = Make(DefaultFirstRatio);

        public static (double[] Ratios, double[] Logs) Of(double first) => first == DefaultFirstRatio ? Default : Make(first);

        private static (double[] Ratios, double[] Logs) Make(double first)
        {
            var ratios = new double[Points];
            for (var i = 0; i < Points; i++)
            {
                ratios[i] = first * Math.Pow(LastRatio / first, i / (Points - 1.0));
            }

            return (ratios, Array.ConvertAll(ratios, Math.Log));
        }
    }
}

/// <summary>What a <see cref="Sequential"/> carries from bucket to bucket.</summary>
public sealed record SequentialState
{
    /// <summary>Buckets that the rollout can use; null when it has no end.</summary>
    public int? Horizon { get; init; }

    /// <summary>The smallest ratio looked for.</summary>
    public double FirstRatio { get; init; } = Sequential.DefaultFirstRatio;

    /// <summary>Buckets added.</summary>
    public int Buckets { get; init; }

    /// <summary>The part of the prior that later starts still have.</summary>
    public double Unspent { get; init; } = 0.5;

    /// <summary>The highest evidence so far.</summary>
    public double HighestE { get; init; } = 1;

    /// <summary>The mixture, one mass per ratio; empty before the first bucket.</summary>
    [JsonConverter(typeof(PackedDoubles))]
    public IReadOnlyList<double> Masses { get; init; } = [];
}
