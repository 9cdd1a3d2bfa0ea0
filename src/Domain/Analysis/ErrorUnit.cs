namespace Sluice.Domain.Analysis;

/// <summary>
/// What counts as one error. A request is fresh when its client had no failure within a window before it, on whichever revision; only fresh
/// requests and their failures are compared. Retries, bursts and broken clients then count once, and requests of different clients count
/// each.
/// </summary>
/// <remarks>
/// The window is the longest in which most of stable's requests are fresh: long enough that clients who keep failing are seen to, short enough
/// that chatty clients who fail now and then still count. Most are three quarters where clients stay on a revision; where each request is
/// routed by itself a client's failures fall on both, and nine tenths waste less; only the shortest window has to do with three quarters there. Under "the canary is not worse" a fresh request fails as often on
/// either revision however failures cluster by client, so the comparison stays valid whichever window is taken.
/// </remarks>
public static class ErrorUnit
{
    private const double Enough = 0.75;
    private const double EnoughPerRequest = 0.9;

    // Of the requests that are not needed.
    private const double Reserve = 0.4;

    /// <summary>The windows a source counts in, seconds, ascending.</summary>
    public static IReadOnlyList<int> Windows { get; } = [1, 10, 60, 600, 3600];

    /// <summary>Chooses the window.</summary>
    /// <param name="present">The index of the present one; null for none.</param>
    /// <param name="requests">Stable's requests lately.</param>
    /// <param name="fresh">Of them fresh, per window; empty when the source cannot tell clients apart.</param>
    /// <param name="sticky">A client stays on its revision.</param>
    /// <returns>
    /// An index in <see cref="Windows"/>; null for all requests, which is right when clients cannot be told apart, and when requests are routed
    /// one by one and hardly any is fresh: then failures fall on the revisions as the requests do.
    /// </returns>
    public static int? Choose(int? present, double requests, IReadOnlyList<double> fresh, bool sticky)
    {
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
                return i;
            }
        }

        return sticky ? 0 : null;
    }
}
