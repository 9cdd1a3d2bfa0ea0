using Sluice.Domain.Analysis;

namespace Sluice.Platforms.Gateway;

/// <summary>What one listener has counted since <paramref name="Epoch"/>. Cumulative: a reader takes differences of the same epoch.</summary>
/// <param name="Epoch">A new id at each start of the gateway; counts of two epochs cannot be subtracted.</param>
/// <param name="At">When it was read.</param>
/// <param name="Revisions">By revision.</param>
/// <param name="Approximate">
/// Whether more clients came than the gateway remembers (<see cref="DataPlaneOptions.MaxClients"/>). The counts about clients then cover
/// those that it could remember; requests, errors and latency stay exact.
/// </param>
public sealed record TrafficCounts(string Epoch, DateTimeOffset At, IReadOnlyDictionary<string, RevisionCounts> Revisions, bool Approximate);

/// <summary>
/// The counts of one revision. A request is counted when its answer has ended; probes and requests that their client abandoned never are.
/// What is said per bucket concerns disjoint intervals of <see cref="LatencyHistogram.BucketLength"/>, summed over all of them.
/// </summary>
/// <param name="Requests">Requests answered, well or not.</param>
/// <param name="Errors">Of them with a status of 500 or more, or without a complete answer: refused, reset, timed out, truncated.</param>
/// <param name="ClientErrors">Of them with a status from 400 to 499 except 429.</param>
/// <param name="Throttled">Of them with status 429.</param>
/// <param name="ClientsSeen">Clients with a request in the bucket.</param>
/// <param name="FailingClients">Clients with an error in the bucket.</param>
/// <param name="FirstRequests">Requests that were their client's first in the bucket, whichever revision served it. Judged on arrival.</param>
/// <param name="FirstErrors">Errors among <paramref name="FirstRequests"/>.</param>
/// <param name="NewlyFailingClients">Errors of clients that had none, from any revision, in the hour before.</param>
/// <param name="ErrorsSquared">
/// Σ g² over failing clients and buckets, g = the errors of that client in that bucket. With Σ g = <paramref name="ClusteredErrors"/>
/// this gives mean and variance of the cluster size over <paramref name="FailingClients"/>.
/// </param>
/// <param name="ClusteredErrors">Σ g: the errors that went into <paramref name="ErrorsSquared"/>.</param>
/// <param name="FreshRequests">
/// Requests whose client had no failure before, from any revision, per window of <see cref="ErrorUnit.Windows"/>. Judged at the answer's end.
/// </param>
/// <param name="FreshErrors">Errors among <paramref name="FreshRequests"/>.</param>
/// <param name="Latency">
/// Requests by latency: element i counts those in (bound i−1, bound i] of <see cref="LatencyHistogram.Bounds"/>, the last one those above
/// all bounds. From arrival to the answer's end; for event streams and upgraded connections to its head.
/// </param>
public sealed record RevisionCounts(
    long Requests,
    long Errors,
    long ClientErrors,
    long Throttled,
    long ClientsSeen,
    long FailingClients,
    long FirstRequests,
    long FirstErrors,
    long NewlyFailingClients,
    long ErrorsSquared,
    long ClusteredErrors,
    IReadOnlyList<long> FreshRequests,
    IReadOnlyList<long> FreshErrors,
    IReadOnlyList<long> Latency);
