using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Orchestration.Activities;

/// <summary>A rollout that was ended from outside and brought back.</summary>
/// <param name="RolloutId">Which.</param>
/// <param name="RecoveryId">What brought it back.</param>
/// <param name="Reason">What became of its instance.</param>
public sealed record EndLostInput(string RolloutId, string RecoveryId, string Reason);

/// <summary>Ends a lost rollout in the registry: its rows, its read model, its stack.</summary>
public sealed class EndLostActivity(IDeploymentRegistry registry, IEventLog events, ICoordination coordination, TimeProvider time)
    : IActivity<EndLostInput, Unit>
{
    /// <inheritdoc/>
    public async Task<Unit> RunAsync(EndLostInput input, CancellationToken cancellationToken)
    {
        if (await registry.GetRolloutAsync(input.RolloutId, cancellationToken) is { } rollout)
        {
            var undone = await coordination.GetStackAsync(input.RolloutId, cancellationToken) is not null;
            if (rollout.Status?.Outcome is null)
            {
                await EndAsync(rollout, input, undone, cancellationToken);
            }
        }

        await coordination.PutStackAsync(input.RolloutId, null, cancellationToken);
        return Unit.Value;
    }

    private async Task EndAsync(RolloutRecord rollout, EndLostInput input, bool undone, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var reason = $"ended from outside ({input.Reason})" + (undone ? "; everything was brought back" : "; nothing was to be undone");
        var rows = await registry.ListDeploymentsAsync(new DeploymentQuery(rollout.Service, From: rollout.CreatedAt, Limit: 200), cancellationToken);
        foreach (var row in rows.Items.Where(d => d.RolloutId == rollout.Id && d.CompletedAt is null))
        {
            await registry.PutDeploymentAsync(
                row with { Status = DeploymentStatus.Aborted, CompletedAt = now, RollbackReason = reason }, cancellationToken);
        }

        await events.AppendAsync(
            new DeploymentEvent(
                $"{input.RecoveryId}#end", rollout.Id, rollout.Service, rollout.Environment, "deployment.failed", now, reason,
                new Dictionary<string, string>(StringComparer.Ordinal) { ["outcome"] = nameof(Outcome.Aborted) }),
            cancellationToken);
        var status = rollout.Status ?? new RolloutStatus { Phase = Phase.Degraded, Service = rollout.Service, Version = rollout.Release.Version };
        await registry.SetRolloutStatusAsync(
            rollout.Id,
            rollout.StatusSequence + 1,
            status with
            {
                Phase = Phase.Degraded,
                Outcome = Outcome.Aborted,
                PauseReason = null,
                Weight = 0,
                ActualWeight = 0,
                Leg = null,
                WaitsUntil = null,
                WaitingFor = [],
                Evidence = null,
                Items = [],
                QueuePosition = null,
                Message = reason,
            },
            cancellationToken);
        RolloutMetrics.Ended(rollout, Outcome.Aborted, now);
    }
}
