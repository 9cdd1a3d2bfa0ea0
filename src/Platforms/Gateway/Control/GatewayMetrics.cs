using Sluice.Domain.Analysis;
using Sluice.Orchestration.Ports;
using DomainCounts = Sluice.Domain.Analysis.RevisionCounts;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>What the gateway counted, as a source of metrics.</summary>
public sealed class GatewayMetrics(GatewayClient client) : IMetricSource
{
    /// <inheritdoc/>
    public async Task<MetricReading> ReadAsync(EnvironmentTarget target, CancellationToken cancellationToken)
    {
        var counts = await client.GetCountsAsync(target.Service, target.Environment.Name, cancellationToken);
        return new MetricReading(counts.Epoch, counts.At, counts.Revisions.ToDictionary(r => r.Key, r => Translate(r.Value)));
    }

    private static DomainCounts Translate(RevisionCounts counts) =>
        new(counts.Requests, counts.Errors, counts.ClientErrors, counts.Throttled, counts.Latency)
        {
            ClientsSeen = counts.ClientsSeen,
            FailingClients = counts.FailingClients,
            NewlyFailingClients = counts.NewlyFailingClients,
            FirstRequests = counts.FirstRequests,
            FirstErrors = counts.FirstErrors,
            FreshRequests = counts.FreshRequests,
            FreshErrors = counts.FreshErrors,
        };
}
