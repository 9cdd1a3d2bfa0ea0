using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Catalog.Syncs;
using Sluice.Orchestration.Schedules;

namespace Sluice.Cli.Serve;

/// <summary>Asks each minute what is due: on Azure timer triggers do.</summary>
internal sealed class ScheduleLoop(Scheduler scheduler, TimeProvider time, ILogger<ScheduleLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await scheduler.StartDueAsync([Scheduler.Watchdog, Scheduler.Reminders, Scheduler.Retention], stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.SchedulesFailed(e);
            }
        }
    }
}

/// <summary>Asks which syncs are due, at once and then often enough that a first one comes when it was said to.</summary>
internal sealed class SyncLoop(SyncScheduler scheduler, TimeProvider time, ILogger<SyncLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await scheduler.StartDueAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.SyncsFailed(e.Message, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
