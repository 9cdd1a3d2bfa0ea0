using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;

namespace Sluice.Cli.Serve;

/// <summary>Looks each minute for rollouts whose instance was ended from outside.</summary>
internal sealed class WatchdogLoop(Watchdog watchdog, TimeProvider time, ILogger<WatchdogLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await watchdog.RunOnceAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.WatchdogFailed(e);
            }
        }
    }
}

/// <summary>Removes events that are older than the server keeps them, once a day.</summary>
internal sealed class RetentionLoop(IEventLog events, int days, TimeProvider time, ILogger<RetentionLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                var removed = await events.PurgeEventsAsync(time.GetUtcNow().AddDays(-days), stoppingToken);
                if (removed > 0)
                {
                    logger.EventsPurged(removed, days);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.RetentionFailed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
