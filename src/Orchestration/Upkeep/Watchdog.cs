using Microsoft.Extensions.Logging;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollbacks;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Orchestration.Upkeep;

/// <summary>
/// Finds rollouts that hold an environment but whose instance was ended, purged or suspended from outside, and brings them back from
/// the stack in the registry; begins those that were accepted and never begun; says which have stopped moving. Both hosts run it each
/// minute while anything is under way.
/// </summary>
public sealed class Watchdog(
    ICoordination coordination,
    IDeploymentRegistry registry,
    IEventLog events,
    RolloutService rollouts,
    DurableClient client,
    TimeProvider time,
    ILogger<Watchdog> logger)
{
    // A start is written down a moment before it is scheduled; one that is older was left behind by a server that ended.
    private static readonly TimeSpan StartTakes = TimeSpan.FromMinutes(1);

    // Longer than every time-out, retry and queue delay of either host together.
    private static readonly TimeSpan StandsStill = TimeSpan.FromMinutes(15);

    /// <summary>A suspended instance judges nothing; after this long its canary is not left alone any longer.</summary>
    public static TimeSpan SuspensionLimit { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Looks once at every lock that is held and every rollout that has not ended.</summary>
    /// <returns>Ids of the recoveries started and of the rollouts begun, repaired or found standing still.</returns>
    public async Task<IReadOnlyList<string>> RunOnceAsync(CancellationToken cancellationToken)
    {
        var locks = await coordination.ListLocksAsync(cancellationToken);
        if (await coordination.ClaimHubAsync(client.Hub, replace: locks.Count == 0, cancellationToken) is var hub && hub != client.Hub)
        {
            // Here every rollout looks purged. None is: they sleep in the other hub, and bringing them back would undo good releases.
            logger.WrongHub(client.Hub, hub, locks.Count);
            return [];
        }

        return
        [
            .. await RecoverLostAsync(locks, cancellationToken),
            .. await RegistryRepair.RunAsync(registry, client, TakeUpAsync, time.GetUtcNow() - StartTakes, logger, cancellationToken),
            .. await TellStandingAsync(cancellationToken),
        ];
    }

    private async Task<IReadOnlyList<string>> RecoverLostAsync(IReadOnlyList<LockState> locks, CancellationToken cancellationToken)
    {
        var started = new List<string>();
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

    private async Task<bool> TakeUpAsync(RolloutRecord rollout, CancellationToken cancellationToken) =>
        time.GetUtcNow() - rollout.CreatedAt > StartTakes && await rollouts.TakeUpAsync(rollout, cancellationToken);

    // Its wait is long over and nothing has happened: a message the host cannot read, a version that no host runs. People must look.
    private async Task<IReadOnlyList<string>> TellStandingAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var standing = new List<string>();
        foreach (var rollout in await OpenRollouts.ListAsync(registry, cancellationToken))
        {
            var instance = await client.GetInstanceAsync(rollout.Id, getInputsAndOutputs: true, cancellationToken);
            if (instance is not { RuntimeStatus: RuntimeStatus.Running or RuntimeStatus.Pending } || now - instance.LastUpdatedAt < StandsStill)
            {
                continue;
            }

            var status = instance.ReadCustomStatusAs<RolloutStatus>();
            if (status?.Leg is { } leg && await client.GetInstanceAsync(leg, cancellationToken: cancellationToken) is { IsTerminal: false } looking
                && now - looking.LastUpdatedAt < StandsStill)
            {
                // A soak may take longer than its estimate; as long as it looks, it moves.
                continue;
            }

            var since = instance.RuntimeStatus == RuntimeStatus.Pending ? instance.CreatedAt : status?.WaitsUntil;
            if (since is not { } over || now - over < StandsStill)
            {
                continue;
            }

            var what = instance.RuntimeStatus == RuntimeStatus.Pending ? "has not begun" : $"should have gone on from '{status?.Step}'";
            await events.AppendAsync(
                new DeploymentEvent(
                    $"{rollout.Id}#standing-{over.ToUnixTimeSeconds()}",
                    rollout.Id,
                    rollout.Service,
                    status?.Environment,
                    "rollout.standing",
                    now,
                    $"{rollout.Release.Version} {what} since {over:u}; look for its instance in the host's log (docs/azure.md, faults)",
                    new Dictionary<string, string>()),
                cancellationToken);
            logger.Standing(rollout.Id, what, over);
            standing.Add(rollout.Id);
        }

        return standing;
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
