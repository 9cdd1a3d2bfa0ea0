using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Rollbacks;

/// <summary>A rollout whose instance is lost.</summary>
/// <param name="RolloutId">Which.</param>
/// <param name="Service">Of which service.</param>
/// <param name="Environments">Those that it holds.</param>
/// <param name="Stack">What the registry kept; null when it had done nothing, or nothing that is to be undone.</param>
/// <param name="Reason">What became of its instance.</param>
public sealed record RecoveryInput(
    string RolloutId, string Service, IReadOnlyList<string> Environments, StoredStack? Stack, string Reason);

/// <summary>Does for a lost rollout what it would have done itself: undoes, records, gives the environments free.</summary>
public sealed class RecoveryOrchestrator : Orchestrator<RecoveryInput, RollbackReport>
{
    // The lost instance may have written since it last stored its stack.
    private const long WritesUnseen = 10_000;

    /// <inheritdoc/>
    public override async Task<RollbackReport> RunAsync(DurableContext context, RecoveryInput input)
    {
        var stack = input.Stack ?? new StoredStack([], 1);
        var notes = 0;
        var report = await Undoing.RunAsync(
            context,
            $"{context.InstanceId}:rollback",
            new RollbackInput(input.RolloutId, stack.Items, stack.NextWrite + WritesUnseen, input.Reason),
            async (stuck, delay) =>
            {
                var happened = new DeploymentEvent(
                    $"{context.InstanceId}#{++notes}", input.RolloutId, input.Service, input.Environments is [var first, ..] ? first : null, stuck.Event,
                    new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero), stuck.Problem!,
                    new Dictionary<string, string>(StringComparer.Ordinal) { ["page"] = "true" });
                await context.CallActivityAsync(
                    ActivityRefs.Record, new Progress(input.RolloutId, 0, null, [happened], []), Retries.Standard);
                await context.CreateTimer(delay);
            });
        await context.CallActivityAsync(ActivityRefs.EndLost, new EndLostInput(input.RolloutId, context.InstanceId, input.Reason), Retries.Standard);
        foreach (var environment in input.Environments)
        {
            await context.CallActivityAsync(
                ActivityRefs.ReleaseLock, new ReleaseLockInput(input.Service, environment, input.RolloutId), Retries.Standard);
        }

        return report with { Undone = [.. stack.Items.Select(c => c.Title)] };
    }
}
