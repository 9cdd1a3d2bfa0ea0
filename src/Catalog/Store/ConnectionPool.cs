using System.Diagnostics.Metrics;

namespace Sluice.Catalog.Store;

/// <summary>How many connections of a pool are in use. Npgsql tells it as a metric only (OpenTelemetry's <c>db.client.connection.count</c>).</summary>
internal sealed class ConnectionPool : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly string _name;
    private int _busy;

    /// <param name="name">Of the data source.</param>
    /// <param name="limit">Most connections that it opens.</param>
    public ConnectionPool(string name, int limit)
    {
        (_name, Limit) = (name, limit);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Npgsql", Name: "db.client.connection.count" })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((_, count, tags, _) => Take(count, tags));
        _listener.Start();
    }

    public int Limit { get; }

    /// <summary>Now.</summary>
    public int Busy
    {
        get
        {
            lock (_listener)
            {
                _listener.RecordObservableInstruments();
                return _busy;
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Take(int count, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var (isOurs, isUsed) = (false, false);
        foreach (var (name, value) in tags)
        {
            isOurs |= name == "db.client.connection.pool.name" && value as string == _name;
            isUsed |= name == "db.client.connection.state" && value as string == "used";
        }

        if (isOurs && isUsed)
        {
            _busy = count;
        }
    }
}
