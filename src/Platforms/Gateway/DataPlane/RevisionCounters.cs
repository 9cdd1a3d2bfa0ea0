using Sluice.Domain.Analysis;

namespace Sluice.Platforms.Gateway;

/// <summary>The counters of one revision: one row of cells per processor, added up by the reader.</summary>
internal sealed class RevisionCounters
{
    // A row fills whole cache lines with a line between rows, so that processors do not write to each other's.
    private const int Padding = 8;
    // Requests, and errors, by the number of windows in which their client had not failed before.
    private const int FirstFresh = (int)Counter.Count;
    private static readonly int FirstFreshError = FirstFresh + ErrorUnit.Windows.Count + 1;
    private static readonly int FirstLatency = FirstFreshError + ErrorUnit.Windows.Count + 1;
    private static readonly int RowLength = (FirstLatency + LatencyHistogram.Bounds.Count + 1 + (2 * Padding) - 1) / Padding * Padding;
    private static readonly int Rows = Math.Min(Environment.ProcessorCount, 16);

    private readonly long[] _cells = new long[Rows * RowLength];

    private enum Counter
    {
        Requests,
        Errors,
        ClientErrors,
        Throttled,
        ClientsSeen,
        FailingClients,
        FirstRequests,
        FirstErrors,
        NewlyFailingClients,
        ErrorsSquared,
        ClusteredErrors,
        Count,
    }

    /// <summary>Counts one answered request.</summary>
    /// <param name="status">Its status; 0 when it has no complete answer.</param>
    /// <param name="isFirst">Whether it was its client's first in the bucket.</param>
    /// <param name="news">What it changed about its client.</param>
    /// <param name="latency">How long it took.</param>
    public void Add(int status, bool isFirst, in ClientNews news, TimeSpan latency)
    {
        var row = Thread.GetCurrentProcessorId() % Rows * RowLength;
        var failed = IsError(status);
        Increment(Counter.Requests);
        Interlocked.Increment(ref _cells[row + FirstLatency + LatencyHistogram.IndexOf(latency)]);
        Interlocked.Increment(ref _cells[row + FirstFresh + news.FreshWindows]);

        if (status == 429)
        {
            Increment(Counter.Throttled);
        }
        else if (status is >= 400 and < 500)
        {
            Increment(Counter.ClientErrors);
        }

        if (isFirst)
        {
            Increment(Counter.FirstRequests);
        }

        if (news.IsNew)
        {
            Increment(Counter.ClientsSeen);
        }

        if (!failed)
        {
            return;
        }

        Increment(Counter.Errors);
        Interlocked.Increment(ref _cells[row + FirstFreshError + news.FreshWindows]);
        if (isFirst)
        {
            Increment(Counter.FirstErrors);
        }

        if (news.IsNewlyFailing)
        {
            Increment(Counter.NewlyFailingClients);
        }

        if (news.Failures > 0)
        {
            // g² − (g − 1)² = 2g − 1: adding this at each failure keeps the sum of squares without knowing when the bucket ends.
            Interlocked.Add(ref _cells[row + (int)Counter.ErrorsSquared], (2L * news.Failures) - 1);
            Increment(Counter.ClusteredErrors);
            if (news.Failures == 1)
            {
                Increment(Counter.FailingClients);
            }
        }

        void Increment(Counter counter) => Interlocked.Increment(ref _cells[row + (int)counter]);
    }

    /// <summary>Whether a status (0: no complete answer) is the revision's failure.</summary>
    public static bool IsError(int status) => status is 0 or >= 500;

    public RevisionCounts Read()
    {
        var latency = new long[LatencyHistogram.Bounds.Count + 1];
        for (var i = 0; i < latency.Length; i++)
        {
            latency[i] = Sum(FirstLatency + i);
        }

        return new RevisionCounts(
            Sum(Counter.Requests),
            Sum(Counter.Errors),
            Sum(Counter.ClientErrors),
            Sum(Counter.Throttled),
            Sum(Counter.ClientsSeen),
            Sum(Counter.FailingClients),
            Sum(Counter.FirstRequests),
            Sum(Counter.FirstErrors),
            Sum(Counter.NewlyFailingClients),
            Sum(Counter.ErrorsSquared),
            Sum(Counter.ClusteredErrors),
            Fresh(FirstFresh),
            Fresh(FirstFreshError),
            latency);
    }

    /// <summary>Fresh in a window are those that are so in it or in longer ones.</summary>
    private long[] Fresh(int first)
    {
        var fresh = new long[ErrorUnit.Windows.Count];
        var sum = 0L;
        for (var window = fresh.Length - 1; window >= 0; window--)
        {
            sum += Sum(first + window + 1);
            fresh[window] = sum;
        }

        return fresh;
    }

    private long Sum(Counter counter) => Sum((int)counter);

    private long Sum(int cell)
    {
        var sum = 0L;
        for (var row = 0; row < Rows; row++)
        {
            sum += Interlocked.Read(ref _cells[(row * RowLength) + cell]);
        }

        return sum;
    }
}
