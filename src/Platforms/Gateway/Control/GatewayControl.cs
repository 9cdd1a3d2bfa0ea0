using System.Net;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Process;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>The gateway's operations: finds the environment meant, and looks after all of them.</summary>
internal sealed class GatewayControl : IAsyncDisposable
{
    private static readonly TimeSpan UpkeepEvery = TimeSpan.FromSeconds(2);

    private readonly Dictionary<EnvironmentKey, GatewayEnvironment> _environments = [];
    private readonly Lock _lock = new();
    private readonly GatewayPaths _paths;
    private readonly GatewayStateFile _file;
    private readonly DataPlane _dataPlane;
    private readonly Supervision _supervision;
    private readonly DateTimeOffset _startedAt;

    // New at each start and kept in memory: who asks for it may use the socket.
    private readonly string _probeToken = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    /// <exception cref="PlatformException">The state on disk cannot be read.</exception>
    public GatewayControl(GatewayPaths paths, ISecretStore secrets, SupervisorOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        _paths = paths;
        _startedAt = time.GetUtcNow();
        _file = new GatewayStateFile(paths.State);
        _supervision = new Supervision(
            new RevisionFiles(paths.Data),
            new EffectsJournal(paths.Journal, time),
            new HealthProbe(options.ProbeTimeout),
            secrets,
            options,
            time,
            loggers.CreateLogger("Sluice.Gateway"));
        _dataPlane = new DataPlane(new DataPlaneOptions { ProbeToken = _probeToken, TimeProvider = time }, loggers);
    }

    /// <summary>The program's version.</summary>
    public static string Version { get; } =
        typeof(GatewayControl).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>Takes over what an earlier gateway left.</summary>
    public async Task AdoptAsync(CancellationToken cancellationToken)
    {
        var records = _supervision.Files.ReadAll().ToLookup(r => new EnvironmentKey(r.Spec.Service, r.Spec.Environment));
        var keys = _file.Keys.Union(records.Select(r => r.Key)).ToList();
        _supervision.Journal.Add(new Effect(EffectKind.GatewayStarted, "", "") { Pid = Environment.ProcessId, Evidence = Version });
        await Task.WhenAll(keys.Select(key => Get(key).AdoptAsync(records[key], cancellationToken)));
    }

    public Task ListenAsync(ListenerSpec listener) => Get(new(listener.Service, listener.Environment)).EnsureListenerAsync(listener);

    public Task<RevisionState> StartAsync(StartRevision start) =>
        Get(new(start.Revision.Service, start.Revision.Environment)).EnsureStartedAsync(start);

    public RevisionList Revisions(EnvironmentKey at) => new(Get(at).Revisions());

    public Task<RevisionState> StopAsync(StopRevision stop) => Get(stop.At).EnsureStoppedAsync(stop.Revision, stop.Fence);

    public Task<Traffic> SetTrafficAsync(SetTraffic set) => Get(set.At).SetTrafficAsync(set);

    public Traffic Traffic(EnvironmentKey at) => Get(at).Traffic();

    public TrafficCounts Counts(EnvironmentKey at) => _dataPlane.Read(at.Service, at.Environment);

    public ProbeAccess Probe(EnvironmentKey at)
    {
        if (_dataPlane.Address(at.Service, at.Environment) is not { } address)
        {
            throw new PlatformException(
                PlatformError.NotFound, $"{at.Service}/{at.Environment} does not listen. {Get(at).Status().Message}".TrimEnd());
        }

        var reachable = address.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : address.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : address.Address;
        return new ProbeAccess(new IPEndPoint(reachable, address.Port).ToString(), _probeToken);
    }

    public GatewayStatus Status() => new(
        Environment.ProcessId, Version, ControlProtocol.Version, _dataPlane.Epoch, _startedAt, [.. All().Select(e => e.Status())]);

    /// <summary>Drains and stops what is meant.</summary>
    public Task ShutdownAsync(Shutdown shutdown) => Task.WhenAll(All()
        .Where(e => (shutdown.Service is null || shutdown.Service == e.Service) && (shutdown.Environment is null || shutdown.Environment == e.Environment))
        .Select(e => e.ShutdownAsync()));

    /// <summary>Keeps logs in bounds and listeners listening, until cancelled.</summary>
    public async Task UpkeepAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(UpkeepEvery, _supervision.Time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                LogFile.Rotate(_paths.Log);
                foreach (var environment in All())
                {
                    environment.RotateLogs();
                    await environment.TryListenAsync(cancellationToken);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _supervision.Logger.UpkeepFailed(e);
            }
        }
    }

    /// <summary>Ends listeners after their requests, and leaves the processes alone.</summary>
    public async ValueTask DisposeAsync()
    {
        await _dataPlane.DisposeAsync();
        foreach (var environment in All())
        {
            await environment.DisposeAsync();
        }

        _supervision.Journal.Dispose();
        _supervision.Probe.Dispose();
    }

    private List<GatewayEnvironment> All()
    {
        lock (_lock)
        {
            return [.. _environments.Values];
        }
    }

    private GatewayEnvironment Get(EnvironmentKey key)
    {
        lock (_lock)
        {
            if (!_environments.TryGetValue(key, out var environment))
            {
                _environments.Add(key, environment = new GatewayEnvironment(key, _file, _dataPlane, _supervision));
            }

            return environment;
        }
    }
}
