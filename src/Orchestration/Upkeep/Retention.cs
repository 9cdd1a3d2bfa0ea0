using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Upkeep;

/// <summary>Removes events, and ended instances where the host does not, that are older than the server keeps them. Rollouts, deployments and the audit trail stay.</summary>
public sealed class Retention(IEventLog events, DurableClient client, RolloutOptions options, TimeProvider time, ILogger<Retention> logger)
{
    /// <summary>Removes once.</summary>
    /// <returns>How many events and instances.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow().AddDays(-options.RetentionDays);
        var gone = await events.PurgeEventsAsync(before, cancellationToken);
        var ended = options.HostRemovesInstances ? 0 : await client.PurgeAllInstancesAsync(new PurgeFilter(CreatedTo: before), cancellationToken);
        if (gone + ended > 0)
        {
            logger.Removed(gone, ended, options.RetentionDays);
        }

        return gone + ended;
    }
}
