using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Sluice.Platforms.Gateway;

/// <summary>
/// The weighted HTTP gateway: listeners that forward requests to the ready replicas of revisions, by weight, and count what comes back.
/// All members may be called at any time from any thread.
/// </summary>
public sealed class DataPlane : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Service, string Environment), Listener> _listeners = new();
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly DataPlaneOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly ITimer _sweeper;

    /// <summary>Makes a data plane without listeners.</summary>
    public DataPlane(DataPlaneOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _loggers = loggers;

        // Time-outs are found by looking at all connections now and then: a timer for each request costs more than forwarding it.
        var every = TimeSpan.FromTicks(Math.Clamp(options.ForwardTimeout.Ticks / 4, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerSecond / 2));
        _sweeper = options.TimeProvider.CreateTimer(_ => Sweep(), null, every, every);
    }

    /// <summary>A new id for each data plane. Counts are cumulative since it; those of another epoch cannot be compared.</summary>
    public string Epoch { get; } = Guid.NewGuid().ToString("N");

    /// <summary>
    /// Listens, or applies changed settings to the listener of the same service and environment; both without dropping a request. Doing it
    /// again changes nothing. Routes may be set before: then no request meets an empty table.
    /// </summary>
    /// <exception cref="GatewayException">
    /// <see cref="GatewayFault.InvalidListener"/>, <see cref="GatewayFault.PortInUse"/> or <see cref="GatewayFault.CannotListen"/>; the
    /// listener is then as it was.
    /// </exception>
    public async Task ListenAsync(ListenerSpec spec, CancellationToken cancellationToken)
    {
        var settings = ListenerSettings.Parse(spec);
        await _opening.WaitAsync(cancellationToken);
        try
        {
            await ListenerOf(spec.Service, spec.Environment).ApplyAsync(settings, cancellationToken);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Stops listening after the requests in flight have ended, or at the drain time-out, and forgets routes and counts.</summary>
    public async Task CloseAsync(string service, string environment)
    {
        if (_listeners.TryRemove((service, environment), out var listener))
        {
            await listener.DisposeAsync();
        }
    }

    /// <summary>Where the listener listens, with the port that was picked for port 0; null when it does not.</summary>
    public IPEndPoint? Address(string service, string environment) => Find(service, environment)?.Address;

    /// <summary>Replaces the split at once. Requests in flight end where they are; later ones follow the new table.</summary>
    /// <exception cref="GatewayException"><see cref="GatewayFault.InvalidRoute"/>, naming every fault; the old table stays.</exception>
    public void Route(string service, string environment, RouteTable table)
    {
        var faults = Faults(table).ToList();
        if (faults.Count > 0)
        {
            throw new GatewayException(GatewayFault.InvalidRoute, $"{service}/{environment}: {string.Join("; ", faults)}.");
        }

        ListenerOf(service, environment).Route(table);
    }

    /// <summary>The split in force; null when none was ever set.</summary>
    public RouteTable? Current(string service, string environment) => Find(service, environment)?.CurrentTable;

    /// <summary>What has been counted since <see cref="Epoch"/>.</summary>
    /// <exception cref="GatewayException"><see cref="GatewayFault.UnknownListener"/>.</exception>
    public TrafficCounts Read(string service, string environment) =>
        (Find(service, environment) ?? throw Unknown(service, environment)).Read(Epoch);

    /// <summary>
    /// Waits until a revision without a weight has no request in flight; those that remain at the time-out are cut, upgraded connections
    /// among them.
    /// </summary>
    /// <returns>How many were cut.</returns>
    /// <exception cref="GatewayException">
    /// <see cref="GatewayFault.UnknownListener"/>, or <see cref="GatewayFault.StillRouted"/> while the revision has a weight.
    /// </exception>
    public Task<int> DrainAsync(string service, string environment, string revision, TimeSpan timeout, CancellationToken cancellationToken) =>
        (Find(service, environment) ?? throw Unknown(service, environment)).DrainAsync(revision, timeout, cancellationToken);

    /// <summary>Closes every listener as <see cref="CloseAsync"/> does.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_listeners.Keys.Select(key => CloseAsync(key.Service, key.Environment)));
        await _sweeper.DisposeAsync();
        _opening.Dispose();
    }

    private static IEnumerable<string> Faults(RouteTable table)
    {
        foreach (var route in table.Revisions)
        {
            if (string.IsNullOrEmpty(route.Revision))
            {
                yield return "a revision has no name";
            }

            if (route.Weight is < 0 or > 100)
            {
                yield return $"the weight of {route.Revision} is {route.Weight}, not 0 to 100";
            }
        }

        foreach (var twice in table.Revisions.GroupBy(r => r.Revision).Where(g => g.Count() > 1))
        {
            yield return $"{twice.Key} is in the table {twice.Count()} times";
        }

        var sum = table.Revisions.Sum(r => (long)r.Weight);
        if (sum is not (0 or 100))
        {
            yield return $"the weights add up to {sum}, not to 100 (or all to 0)";
        }
    }

    private static GatewayException Unknown(string service, string environment) =>
        new(GatewayFault.UnknownListener, $"the gateway has no listener for {service}/{environment}.");

    private Listener? Find(string service, string environment) => _listeners.GetValueOrDefault((service, environment));

    private Listener ListenerOf(string service, string environment) =>
        _listeners.GetOrAdd((service, environment), key => new Listener(key.Service, key.Environment, _options, _loggers));

    private void Sweep()
    {
        foreach (var listener in _listeners.Values)
        {
            listener.Sweep();
        }
    }
}
