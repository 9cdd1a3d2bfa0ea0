using Sluice.Domain.Analysis;

namespace Sluice.Benchmarks.Judgement.Traffic;

/// <summary>What one revision has been seen to do so far, as the gateway would count it.</summary>
internal sealed class ArmCounts
{
    public long Requests { get; set; }

    public long Errors { get; set; }

    public long ClientsSeen { get; set; }

    public long FailingClients { get; set; }

    public long NewlyFailingClients { get; set; }

    public long FirstRequests { get; set; }

    public long FirstErrors { get; set; }

    /// <summary>Per window of <see cref="ErrorUnit.Windows"/>.</summary>
    public long[] FreshRequests { get; } = new long[ErrorUnit.Windows.Count];

    /// <summary>Likewise.</summary>
    public long[] FreshErrors { get; } = new long[ErrorUnit.Windows.Count];

    public long[] Latency { get; } = new long[LatencyBuckets.Count];

    /// <param name="clients">Whether the source knows clients.</param>
    public RevisionCounts Read(bool clients) => new(Requests, Errors, 0, 0, (long[])Latency.Clone())
    {
        ClientsSeen = ClientsSeen,
        FailingClients = FailingClients,
        NewlyFailingClients = NewlyFailingClients,
        FirstRequests = FirstRequests,
        FirstErrors = FirstErrors,
        FreshRequests = clients ? (long[])FreshRequests.Clone() : [],
        FreshErrors = clients ? (long[])FreshErrors.Clone() : [],
    };
}
