using Sluice.Durable;
using Sluice.Orchestration.Schedules;
using Sluice.Orchestration.Upkeep;

namespace Sluice.Orchestration.Activities;

/// <summary>Brings back what was ended from outside, and begins what was written down and never begun.</summary>
public sealed class FindStoppedActivity(Watchdog watchdog) : IActivity<Unit, UpkeepReport>
{
    /// <inheritdoc/>
    public async Task<UpkeepReport> RunAsync(Unit input, CancellationToken cancellationToken) =>
        UpkeepReport.Of(await watchdog.RunOnceAsync(cancellationToken));
}

/// <summary>Writes a reminder for each rollout that waits for people, once a day.</summary>
public sealed class RemindActivity(Reminding reminding) : IActivity<Unit, UpkeepReport>
{
    /// <inheritdoc/>
    public async Task<UpkeepReport> RunAsync(Unit input, CancellationToken cancellationToken) =>
        UpkeepReport.Of(await reminding.RunOnceAsync(cancellationToken));
}

/// <summary>Removes events and ended instances that are older than the server keeps them.</summary>
public sealed class RemoveOldActivity(Retention retention) : IActivity<Unit, UpkeepReport>
{
    /// <inheritdoc/>
    public async Task<UpkeepReport> RunAsync(Unit input, CancellationToken cancellationToken) =>
        new(await retention.RunOnceAsync(cancellationToken), []);
}
