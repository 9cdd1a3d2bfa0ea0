using Microsoft.Extensions.Logging;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Cli.Serve;

/// <summary>
/// The engine's history is the truth and the registry its projection: after a crash, or a registry put back from a backup, the read model
/// of every rollout that has not ended is taken from its instance again. A rollout that was written down and never begun begins now.
/// </summary>
internal static class RegistryRepair
{
    /// <param name="registry">What is repaired.</param>
    /// <param name="client">The truth.</param>
    /// <param name="takeUp">Begins a rollout that has no instance; says whether it did.</param>
    /// <param name="logger">Told of each repair.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task RunAsync(
        IDeploymentRegistry registry,
        DurableClient client,
        Func<RolloutRecord, CancellationToken, Task<bool>> takeUp,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        foreach (var phase in new[] { Phase.Pending, Phase.Progressing, Phase.Paused })
        {
            string? cursor = null;
            do
            {
                var page = await registry.ListRolloutsAsync(new RolloutQuery(Phase: phase, Limit: 100, Cursor: cursor), cancellationToken);
                foreach (var rollout in page.Items)
                {
                    if (await takeUp(rollout, cancellationToken))
                    {
                        logger.TakenUp(rollout.Id);
                    }
                    else
                    {
                        await RepairAsync(rollout, registry, client, logger, cancellationToken);
                    }
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
