using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Api.Health;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;

namespace Sluice.Api.Syncs;

/// <summary>When each list was last synced, for exporters: read from the stored runs each time an exporter asks.</summary>
internal sealed class SyncGauges : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly Meter _meter = new(SyncTelemetry.Name, HealthRoutes.Version);
    private readonly IServiceProvider _services;

    /// <param name="services">Of the host; one without a catalogue tells nothing.</param>
    public SyncGauges(IServiceProvider services)
    {
        _services = services;
        _meter.CreateObservableGauge("pricing.last_sync.timestamp", () => Read(SyncKinds.Prices, "provider"), description: "When a price list was last read and believed; Unix seconds.");
        _meter.CreateObservableGauge("model.last_sync.timestamp", () => Read(SyncKinds.Models, "source"), description: "When a list of models was last read and believed; Unix seconds.");
    }

    public void Dispose() => _meter.Dispose();

    // An exporter asks synchronously, once a minute, on a thread of its own.
    private List<Measurement<double>> Read(string kind, string label)
    {
        try
        {
            if (_services.GetService<SyncTotals>() is not { } totals)
            {
                return [];
            }

            using var patience = new CancellationTokenSource(Patience);
            return [.. totals.ReadAsync(patience.Token).GetAwaiter().GetResult().Sources.Where(source => source.Kind == kind).Select(source =>
                new Measurement<double>(source.LastSyncedAt.ToUnixTimeMilliseconds() / 1000.0, new KeyValuePair<string, object?>(label, source.Source)))];
        }
        catch (Exception e) when (e is CatalogStoreException or OperationCanceledException or InvalidOperationException)
        {
            Log.FiguresUnreadable(_services.GetRequiredService<ILoggerFactory>().CreateLogger("Sluice.Api.Syncs"), e, "syncs");
            return [];
        }
    }
}
