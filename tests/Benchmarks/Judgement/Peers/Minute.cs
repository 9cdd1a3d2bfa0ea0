using Sluice.Benchmarks.Judgement.Traffic;

namespace Sluice.Benchmarks.Judgement.Peers;

/// <summary>What both arms did in a minute.</summary>
internal readonly record struct Minute(int Canary, int CanaryErrors, int Stable, int StableErrors)
{
    public double CanaryRate => Canary == 0 ? 0 : (double)CanaryErrors / Canary;

    public double StableRate => Stable == 0 ? 0 : (double)StableErrors / Stable;
}

/// <summary>The world in which the peers' figures were published: 5 % of the traffic, base errors 0.5 %.</summary>
/// <param name="RequestsPerSecond">In both arms.</param>
/// <param name="Ratio">The canary's error rate over stable's.</param>
/// <param name="Minutes">Looks, one a minute.</param>
/// <param name="Outage">Whether both arms fail 5 % of their requests for 5 minutes.</param>
/// <param name="Weight">The canary's share.</param>
/// <param name="Drawn">Whether the numbers of requests are drawn as well; ranks of rates mind it, counts hardly do.</param>
internal sealed record PeerWorld(
    double RequestsPerSecond, double Ratio, int Minutes, bool Outage = false, double Weight = 0.05, bool Drawn = false)
{
    private const double Base = 0.005;
    private const double DuringOutage = 0.05;
    private const int OutageFrom = 5;
    private const int OutageUntil = 10;

    public Minute[] Draw(Draw draw)
    {
        var minutes = new Minute[Minutes];
        for (var i = 0; i < Minutes; i++)
        {
            var rate = Outage && i is >= OutageFrom and < OutageUntil ? DuringOutage : Base;
            var (canary, stable) = (Requests(Weight), Requests(1 - Weight));
            minutes[i] = new Minute(canary, draw.Binomial(canary, rate * Ratio), stable, draw.Binomial(stable, rate));
        }

        return minutes;

        int Requests(double share)
        {
            var mean = RequestsPerSecond * 60 * share;
            return Drawn ? draw.Poisson(mean) : (int)Math.Round(mean);
        }
    }
}
