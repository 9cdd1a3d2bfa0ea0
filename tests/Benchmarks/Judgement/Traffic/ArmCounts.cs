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

    public long[] Latency { get; } = new long[LatencyBuckets.Count];

    public RevisionCounts Read() => new(Requests, Errors, 0, 0, (long[])Latency.Clone())
    {
        ClientsSeen = ClientsSeen,
        FailingClients = FailingClients,
        NewlyFailingClients = NewlyFailingClients,
        FirstRequests = FirstRequests,
        FirstErrors = FirstErrors,
    };
}
