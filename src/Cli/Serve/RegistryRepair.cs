using Microsoft.Extensions.Logging;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Cli.Serve;

/// <summary>
/// The engine's history is the truth and the registry its projection: after a crash, or a registry put back from a backup, the read model
/// of every rollout that has not ended is taken from its instance again.
/// </summary>
internal static class RegistryRepair
{
    public static async Task RunAsync(IDeploymentRegistry registry, DurableClient client, ILogger logger, CancellationToken cancellationToken)
    {
        foreach (var phase in new[] { Phase.Pending, Phase.Progressing, Phase.Paused })
        {
            string? cursor = null;
            do
            {
                var page = await registry.ListRolloutsAsync(new RolloutQuery(Phase: phase, Limit: 100, Cursor: cursor), cancellationToken);
                foreach (var rollout in page.Items)
                {
                    await RepairAsync(rollout, registry, client, logger, cancellationToken);
                }

                cursor = page.Cursor;
            }
            while (cursor is not null);
        }
    }

    private static async Task RepairAsync(
        RolloutRecord rollout, IDeploymentRegistry registry, DurableClient client, ILogger logger, CancellationToken cancellationToken)
    {
        var instance = await client.GetInstanceAsync(rollout.Id, getInputsAndOutputs: true, cancellationToken);
        if (instance?.ReadCustomStatusAs<RolloutStatus>() is { } status && DurableJson.Write(status) != DurableJson.Write(rollout.Status))
        {
            await registry.SetRolloutStatusAsync(rollout.Id, rollout.StatusSequence, status, cancellationToken);
            logger.Repaired(rollout.Id, status.Phase);
        }
    }
}
