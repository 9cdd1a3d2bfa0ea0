using Sluice.Domain.Analysis;

namespace Sluice.Benchmarks.Judgement.Traffic;

/// <summary>Two revisions behind a gateway, half a minute at a time. One run of <see cref="Conditions"/>.</summary>
internal sealed class World
{
    /// <summary>Between two readings.</summary>
    public const int Seconds = 30;

    private const double BurstMean = 5;
    private const double Memory = 0.8;
    private const double OutageRate = 0.05;
    private const double OutageSeconds = 300;
    private const double OutageSkew = 120;
    private const double ColdRate = 0.05;
    private const double ColdFactor = 3;
    private const int ColdSeconds = 120;
    private const int BucketsPerReading = 3;

    private readonly Conditions _conditions;
    private readonly Draw _draw;
    private readonly ClientTraffic? _clients;
    private readonly Arm _canary;
    private readonly Arm _stable;
    private readonly double _phase;
    private double _weight;
    private int _coldUntil;
    private int _now;

    public World(Conditions conditions, Draw draw)
    {
        (_conditions, _draw) = (conditions, draw);
        _phase = draw.Uniform() * 2 * Math.PI;
        _clients = conditions.Clients is null ? null : new ClientTraffic(conditions, draw);
        var outage = conditions.Outage ? draw.Between(300, 600) : double.PositiveInfinity;
        _stable = new Arm { OutageFrom = outage, OutageUntil = outage + OutageSeconds };
        _canary = new Arm
        {
            OutageFrom = outage + draw.Between(-OutageSkew, OutageSkew),
            OutageUntil = outage + OutageSeconds + draw.Between(-OutageSkew, OutageSkew),
        };
        foreach (var arm in (Arm[])[_canary, _stable])
        {
            // Noise has always been there: it begins in its stationary distribution.
            (arm.Noise, arm.Jitter) = (draw.Normal(), draw.Normal());
        }
    }

    /// <summary>Share of the canary's requests that fail, or take longer than 1.1 times stable's p95, beyond what stable's do.</summary>
    public static double ExcessShare(Conditions conditions) =>
        (conditions.ErrorRate * (conditions.ErrorRatio - 1)) + Math.Max(0, LatencyShape.Slower(conditions.LatencyRatio) - LatencyShape.Slower(1));

    /// <summary>Seconds since the first request.</summary>
    public int Now => _now;

    public RevisionCounts Canary => _canary.Counts.Read(_clients is not null);

    public RevisionCounts Stable => _stable.Counts.Read(_clients is not null);

    /// <summary>Lets 30 s pass.</summary>
    /// <param name="weight">The canary's share of the traffic, 0 to 1.</param>
    public void Advance(double weight)
    {
        if (weight != _weight)
        {
            _clients?.SetWeight(weight);
            _coldUntil = weight > _weight ? _now + ColdSeconds : _coldUntil;
            _weight = weight;
        }

        if (_now % 60 == 0)
        {
            Minute(_canary);
            Minute(_stable);
        }

        var day = _conditions.Diurnal ? Math.Sin((2 * Math.PI * _now / 86_400) + _phase) : 0;
        var requests = _conditions.RequestsPerSecond * Seconds * (1 + (0.6 * day));
        var share = _clients?.CanaryShare ?? weight;
        var isBad = _now >= _conditions.Onset.TotalSeconds;
        var isCold = _conditions.ColdStart && _now < _coldUntil;
        var baseRate = _conditions.ErrorRate * (1 + (0.3 * day));
        var canaryRate = (Rate(_canary, baseRate) * (isBad ? _conditions.ErrorRatio : 1)) + (isCold ? ColdRate : 0);
        var stableRate = Rate(_stable, baseRate);
        var canary = Requests(_canary, requests * share, (isBad ? _conditions.LatencyRatio : 1) * (isCold ? ColdFactor : 1));
        var stable = Requests(_stable, requests * (1 - share), 1);
        if (_clients is null)
        {
            Fail(_canary.Counts, canary, canaryRate);
            Fail(_stable.Counts, stable, stableRate);
        }
        else
        {
            for (var i = 0; i < BucketsPerReading; i++)
            {
                _clients.Add(
                    _now + (i * Seconds / BucketsPerReading), _canary.Counts, Part(canary, i), canaryRate, _stable.Counts, Part(stable, i), stableRate);
            }
        }

        _now += Seconds;

        static int Part(int all, int i) => ((all * (i + 1)) / BucketsPerReading) - (all * i / BucketsPerReading);
    }

    private void Minute(Arm arm)
    {
        var fresh = Math.Sqrt(1 - (Memory * Memory));
        arm.Frailty = _draw.Frailty(_conditions.FrailtyCv);
        arm.Noise = (Memory * arm.Noise) + (fresh * _draw.Normal());
        arm.Jitter = (Memory * arm.Jitter) + (fresh * _draw.Normal());
    }

    private double Rate(Arm arm, double baseRate)
    {
        var inOutage = Math.Clamp(Math.Min(arm.OutageUntil, _now + Seconds) - Math.Max(arm.OutageFrom, _now), 0, Seconds) / Seconds;
        return (baseRate * arm.Frailty * Math.Max(0, 1 + (_conditions.NoiseSd * arm.Noise))) + (inOutage * OutageRate);
    }

    private int Requests(Arm arm, double mean, double level)
    {
        int requests;
        if (_conditions.Latency)
        {
            arm.Shape.Set(level * Math.Exp(_conditions.LatencyJitter * arm.Jitter));
            requests = arm.Shape.Add(_draw, mean, arm.Counts.Latency);
        }
        else
        {
            requests = _draw.Poisson(mean);
        }

        arm.Counts.Requests += requests;
        return requests;
    }

    private void Fail(ArmCounts counts, int requests, double rate)
    {
        var bursts = _conditions.Failures == Failures.Bursts;
        var failures = _draw.Poisson(requests * rate / (bursts ? BurstMean : 1));
        if (bursts)
        {
            for (var i = failures; i > 0; i--)
            {
                failures += _draw.Geometric(BurstMean) - 1;
            }
        }

        counts.Errors += Math.Min(failures, requests);
    }

    private sealed class Arm
    {
        public ArmCounts Counts { get; } = new();

        public LatencyShape Shape { get; } = new();

        public double OutageFrom { get; init; }

        public double OutageUntil { get; init; }

        public double Frailty { get; set; } = 1;

        /// <summary>Level of errors, in standard deviations.</summary>
        public double Noise { get; set; }

        /// <summary>Level of latency, in standard deviations.</summary>
        public double Jitter { get; set; }
    }
}
