namespace Sluice.Domain.Analysis;

/// <summary>What the soaks before 100 % can find at a declared traffic, in nine cases of ten. Pure; for people, before anything runs.</summary>
public static class Exposure
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>The smallest ratio of the canary's error rate to stable's that the soaks together find; null when none.</summary>
    /// <param name="soaks">The canary's share in percent, above 0 and below 100, and for how long.</param>
    /// <param name="requestsPerSecond">Users' requests, above 0.</param>
    /// <param name="errorRate">Stable's, 0 to 1.</param>
    /// <param name="alpha">The part of the budget that errors have.</param>
    public static double? SmallestRatio(
        IReadOnlyList<(int Weight, TimeSpan Duration)> soaks, double requestsPerSecond, double errorRate, double alpha) =>
        Ratios.Smallest([.. soaks.Select(s => StageOf(s.Weight, s.Duration.TotalSeconds * requestsPerSecond, errorRate))], 1 / alpha);

    /// <summary>How long the last of the soaks would have to be to find a ratio; null when a year does not suffice.</summary>
    public static TimeSpan? ToFind(
        double ratio, IReadOnlyList<(int Weight, TimeSpan Duration)> soaks, double requestsPerSecond, double errorRate, double alpha)
    {
        var (low, high) = (TimeSpan.Zero, Longest);
        if (!Finds(high))
        {
            return null;
        }

        while (high - low > TimeSpan.FromMinutes(1))
        {
            var middle = (low + high) / 2;
            (low, high) = Finds(middle) ? (low, middle) : (middle, high);
        }

        return TimeSpan.FromMinutes(Math.Ceiling(high.TotalMinutes));

        bool Finds(TimeSpan last) =>
            SmallestRatio([.. soaks.SkipLast(1), (soaks[^1].Weight, last)], requestsPerSecond, errorRate, alpha) <= ratio;
    }

    private static Stage StageOf(int weight, double requests, double errorRate)
    {
        var (canary, stable) = (requests * weight / 100, requests * (100 - weight) / 100);
        return new Stage
        {
            Weight = weight,
            CanaryTrials = canary,
            CanaryEvents = canary * errorRate,
            StableTrials = stable,
            StableEvents = stable * errorRate,
            Buckets = 1,
            Dispersions = 1,
        };
    }
}
