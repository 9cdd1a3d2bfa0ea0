using Sluice.Durable;

namespace Sluice.Orchestration.Schedules;

/// <summary>Looks once for rollouts that stopped moving.</summary>
public sealed class WatchdogOrchestrator : Orchestrator<Unit, UpkeepReport>
{
    /// <inheritdoc/>
    public override Task<UpkeepReport> RunAsync(DurableContext context, Unit input) => context.CallActivityAsync(ActivityRefs.FindStopped, Unit.Value);
}

/// <summary>Says once what waits for people.</summary>
public sealed class RemindersOrchestrator : Orchestrator<Unit, UpkeepReport>
{
    /// <inheritdoc/>
    public override Task<UpkeepReport> RunAsync(DurableContext context, Unit input) => context.CallActivityAsync(ActivityRefs.Remind, Unit.Value);
}

/// <summary>Removes once what is older than it is kept.</summary>
public sealed class RetentionOrchestrator : Orchestrator<Unit, UpkeepReport>
{
    /// <inheritdoc/>
    public override Task<UpkeepReport> RunAsync(DurableContext context, Unit input) => context.CallActivityAsync(ActivityRefs.RemoveOld, Unit.Value);
}
