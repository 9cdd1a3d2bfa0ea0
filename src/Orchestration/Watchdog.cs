using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollbacks;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Orchestration;

/// <summary>
/// Finds rollouts that hold an environment but whose instance was ended, purged or suspended from outside, and brings them back from
/// the stack in the registry. Both hosts run it each minute.
/// </summary>
public sealed class Watchdog(
    ICoordination coordination, IDeploymentRegistry registry, DurableClient client, TimeProvider time, ILogger<Watchdog> logger)
{
    /// <summary>A suspended instance judges nothing; after this long its canary is not left alone any longer.</summary>
    public static TimeSpan SuspensionLimit { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Looks once at every lock that is held.</summary>
    /// <returns>Ids of the recoveries started.</returns>
    public async Task<IReadOnlyList<string>> RunOnceAsync(CancellationToken cancellationToken)
    {
        var started = new List<string>();
        var locks = await coordination.ListLocksAsync(cancellationToken);
        foreach (var held in locks.Where(l => l.Owner is not null).GroupBy(l => l.Owner!, StringComparer.Ordinal))
        {
            var instance = await client.GetInstanceAsync(held.Key, cancellationToken: cancellationToken);
            if (Lost(instance) is not { } reason)
            {
                continue;
            }

            // One that had reached its outcome has nothing to undo: it was ended while it tidied up.
            var ended = (await registry.GetRolloutAsync(held.Key, cancellationToken))?.Status?.Outcome is not null;
            var stack = ended ? null : DurableJson.Read<StoredStack>(await coordination.GetStackAsync(held.Key, cancellationToken));
            var first = held.First();
            var input = new RecoveryInput(held.Key, first.Service, [.. held.Select(l => l.Environment)], stack, reason);
            if (await RecoverAsync(input, cancellationToken) is { } id)
            {
                logger.Lost(held.Key, reason, first.Service, first.Environment, id);
                started.Add(id);
            }
        }

        return started;
    }

    private string? Lost(InstanceMetadata? instance) => instance switch
    {
        null => "purged",
        { IsTerminal: true } => instance.RuntimeStatus.ToString().ToLowerInvariant(),
        { RuntimeStatus: RuntimeStatus.Suspended } when time.GetUtcNow() - instance.LastUpdatedAt > SuspensionLimit =>
            $"suspended for more than {(int)SuspensionLimit.TotalMinutes} minutes",
        _ => null,
    };

    // The first recovery normally suffices; one that was itself ended is followed by the next number.
    private async Task<string?> RecoverAsync(RecoveryInput input, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var id = attempt == 1 ? $"{input.RolloutId}:watchdog" : $"{input.RolloutId}:watchdog:{attempt}";
            var earlier = await client.GetInstanceAsync(id, cancellationToken: cancellationToken);
            if (earlier is { IsTerminal: false })
            {
                return null;
            }

            if (earlier is null)
            {
                using var span = RolloutTrace.BeginStart(Orchestrations.Recovery.Name, id);
                try
                {
                    return await client.ScheduleNewOrchestrationInstanceAsync(
                        Orchestrations.Recovery, input, new StartOptions { InstanceId = id }, cancellationToken);
                }
                catch (InstanceExistsException)
                {
                    return null;
                }
            }
        }
    }
}
