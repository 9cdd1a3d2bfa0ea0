namespace Sluice.CatalogApi;

/// <summary>Holds the host back before its server opens the port: hosted services start first. A stop signal ends the wait.</summary>
internal sealed class DelayedStart(FaultSettings settings, TimeProvider time, ILogger log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        log.HeldBack();
        return Task.Delay(settings.NeverListen ? Timeout.InfiniteTimeSpan : settings.StartDelay, time, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
