using System.Text.RegularExpressions;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Process;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>One environment of one service: its listener, weights, fence and revisions. Its operations run one after another.</summary>
internal sealed partial class GatewayEnvironment(
    EnvironmentKey key, GatewayStateFile file, DataPlane dataPlane, Supervision supervision) : IAsyncDisposable
{
    // A stop answers after this long at the latest, with where the revision stands; asking again joins the same stop.
    private static readonly TimeSpan StopAnswer = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Lock _routing = new();
    private readonly Dictionary<string, SupervisedRevision> _revisions = [];
    private readonly Dictionary<string, Task> _stops = [];
    private EnvironmentState _state = file.Get(key);
    private string? _listenFault;

    public string Service => key.Service;

    public string Environment => key.Environment;

    /// <summary>Takes over what an earlier gateway left: weights first, then processes, the listener last.</summary>
    public async Task AdoptAsync(IEnumerable<RevisionRecord> records, CancellationToken cancellationToken)
    {
        var running = new List<SupervisedRevision>();
        foreach (var record in records)
        {
            var revision = new SupervisedRevision(record, null, supervision, ApplyRoutes);
            lock (_routing)
            {
                _revisions[record.Spec.Revision] = revision;
            }

            if (record.Wanted == Wanted.Running)
            {
                revision.Run();
                running.Add(revision);
            }
            else if (record.Wanted == Wanted.Stopping)
            {
                revision.AdoptToStop();
                _stops[record.Spec.Revision] = revision.StopAsync();
            }
        }

        // What is healthy now shall get the first request; what is not must not hold up the rest.
        await Task.WhenAny(Task.WhenAll(running.Select(r => r.Looked)), Task.Delay(TimeSpan.FromSeconds(3), supervision.Time, cancellationToken));
        ApplyRoutes();
        await TryListenAsync(cancellationToken);
    }

    /// <summary>Listens where it should but could not: the port may be free by now.</summary>
    public async Task TryListenAsync(CancellationToken cancellationToken)
    {
        if (_state.Listener is not { } listener || dataPlane.Address(Service, Environment) is not null)
        {
            return;
        }

        try
        {
            await ListenAsync(listener, cancellationToken);
        }
        catch (PlatformException e)
        {
            if (_listenFault != e.Message)
            {
                _listenFault = e.Message;
                supervision.Logger.CannotListen(Service, Environment, e.Message);
            }
        }
    }

    public Task EnsureListenerAsync(ListenerSpec listener) => InTurnAsync(async () =>
    {
        await ListenAsync(listener, CancellationToken.None);
        return new Done();
    });

    public Task<RevisionState> EnsureStartedAsync(StartRevision start) => InTurnAsync(async () =>
    {
        var spec = start.Revision;
        Check(spec);
        CheckFence(start.Fence);
        var existing = Find(spec.Revision);
        switch (existing?.Wanted)
        {
            case Wanted.Stopping:
                throw new PlatformException(PlatformError.NotApplied, $"{spec.Revision} is still going down; ask again.");
            case Wanted.Failed when existing.IdempotencyKey == start.IdempotencyKey:
                return existing.State();
        }

        // Everything that can be wrong is found before anything runs.
        new EffectiveCommand(spec.Command, spec.Directory).Resolve();
        if (start.Listener is not null)
        {
            await ListenAsync(start.Listener, CancellationToken.None);
        }

        if (existing?.Wanted == Wanted.Running)
        {
            return existing.State();
        }

        Put(_state with { Fence = start.Fence });
        if (existing is not null)
        {
            // What was given up may still be ending; two of one name would share their record.
            await existing.StopAsync();
            await existing.DisposeAsync();
        }

        var record = new RevisionRecord(RevisionRecord.CurrentSchema, spec, Wanted.Running, start.IdempotencyKey);
        var revision = new SupervisedRevision(record, start.Values, supervision, ApplyRoutes);
        revision.Run();
        lock (_routing)
        {
            // Routed before anybody can see it, ready or not.
            _revisions[spec.Revision] = revision;
            _stops.Remove(spec.Revision);
            ApplyRoutes();
        }

        return revision.State();
    });

    /// <summary>All revisions that exist, by name.</summary>
    public IReadOnlyList<RevisionState> Revisions() =>
        [.. All().Select(r => r.State()).OrderBy(r => r.Revision, StringComparer.Ordinal)];

    public async Task<RevisionState> EnsureStoppedAsync(string name, Fence fence)
    {
        var stop = await InTurnAsync(() =>
        {
            CheckFence(fence);
            if (Find(name) is not { } revision)
            {
                return Task.FromResult(Task.CompletedTask);
            }

            if (_state.Weights.GetValueOrDefault(name) is > 0 and var weight)
            {
                throw new PlatformException(
                    PlatformError.Invalid, $"{name} has {weight} % of the traffic of {Service}/{Environment}: set its weight to 0 before it is stopped.");
            }

            Put(_state with { Fence = fence });
            return Task.FromResult(BeginStop(revision, drain: true));
        });
        if (await Task.WhenAny(stop, Task.Delay(StopAnswer, supervision.Time)) == stop)
        {
            await stop;
        }

        return Find(name)?.State() ?? new RevisionState(name, RevisionPhase.Absent, 0, 0, 0, "");
    }

    public Task<Traffic> SetTrafficAsync(SetTraffic set) => InTurnAsync(async () =>
    {
        var wanted = set.Wanted.Weights.Where(w => w.Value != 0).ToDictionary(w => w.Key, w => w.Value);
        CheckFence(set.Fence);
        await ListenAsync(set.Listener, CancellationToken.None);
        var same = new Traffic(wanted).Matches(new Traffic(_state.Weights));
        if (set.Fence == _state.TrafficFence)
        {
            return same
                ? Traffic()
                : throw new PlatformException(
                    PlatformError.Invalid,
                    $"fence {set.Fence.Lock}.{set.Fence.Write} has set {Text(_state.Weights)} and cannot set {Text(wanted)} as well.");
        }

        CheckWeights(wanted);
        Put(_state with { Weights = wanted, Fence = set.Fence, TrafficFence = set.Fence });
        ApplyRoutes();
        if (!same)
        {
            supervision.Journal.Add(new Effect(EffectKind.TrafficSet, Service, Environment)
            {
                Weights = wanted,
                Fence = set.Fence,
                IdempotencyKey = set.IdempotencyKey,
                Evidence = string.Join("; ", wanted.Keys.Select(r => $"{r}: {Find(r)?.State().ReadyReplicas ?? 0} ready")),
            });
        }

        return Traffic();
    });

    /// <summary>The weights by which the data plane routes now.</summary>
    public Traffic Traffic() => new(
        (dataPlane.Current(Service, Environment)?.Revisions ?? []).Where(r => r.Weight > 0).ToDictionary(r => r.Revision, r => r.Weight));

    public EnvironmentStatus Status() =>
        new(Service, Environment, dataPlane.Address(Service, Environment)?.ToString(), _listenFault, Traffic(), Revisions());

    /// <summary>Closes the listener, then stops every revision. The fence stays: a late write is still late.</summary>
    public Task ShutdownAsync() => InTurnAsync(async () =>
    {
        await dataPlane.CloseAsync(Service, Environment);
        Put(_state with { Listener = null, Weights = new Dictionary<string, int>(), TrafficFence = null });
        await Task.WhenAll(All().Where(r => r.Wanted != Wanted.Stopped).Select(r => BeginStop(r, drain: false)));
        return new Done();
    });

    /// <summary>Leaves the processes to the next gateway.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(All().Select(r => r.DisposeAsync().AsTask()));
        _gate.Dispose();
    }

    public void RotateLogs()
    {
        foreach (var revision in All())
        {
            revision.RotateLog();
        }
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> operation)
    {
        await _gate.WaitAsync();
        try
        {
            return await operation();
        }
        finally
        {
            _gate.Release();
        }
    }

    private List<SupervisedRevision> All()
    {
        lock (_routing)
        {
            return [.. _revisions.Values];
        }
    }

    private SupervisedRevision? Find(string revision)
    {
        lock (_routing)
        {
            return _revisions.GetValueOrDefault(revision);
        }
    }

    private void Put(EnvironmentState changed)
    {
        file.Put(changed);
        _state = changed;
    }

    private void CheckFence(Fence fence)
    {
        if (_state.Fence is { } highest && fence < highest)
        {
            throw new PlatformException(
                PlatformError.StaleWrite,
                $"{Service}/{Environment} has seen write {highest.Lock}.{highest.Write}; {fence.Lock}.{fence.Write} comes too late and was not done.");
        }
    }

    private void CheckWeights(Dictionary<string, int> wanted)
    {
        var faults = new List<string>();
        if (wanted.Values.Any(w => w is < 0 or > 100) || wanted.Values.Sum() is not (0 or 100))
        {
            faults.Add($"weights are 0 to 100 and add up to 100, or there are none; got {Text(wanted)}");
        }

        // What has traffic already may keep or lose some: taking it back must work while a revision is down.
        foreach (var (name, _) in wanted.Where(w => w.Value > _state.Weights.GetValueOrDefault(w.Key)))
        {
            var now = Find(name)?.State();
            if (now is not ({ Phase: RevisionPhase.Ready } or { Phase: RevisionPhase.Unhealthy, ReadyReplicas: > 0 }))
            {
                faults.Add(now is null ? $"{name} does not exist" : $"{name} is {now.Phase}: {now.Message}");
            }
        }

        if (faults.Count > 0)
        {
            throw new PlatformException(PlatformError.Invalid, $"traffic of {Service}/{Environment} stays as it is: {string.Join("; ", faults)}.");
        }
    }

    private async Task ListenAsync(ListenerSpec listener, CancellationToken cancellationToken)
    {
        try
        {
            await dataPlane.ListenAsync(listener, cancellationToken);
        }
        catch (GatewayException e)
        {
            throw Translate(e, listener.Listen);
        }

        _listenFault = null;
        if (_state.Listener is null || !Same(_state.Listener, listener))
        {
            Put(_state with { Listener = listener });
        }
    }

    private static bool Same(ListenerSpec left, ListenerSpec right) =>
        left with { TrustedProxies = [] } == right with { TrustedProxies = [] } && left.TrustedProxies.SequenceEqual(right.TrustedProxies);

    private static PlatformException Translate(GatewayException e, string listen)
    {
        var message = e.Message[(e.Code.Length + 2)..];
        if (e.Code != GatewayFault.PortInUse)
        {
            return new PlatformException(PlatformError.Invalid, message, e);
        }

        var port = System.Net.IPEndPoint.TryParse(listen, out var address) ? address.Port : 0;
        return new PlatformException(
            PlatformError.PortInUse, PortOwner.Describe(port) is { } owner ? $"{message} It is held by {owner}." : message, e);
    }

    private Task BeginStop(SupervisedRevision revision, bool drain)
    {
        lock (_routing)
        {
            var name = revision.Spec.Revision;
            if (revision.Wanted == Wanted.Stopped)
            {
                return Task.CompletedTask;
            }

            if (_stops.TryGetValue(name, out var begun) && !begun.IsFaulted)
            {
                return begun;
            }

            revision.WantStopped();
            return _stops[name] = Task.Run(() => StopAsync(revision, drain));
        }
    }

    private async Task StopAsync(SupervisedRevision revision, bool drain)
    {
        var spec = revision.Spec;
        ApplyRoutes();
        if (drain && dataPlane.Address(Service, Environment) is not null)
        {
            var cut = await dataPlane.DrainAsync(Service, Environment, spec.Revision, spec.StopWithin, CancellationToken.None);
            supervision.Journal.Add(new Effect(EffectKind.Drained, Service, Environment) { Revision = spec.Revision, Evidence = $"{cut} requests cut" });
        }

        await revision.StopAsync();
        ApplyRoutes();
    }

    private void ApplyRoutes()
    {
        // One at a time, so that the last one to look is the last one to route.
        lock (_routing)
        {
            var known = _revisions.Values.Where(r => r.Wanted is Wanted.Running or Wanted.Stopping)
                .Select(r => new RevisionRoute(r.Spec.Revision, _state.Weights.GetValueOrDefault(r.Spec.Revision), r.Ready)).ToList();

            // A share whose revision is gone is answered with 503: giving it to another revision is not for us to decide.
            var gone = _state.Weights.Where(w => known.TrueForAll(r => r.Revision != w.Key)).Select(w => new RevisionRoute(w.Key, w.Value, []));
            dataPlane.Route(Service, Environment, new RouteTable([.. known, .. gone]));
        }
    }

    private static void Check(RevisionSpec spec)
    {
        var faults = new List<string>();
        foreach (var name in (string[])[spec.Service, spec.Environment, spec.Revision])
        {
            if (!FileName().IsMatch(name))
            {
                faults.Add($"'{name}' is not a name: 1 to 128 letters, digits, '.', '_', '+', '-', the first a letter or digit");
            }
        }

        if (spec.Replicas is < 1 or > 50)
        {
            faults.Add($"replicas is {spec.Replicas}, not 1 to 50");
        }

        if (!spec.Health.StartsWith('/'))
        {
            faults.Add($"health '{spec.Health}' does not start with '/'");
        }

        foreach (var variable in spec.Variables.Where(v => v.Value is not null && v.Format is Domain.Plans.VariableFormat.Secret or Domain.Plans.VariableFormat.Key))
        {
            faults.Add($"variable {variable.Name} is a {variable.Format} with a literal value: name a secret instead");
        }

        if (faults.Count > 0)
        {
            throw new PlatformException(PlatformError.Invalid, $"{spec.Revision} cannot be started: {string.Join("; ", faults)}.");
        }
    }

    private static string Text(IReadOnlyDictionary<string, int> weights) =>
        weights.Count == 0 ? "nothing" : string.Join(", ", weights.Select(w => $"{w.Key} {w.Value} %"));

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex FileName();
}
