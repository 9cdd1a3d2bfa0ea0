using Microsoft.Extensions.Logging;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Upkeep;

/// <summary>
/// The durable history is the truth and the registry its projection: after a crash, or a registry put back from a backup, the read model
/// of every rollout that has not ended is taken from its instance again. A rollout that was written down and never begun begins now.
/// </summary>
public static class RegistryRepair
{
    /// <summary>Repairs every open rollout.</summary>
    /// <param name="registry">What is repaired.</param>
    /// <param name="client">The truth.</param>
    /// <param name="takeUp">Begins a rollout that has no instance; says whether it did.</param>
    /// <param name="quietSince">
    /// Only instances that have not moved since: one at work is about to write by itself, and a storage provider may show it a moment late.
    /// </param>
    /// <param name="logger">Told of each repair.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Ids of the rollouts begun or repaired.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(
        IDeploymentRegistry registry,
        DurableClient client,
        Func<RolloutRecord, CancellationToken, Task<bool>> takeUp,
        DateTimeOffset quietSince,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var touched = new List<string>();
        foreach (var rollout in await OpenRollouts.ListAsync(registry, cancellationToken))
        {
            if (await takeUp(rollout, cancellationToken))
            {
                logger.TakenUp(rollout.Id);
                touched.Add(rollout.Id);
            }
            else if (await RepairAsync(rollout, registry, client, quietSince, cancellationToken) is { } phase)
            {
                logger.Repaired(rollout.Id, phase);
                touched.Add(rollout.Id);
            }
        }

        return touched;
    }

    private static async Task<Phase?> RepairAsync(
        RolloutRecord rollout, IDeploymentRegistry registry, DurableClient client, DateTimeOffset quietSince, CancellationToken cancellationToken)
    {
        var instance = await client.GetInstanceAsync(rollout.Id, getInputsAndOutputs: true, cancellationToken);
        if (instance is null
            || instance.LastUpdatedAt > quietSince
            || instance.ReadCustomStatusAs<RolloutStatus>() is not { } status
            || DurableJson.Write(status) == DurableJson.Write(rollout.Status))
        {
            return null;
        }

        await registry.SetRolloutStatusAsync(rollout.Id, rollout.StatusSequence, status, cancellationToken);
        return status.Phase;
    }
}
