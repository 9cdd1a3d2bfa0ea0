using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Sluice.Platforms.Gateway;

/// <summary>One service in one environment: a Kestrel server in front, a route table behind it.</summary>
internal sealed class Listener(string service, string environment, DataPlaneOptions options, ILoggerFactory loggers) : IAsyncDisposable
{
    // Counters of revisions that left the table long ago are nobody's business any more.
    private const int MaxRetiredRevisions = 32;

    private readonly Lock _routing = new();
    private readonly List<Revision> _revisions = [];
    private readonly Random? _seeded = options.Seed is { } seed ? new Random(seed) : null;
    private readonly ILogger _logger = loggers.CreateLogger<DataPlane>();
    private KestrelServer? _server;
    private volatile ListenerSettings? _settings;
    private volatile Routes _routes = Routes.Empty;
    private volatile bool _routed;

    public string Service => service;

    public string Environment => environment;

    public DataPlaneOptions Options => options;

    public ILogger Logger => _logger;

    public ClientLedger Clients { get; } = new(options.MaxClients);

    public SipHash Hash { get; } = new();

    public ListenerSettings Settings => _settings!;

    public Routes Routes => _routes;

    public RouteTable? CurrentTable => _routed ? _routes.Table : null;

    public IPEndPoint? Address { get; private set; }

    /// <summary>Not to be called twice at the same time.</summary>
    public async Task ApplyAsync(ListenerSettings settings, CancellationToken cancellationToken)
    {
        var before = _settings;
        if (before is not null && before.Spec.Listen == settings.Spec.Listen)
        {
            _settings = settings;
            return;
        }

        var old = _server;
        _settings = settings;
        try
        {
            _server = await StartAsync(settings.Address, cancellationToken);
        }
        catch
        {
            _settings = before;
            throw;
        }

        if (old is not null)
        {
            await StopAsync(old, before!.Spec.Listen);
        }
    }

    public void Route(RouteTable table)
    {
        lock (_routing)
        {
            var entries = table.Revisions.Select(route =>
            {
                var revision = RevisionOf(route.Revision);
                return new Route(revision, route.Weight, revision.SetEndpoints(route.Endpoints));
            }).ToArray();

            _routes = new Routes(table, entries);
            _routed = true;
            Interlocked.MemoryBarrier();
            foreach (var revision in _revisions.Where(r => _routes.Find(r.Name) is null))
            {
                revision.SetEndpoints([]);
            }

            Forget();
        }

        _logger.Routed(service, environment, string.Join(", ", table.Revisions.Select(r => $"{r.Revision} {r.Weight} % ({r.Endpoints.Count} ready)")));
    }

    /// <summary>
    /// Enters the revision that <paramref name="choose"/> picks. After a change of routes, nobody enters by the old table.
    /// </summary>
    public Route? Enter<TState>(Func<Routes, TState, Route?> choose, TState state)
    {
        while (true)
        {
            var routes = _routes;
            var route = choose(routes, state);
            if (route is null)
            {
                return null;
            }

            // Enter, then look again: a drain that starts after the swap sees either this entry or that it was taken back.
            route.Revision.Enter();
            if (ReferenceEquals(routes, _routes))
            {
                return route;
            }

            route.Revision.Leave();
        }
    }

    /// <summary>A random number from 0 to 99.</summary>
    public int NextPoint()
    {
        if (_seeded is null)
        {
            return Random.Shared.Next(100);
        }

        lock (_seeded)
        {
            return _seeded.Next(100);
        }
    }

    public TrafficCounts Read(string epoch)
    {
        lock (_routing)
        {
            var revisions = _revisions.ToDictionary(r => r.Name, r => r.Counters.Read());
            return new TrafficCounts(epoch, options.TimeProvider.GetUtcNow(), revisions, Clients.IsApproximate);
        }
    }

    public async Task<int> DrainAsync(string name, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Revision? revision;
        lock (_routing)
        {
            if (_routes.Find(name) is { Weight: > 0 } route)
            {
                throw new GatewayException(
                    GatewayFault.StillRouted,
                    $"{service}/{environment}: revision {name} has {route.Weight} % of the traffic; route it elsewhere before draining.");
            }

            revision = _revisions.Find(r => r.Name == name);
        }

        if (revision is null)
        {
            return 0;
        }

        try
        {
            await revision.WhenIdleAsync().WaitAsync(timeout, options.TimeProvider, cancellationToken);
            return 0;
        }
        catch (TimeoutException)
        {
            var remaining = revision.InFlight;
            revision.Cut();
            _logger.DrainCut(service, environment, name, remaining);
            return remaining;
        }
    }

    public void Sweep()
    {
        Revision[] revisions;
        lock (_routing)
        {
            revisions = [.. _revisions];
        }

        foreach (var revision in revisions)
        {
            revision.Sweep();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { } server)
        {
            await StopAsync(server, _settings!.Spec.Listen);
        }

        foreach (var revision in _revisions)
        {
            revision.Dispose();
        }
    }

    private static KestrelServerOptions ServerOptions(IPEndPoint address)
    {
        var kestrel = new KestrelServerOptions
        {
            AddServerHeader = false,

            // Field values are octets (RFC 9110 §5.5): Latin-1 carries all of them through unchanged.
            RequestHeaderEncodingSelector = _ => Encoding.Latin1,
            ResponseHeaderEncodingSelector = _ => Encoding.Latin1,
            Limits =
            {
                // Bodies are streamed, so their length is the replica's business; exchanges that stand still are swept.
                MaxRequestBodySize = null,
                MinRequestBodyDataRate = null,
                MinResponseDataRate = null,
                MaxRequestHeadersTotalSize = 32 * 1024,
                MaxRequestLineSize = 16 * 1024,
            },
        };
        kestrel.Listen(address, listen => listen.Protocols = HttpProtocols.Http1);
        return kestrel;
    }

    private async Task<KestrelServer> StartAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        // Completions run where they arrive: nothing on the way from here to the replica blocks.
        var transport = new SocketTransportFactory(
            Microsoft.Extensions.Options.Options.Create(new SocketTransportOptions { UnsafePreferInlineScheduling = true }), loggers);
        var server = new KestrelServer(Microsoft.Extensions.Options.Options.Create(ServerOptions(address)), transport, loggers);
        try
        {
            await server.StartAsync(new ForwardingApplication(this), cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            server.Dispose();
            throw e.InnerException is AddressInUseException
                ? new GatewayException(
                    GatewayFault.PortInUse,
                    $"port {address.Port} of {address.Address} is taken by another program; {service}/{environment} needs it or another `listen`.",
                    e)
                : new GatewayException(GatewayFault.CannotListen, $"{service}/{environment} cannot listen on {address}: {e.Message}", e);
        }

        var bound = new Uri(server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        Address = new IPEndPoint(address.Address, bound.Port);
        _logger.Listening(Address.ToString(), service, environment);
        return server;
    }

    private async Task StopAsync(KestrelServer server, string listen)
    {
        using var cut = new CancellationTokenSource(options.DrainTimeout, options.TimeProvider);
        await server.StopAsync(cut.Token);
        server.Dispose();
        _logger.Closed(listen, service, environment);
    }

    private Revision RevisionOf(string name)
    {
        var revision = _revisions.Find(r => r.Name == name);
        if (revision is null)
        {
            _revisions.Add(revision = new Revision(name, options));
        }

        return revision;
    }

    private void Forget()
    {
        var retired = _revisions.Where(r => r.InFlight == 0 && _routes.Find(r.Name) is null).ToList();
        foreach (var revision in retired.SkipLast(MaxRetiredRevisions))
        {
            _revisions.Remove(revision);
            revision.Dispose();
        }
    }
}
