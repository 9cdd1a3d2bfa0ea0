using Sluice.Benchmarks.Judgement.Traffic;
using Sluice.Domain.Analysis;

namespace Sluice.Benchmarks.Judgement;

/// <summary>
/// The sequential test and nothing around it: it is given every burst of failures at once, as one event, the moment it begins. What it does not
/// find among bursts that few, nobody who keeps to the same budget does.
/// </summary>
internal static class BareTest
{
    private const int Runs = 4_000;
    private const ulong Seed = 1;
    private const double BurstMean = 5;

    // What errors have of the budget of 1 %: half of what plain limits leave.
    private const double Alpha = 0.0045;

    /// <summary>The share of bad releases that it finds.</summary>
    /// <param name="conditions">What they meet.</param>
    /// <param name="weight">The canary's share of the traffic, percent.</param>
    /// <param name="watched">How long they are watched.</param>
    public static double FindsBursts(Conditions conditions, int weight, TimeSpan watched)
    {
        var buckets = (int)(watched.TotalSeconds / World.Seconds);
        var requests = conditions.RequestsPerSecond * World.Seconds;
        var perRequest = conditions.ErrorRate / BurstMean;
        var found = new Runs(Seed).Count("bare test", Runs, draw =>
        {
            var test = new Sequential(buckets);
            var share = ShareOf(conditions, weight / 100.0, draw);
            var (canary, stable) = (requests * share, requests * (1 - share));
            for (var i = 0; i < buckets && test.E < 1 / Alpha; i++)
            {
                test.Add(draw.Poisson(canary * perRequest * conditions.ErrorRatio), canary, draw.Poisson(stable * perRequest), stable);
            }

            return test.E >= 1 / Alpha;
        });
        return found.Value;
    }

    /// <summary>The canary's share of the requests: where clients stay on a revision, that of those whom the lot gave it.</summary>
    private static double ShareOf(Conditions conditions, double weight, Draw draw) =>
        conditions is { Sticky: true, Clients: { } clients } ? (double)draw.Binomial(clients, weight) / clients : weight;
}
