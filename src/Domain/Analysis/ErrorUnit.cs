namespace Sluice.Domain.Analysis;

/// <summary>
/// What counts as one error. A request is fresh when its client had no failure within a window before it, on whichever revision; only fresh
/// requests and their failures are compared. Retries, bursts and broken clients then count once, and requests of different clients count
/// each.
/// </summary>
/// <remarks>
/// The window is the longest in which most of stable's requests are fresh: long enough that clients who keep failing are seen to, short enough
/// that chatty clients who fail now and then still count. Where each request is routed by itself a client's failures fall on both revisions, and
/// most are nine tenths; only the shortest window has to do with three quarters. Where clients stay on a revision most are three quarters, and
/// the window is fitted to how failures cling to clients. Under "the canary is not worse" a fresh request fails as often on either revision
/// however failures cluster by client, so the comparison stays valid whichever window is taken; and it is taken from what was, before what is
/// judged by it.
/// </remarks>
public static class ErrorUnit
{
    private const double Enough = 0.75;
    private const double EnoughPerRequest = 0.9;

    // Where failures cling to clients, whatever is left of most.
    private const double EnoughToCling = 0.5;

    // Of the requests that are not needed.
    private const double Reserve = 0.4;

    // Errors by which two windows are told apart, and standard deviations that they may differ by.
    private const double FewestErrors = 8;
    private const double Likely = 2;
    private const double Surely = 3;

    /// <summary>The windows a source counts in, seconds, ascending.</summary>
    public static IReadOnlyList<int> Windows { get; } = [1, 10, 60, 600, 3600];

    /// <summary>Chooses the window.</summary>
    /// <param name="present">The index of the present one; null for none.</param>
    /// <param name="requests">Stable's requests lately.</param>
    /// <param name="stable">What of them was fresh; none when the source cannot tell clients apart.</param>
    /// <param name="canary">The same of the canary.</param>
    /// <param name="sticky">A client stays on its revision.</param>
    /// <returns>
    /// An index in <see cref="Windows"/>; null for all requests, which is right when clients cannot be told apart, and when requests are routed
    /// one by one and hardly any is fresh: then failures fall on the revisions as the requests do.
    /// </returns>
    public static int? Choose(int? present, double requests, FreshCounts stable, FreshCounts canary, bool sticky)
    {
        var fresh = stable.Requests;
        if (fresh.Count == 0 || requests <= 0)
        {
            return fresh.Count == 0 ? null : present;
        }

        for (var i = Math.Min(fresh.Count, Windows.Count) - 1; i >= 0; i--)
        {
            var enough = sticky || i == 0 ? Enough : EnoughPerRequest;
            var reserve = Reserve * (1 - enough);

            // The one in use is not left for a trifle.
            var least = i == present ? enough - reserve : i > present ? enough + reserve : enough;
            if (fresh[i] >= least * requests)
            {
                return sticky ? Fitted(present, i, requests, stable, canary) : i;
            }
        }

        return sticky ? 0 : null;
    }

    /// <summary>
    /// Fits the window to how failures cling to clients. Where a client that failed a while ago fails as often as others, on either revision, it does
    /// not matter who was given to which, and a shorter window wastes less. Where it fails more often, one that is too short counts it again and again.
    /// </summary>
    private static int Fitted(int? present, int window, double requests, FreshCounts stable, FreshCounts canary)
    {
        if (window + 1 < stable.Requests.Count && stable.Requests[window + 1] >= EnoughToCling * requests)
        {
            var deviations = present > window ? Likely : Surely;
            if (Again(stable, window + 1).Clings(deviations) || Again(canary, window + 1).Clings(deviations))
            {
                return window + 1;
            }
        }

        while (window > 0 && stable.Requests[window] < EnoughPerRequest * requests)
        {
            var deviations = present < window ? Surely : Likely;
            var (usual, ours) = (Again(stable, window), Again(canary, window));
            if (usual.Expected < FewestErrors || usual.IsAbove(deviations) || ours.IsAbove(deviations))
            {
                break;
            }

            window--;
        }

        return window;
    }

    /// <summary>Errors of clients who failed within a window and not within the next shorter one, and how many they would have if they failed as others do.</summary>
    private static Repeated Again(FreshCounts counts, int window)
    {
        if (counts.Requests.Count <= window || counts.Requests[window] <= 0)
        {
            return new Repeated(0, 0);
        }

        var requests = counts.Requests[window - 1] - counts.Requests[window];
        return new Repeated(counts.Errors[window - 1] - counts.Errors[window], requests * counts.Errors[window] / counts.Requests[window]);
    }

    private readonly record struct Repeated(double Errors, double Expected)
    {
        public bool Clings(double deviations) => Errors >= FewestErrors && IsAbove(deviations);

        public bool IsAbove(double deviations) => Errors > Expected + (deviations * Math.Sqrt(Expected));
    }
}

/// <summary>Fresh requests and errors among them lately, per window of <see cref="ErrorUnit"/>; a stored format.</summary>
/// <param name="Requests">Empty when the source cannot tell clients apart.</param>
/// <param name="Errors">Likewise.</param>
public sealed record FreshCounts(IReadOnlyList<double> Requests, IReadOnlyList<double> Errors)
{
    /// <summary>Nothing seen.</summary>
    public static FreshCounts None { get; } = new([], []);

    /// <summary>With what came since, earlier counts weighing less.</summary>
    /// <param name="factor">Of the earlier ones, below 1.</param>
    /// <param name="since">What came.</param>
    public FreshCounts Fade(double factor, RevisionCounts since)
    {
        return new FreshCounts(Fade(Requests, since.FreshRequests), Fade(Errors, since.FreshErrors));

        double[] Fade(IReadOnlyList<double> before, IReadOnlyList<long> now) => [.. now.Select((count, i) => (i < before.Count ? factor * before[i] : 0) + count)];
    }
}
