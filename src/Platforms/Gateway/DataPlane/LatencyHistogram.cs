namespace Sluice.Platforms.Gateway;

/// <summary>The fixed shape of latency histograms: the same in every gateway of every version, so that counts can be compared.</summary>
public static class LatencyHistogram
{
    /// <summary>The length of a counting bucket. Buckets start at multiples of it since the Unix epoch.</summary>
    public static TimeSpan BucketLength { get; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Upper bounds in seconds: 1 ms · 1.1ⁱ up to 60 s, and 60 s. One step is the judge's tolerance of 10 %, so that a bound and its
    /// tolerated excess are both bounds.
    /// </summary>
    public static IReadOnlyList<double> Bounds { get; } = CreateBounds();

    private static readonly long[] Microseconds = [.. Bounds.Select(s => (long)Math.Round(s * 1e6))];

    /// <summary>The index of a latency's counter, from 0 to the number of bounds.</summary>
    internal static int IndexOf(TimeSpan latency)
    {
        var found = Array.BinarySearch(Microseconds, latency.Ticks / TimeSpan.TicksPerMicrosecond);
        return found < 0 ? ~found : found;
    }

    private static double[] CreateBounds()
    {
        var bounds = new List<double>();
        for (var i = 0; Math.Pow(1.1, i) < 60_000; i++)
        {
            bounds.Add(Math.Round(0.001 * Math.Pow(1.1, i), 6));
        }

        bounds.Add(60);
        return [.. bounds];
    }
}
