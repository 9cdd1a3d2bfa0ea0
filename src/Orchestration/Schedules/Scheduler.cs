using Microsoft.Extensions.Logging;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Schedules;

/// <summary>
/// Starts what is due. Both hosts ask it again and again: the embedded one from a loop, Azure from timer triggers. What it starts is a
/// singleton, so two hosts, or a trigger that overlaps its predecessor, start nothing twice.
/// </summary>
public sealed class Scheduler(
    DurableClient client, ICoordination coordination, IDeploymentRegistry registry, TimeProvider time, ILogger<Scheduler> logger)
{
    /// <summary>Finds rollouts that stopped moving.</summary>
    public static Schedule Watchdog { get; } = new(Orchestrations.Watchdog, TimeSpan.FromMinutes(1));

    /// <summary>Says again what waits for people.</summary>
    public static Schedule Reminders { get; } = new(Orchestrations.Reminders, TimeSpan.FromHours(1));

    /// <summary>Removes what is older than it is kept.</summary>
    public static Schedule Retention { get; } = new(Orchestrations.Retention, TimeSpan.FromDays(1));

    /// <summary>Starts those of the schedules that are due and have work to do.</summary>
    /// <returns>Ids of the instances started.</returns>
    public async Task<IReadOnlyList<string>> StartDueAsync(IEnumerable<Schedule> schedules, CancellationToken cancellationToken)
    {
        var started = new List<string>();
        foreach (var schedule in schedules)
        {
            var last = await client.GetInstanceAsync(schedule.InstanceId, cancellationToken: cancellationToken);
            if (last is { IsTerminal: false }
                || !ScheduleGrid.IsDue(last?.CreatedAt, schedule.Every, time.GetUtcNow())
                || !await HasWorkAsync(schedule, cancellationToken))
            {
                continue;
            }

            try
            {
                started.Add(await client.ScheduleNewOrchestrationInstanceAsync(
                    schedule.Orchestrator, Unit.Value, new StartOptions { InstanceId = schedule.InstanceId, ReplaceEnded = true }, cancellationToken));
            }
            catch (InstanceExistsException e)
            {
                logger.ScheduledElsewhere(e.InstanceId);
            }
        }

        return started;
    }

    // Each minute an orchestration would cost more than the looking: while nothing is under way there is nothing to watch.
    private async Task<bool> HasWorkAsync(Schedule schedule, CancellationToken cancellationToken) =>
        schedule != Watchdog
        || (await coordination.ListLocksAsync(cancellationToken)).Count > 0
        || await AnyAsync(Phase.Pending, cancellationToken)
        || await AnyAsync(Phase.Progressing, cancellationToken)
        || await AnyAsync(Phase.Paused, cancellationToken);

    private async Task<bool> AnyAsync(Phase phase, CancellationToken cancellationToken) =>
        (await registry.ListRolloutsAsync(new RolloutQuery(Phase: phase, Limit: 1), cancellationToken)).Items.Count > 0;
}
