using System.Globalization;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry.Memory;

/// <summary>The registry's three ports in memory, for orchestrations in virtual time. Thread-safe; survives restarts of the engine.</summary>
public sealed class MemoryRegistry : IDeploymentRegistry, IEventLog, ICoordination
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Bundle> _bundles = [];
    private readonly Dictionary<string, RolloutRecord> _rollouts = [];
    private readonly Dictionary<string, Deployment> _deployments = [];
    private readonly Dictionary<(string Service, string Environment), HashSet<string>> _deploymentsOf = [];
    private readonly Dictionary<string, Dictionary<string, double>> _baselines = [];
    private readonly List<(long Number, DeploymentEvent Event)> _events = [];
    private readonly List<AuditRow> _audit = [];
    private long _eventNumber;
    private readonly HashSet<string> _keys = [];
    private readonly Dictionary<(string, string), LockState> _locks = [];
    private readonly List<Command> _commands = [];
    private readonly Dictionary<string, DesiredState> _desired = [];
    private string? _hub;
    private readonly Dictionary<string, string> _stacks = [];

    /// <summary>Called before every access with its name; throws or hangs to play a registry that is down.</summary>
    public Func<string, CancellationToken, Task>? Before { get; set; }

    /// <summary>Everything that happened, in order of arrival.</summary>
    public IReadOnlyList<DeploymentEvent> Events => Locked(() => _events.ConvertAll(e => e.Event));

    /// <summary>Every command that was said.</summary>
    public IReadOnlyList<Command> Commands => Locked(() => _commands.ToList());

    /// <summary>Every deployment row.</summary>
    public IReadOnlyList<Deployment> Deployments => Locked(() => _deployments.Values.ToList());

    /// <summary>Every rollout.</summary>
    public IReadOnlyList<RolloutRecord> Rollouts => Locked(() => _rollouts.Values.ToList());

    /// <summary>The stacks kept for the watchdog.</summary>
    public IReadOnlyDictionary<string, string> Stacks => Locked(() => _stacks.ToDictionary());

    Task<string> IDeploymentRegistry.PutBundleAsync(Bundle bundle, CancellationToken cancellationToken) => Do(new("PutBundle", cancellationToken), () =>
    {
        var hash = BundleBytes.Hash(BundleBytes.Write(bundle));
        _bundles[hash] = bundle;
        return hash;
    });

    /// <inheritdoc/>
    public Task<Bundle?> GetBundleAsync(string hash, CancellationToken cancellationToken) =>
        Do(new("GetBundle", cancellationToken), () => _bundles.GetValueOrDefault(hash));

    /// <inheritdoc/>
    public Task<RolloutRecord> AddRolloutAsync(RolloutRecord rollout, CancellationToken cancellationToken) => Do(new("AddRollout", cancellationToken), () =>
    {
        _rollouts.TryAdd(rollout.Id, rollout with { CreatedAt = Cut(rollout.CreatedAt) });
        return _rollouts[rollout.Id];
    });

    /// <inheritdoc/>
    public Task<RolloutRecord?> GetRolloutAsync(string id, CancellationToken cancellationToken) =>
        Do(new("GetRollout", cancellationToken), () => _rollouts.GetValueOrDefault(id));

    /// <inheritdoc/>
    public Task<Page<RolloutRecord>> ListRolloutsAsync(RolloutQuery query, CancellationToken cancellationToken) => Do(new("ListRollouts", cancellationToken), () =>
        NewestFirst(
            _rollouts.Values
                .Where(r => (query.Service ?? r.Service) == r.Service && (query.Environment ?? r.Environment) == r.Environment)
                .Where(r => query.Phase is null || (r.Status?.Phase ?? Phase.Pending) == query.Phase),
            r => new Cursor("rollouts", Stored.Ms(r.CreatedAt), r.Id), query.Limit, Cursor.Read("rollouts", query.Cursor)));

    /// <inheritdoc/>
    public Task SetRolloutStatusAsync(string id, long sequence, RolloutStatus status, CancellationToken cancellationToken) => Do(new("SetRolloutStatus", cancellationToken), () =>
    {
        if (_rollouts.TryGetValue(id, out var rollout) && sequence >= rollout.StatusSequence)
        {
            _rollouts[id] = rollout with { Status = status, StatusSequence = sequence };
        }

        return true;
    });

    /// <inheritdoc/>
    public Task PutDeploymentAsync(Deployment deployment, CancellationToken cancellationToken) =>
        Do(new("PutDeployment", cancellationToken), () =>
        {
            var place = (deployment.Service, deployment.Environment);
            if (!_deploymentsOf.TryGetValue(place, out var ids))
            {
                _deploymentsOf[place] = ids = [];
            }

            ids.Add(deployment.Id);
            return _deployments[deployment.Id] = DeploymentRow.From(deployment).ToDeployment();
        });

    /// <inheritdoc/>
    public Task<Deployment?> GetDeploymentAsync(string id, CancellationToken cancellationToken) =>
        Do(new("GetDeployment", cancellationToken), () => _deployments.GetValueOrDefault(id));

    /// <inheritdoc/>
    public Task<Page<Deployment>> ListDeploymentsAsync(DeploymentQuery query, CancellationToken cancellationToken) => Do(new("ListDeployments", cancellationToken), () =>
        NewestFirst(
            _deployments.Values
                .Where(d => (query.Service ?? d.Service) == d.Service && (query.Environment ?? d.Environment) == d.Environment)
                .Where(d => query.Status is null || d.Status == query.Status)
                .Where(d => (query.From is null || d.StartedAt >= Cut(query.From.Value)) && (query.To is null || d.StartedAt < Cut(query.To.Value))),
            d => new Cursor("deployments", Stored.Ms(d.StartedAt), d.Id), query.Limit, Cursor.Read("deployments", query.Cursor)));

    /// <inheritdoc/>
    public Task<IReadOnlyList<Deployment>> ListSuccessfulAsync(string service, string environment, int count, CancellationToken cancellationToken) =>
        Do<IReadOnlyList<Deployment>>(new("ListSuccessful", cancellationToken), () =>
            [.. Successful(service, environment).Take(count)]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<(string Service, string Environment)>> ListEnvironmentsAsync(CancellationToken cancellationToken) =>
        Do<IReadOnlyList<(string, string)>>(new("ListEnvironments", cancellationToken), () =>
            [.. _deployments.Values.Select(d => (d.Service, d.Environment)).Distinct().OrderBy(p => p.Service, StringComparer.Ordinal).ThenBy(p => p.Environment, StringComparer.Ordinal)]);

    /// <inheritdoc/>
    public Task PutBaselinesAsync(string deploymentId, IReadOnlyDictionary<string, double> values, CancellationToken cancellationToken) => Do(new("PutBaselines", cancellationToken), () =>
    {
        Stored.RequireFinite(values);
        _baselines.TryAdd(deploymentId, []);
        foreach (var (name, value) in values)
        {
            _baselines[deploymentId][name] = value;
        }

        return true;
    });

    /// <inheritdoc/>
    public Task<IReadOnlyList<IReadOnlyDictionary<string, double>>> ListBaselinesAsync(string service, string environment, int count, CancellationToken cancellationToken) =>
        Do<IReadOnlyList<IReadOnlyDictionary<string, double>>>(new("ListBaselines", cancellationToken), () =>
            [.. Successful(service, environment).Where(d => _baselines.ContainsKey(d.Id)).Take(count).Select(d => _baselines[d.Id])]);

    /// <inheritdoc/>
    public Task AppendAsync(DeploymentEvent item, CancellationToken cancellationToken) => Do(new("AppendEvent", cancellationToken), () =>
    {
        if (_keys.Add(item.Key))
        {
            _events.Add((++_eventNumber, EventRow.From(item).ToEvent()));
        }

        return true;
    });

    /// <inheritdoc/>
    public Task<Page<DeploymentEvent>> ListAsync(EventQuery query, CancellationToken cancellationToken) => Do(new("ListEvents", cancellationToken), () =>
    {
        var (list, sign) = query.RolloutId is null ? ("events", -1) : ("rollout-events", 1);
        var after = Cursor.Read(list, query.Cursor);
        var number = after?.Number;
        var limit = Cursor.Clamp(query.Limit);
        var rows = _events
            .Where(e => Fits(e.Event, query))
            .Select(e => (e.Event, Place: (Stored.Ms(e.Event.At), e.Number)))
            .Where(e => after is null || Math.Sign(e.Place.CompareTo((after.At, number!.Value))) == sign)
            .OrderBy(e => e.Place, Comparer<(long, long)>.Create((a, b) => sign * a.CompareTo(b)))
            .Take(limit + 1)
            .ToList();
        return Cursor.Page(
            rows, limit, r => r.Event, r => new Cursor(list, r.Place.Item1, r.Place.Number.ToString(CultureInfo.InvariantCulture)));
    });

    /// <inheritdoc/>
    public Task AuditAsync(AuditEntry entry, CancellationToken cancellationToken) => Do(new("Audit", cancellationToken), () =>
    {
        _audit.Add(AuditRow.After(Head(), entry));
        return true;
    });

    /// <inheritdoc/>
    public Task<Page<AuditEntry>> ListAuditAsync(int limit, string? cursor, CancellationToken cancellationToken) => Do(new("ListAudit", cancellationToken), () =>
    {
        var after = Cursor.Read("audit", cursor);
        var rows = _audit.AsEnumerable().Reverse().Where(r => after is null || r.Number < after.Number).Take(Cursor.Clamp(limit) + 1).ToList();
        return Cursor.Page(rows, Cursor.Clamp(limit), r => r.ToEntry(), r => new Cursor("audit", r.At, r.Number.ToString(CultureInfo.InvariantCulture)));
    });

    /// <inheritdoc/>
    public Task<long?> VerifyAuditAsync(CancellationToken cancellationToken) => AuditChain.FirstBrokenAsync(
        Locked(Head), after => Task.FromResult<IReadOnlyList<AuditRow>>(Locked(() => _audit.FindAll(r => r.Number > after))));

    /// <inheritdoc/>
    public Task<int> PurgeEventsAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        Do(new("PurgeEvents", cancellationToken), () => _events.RemoveAll(e => e.Event.At < Cut(before) && _keys.Remove(e.Event.Key)));

    /// <inheritdoc/>
    public Task<LockState> AcquireLockAsync(LockRequest request, CancellationToken cancellationToken) => Do(new("AcquireLock", cancellationToken), () =>
    {
        var key = (request.Service, request.Environment);
        var state = _locks.GetValueOrDefault(key) ?? new LockState(request.Service, request.Environment, null, 0, []);
        if (state.Owner is null)
        {
            state = state with { Owner = request.RolloutId, Number = state.Number + 1 };
        }
        else if (request.Queue && state.Owner != request.RolloutId && !state.Waiting.Contains(request.RolloutId))
        {
            state = state with { Waiting = [.. state.Waiting, request.RolloutId] };
        }

        return _locks[key] = state;
    });

    /// <inheritdoc/>
    public Task<string?> ReleaseLockAsync(string service, string environment, string rolloutId, CancellationToken cancellationToken) => Do(new("ReleaseLock", cancellationToken), () =>
    {
        if (!_locks.TryGetValue((service, environment), out var state))
        {
            return null;
        }

        if (state.Owner == rolloutId)
        {
            state = state.Waiting is [var next, ..]
                ? state with { Owner = next, Number = state.Number + 1, Waiting = [.. state.Waiting.Skip(1)] }
                : state with { Owner = null };
        }
        else
        {
            state = state with { Waiting = [.. state.Waiting.Where(w => w != rolloutId)] };
        }

        _locks[(service, environment)] = state;
        return state.Owner;
    });

    /// <inheritdoc/>
    public Task<LockState?> GetLockAsync(string service, string environment, CancellationToken cancellationToken) =>
        Do(new("GetLock", cancellationToken), () => _locks.GetValueOrDefault((service, environment)));

    /// <inheritdoc/>
    public Task<IReadOnlyList<LockState>> ListLocksAsync(CancellationToken cancellationToken) =>
        Do<IReadOnlyList<LockState>>(new("ListLocks", cancellationToken), () => [.. _locks.Values.Where(l => l.Owner is not null).OrderBy(l => l.Service, StringComparer.Ordinal).ThenBy(l => l.Environment, StringComparer.Ordinal)]);

    /// <inheritdoc/>
    public Task<long> AddCommandAsync(Command command, CancellationToken cancellationToken) => Do(new("AddCommand", cancellationToken), () =>
    {
        if (_commands.Find(c => c.RolloutId == command.RolloutId && c.Key == command.Key) is { } same)
        {
            return same.Number;
        }

        var number = _commands.Count(c => c.RolloutId == command.RolloutId) + 1L;
        _commands.Add(command with { Number = number });
        return number;
    });

    /// <inheritdoc/>
    public Task<IReadOnlyList<Command>> ReadCommandsAsync(string rolloutId, long after, CancellationToken cancellationToken) =>
        Do<IReadOnlyList<Command>>(new("ReadCommands", cancellationToken), () =>
            [.. _commands.Where(c => c.RolloutId == rolloutId && c.Number > after).OrderBy(c => c.Number)]);

    /// <inheritdoc/>
    public Task SetDesiredStateAsync(string rolloutId, DesiredState state, CancellationToken cancellationToken) =>
        Do(new("SetDesiredState", cancellationToken), () => _desired[rolloutId] = state);

    /// <inheritdoc/>
    public Task<string> ClaimHubAsync(string hub, bool replace, CancellationToken cancellationToken) =>
        Do(new("ClaimHub", cancellationToken), () => _hub = _hub is null || replace ? hub : _hub);

    /// <inheritdoc/>
    public Task<DesiredState> GetDesiredStateAsync(string rolloutId, CancellationToken cancellationToken) =>
        Do(new("GetDesiredState", cancellationToken), () => _desired.GetValueOrDefault(rolloutId, DesiredState.Run));

    /// <inheritdoc/>
    public Task PutStackAsync(string rolloutId, string? json, CancellationToken cancellationToken) => Do(new("PutStack", cancellationToken), () =>
    {
        if (json is null)
        {
            return _stacks.Remove(rolloutId);
        }

        _stacks[rolloutId] = json;
        return true;
    });

    /// <inheritdoc/>
    public Task<string?> GetStackAsync(string rolloutId, CancellationToken cancellationToken) =>
        Do(new("GetStack", cancellationToken), () => _stacks.GetValueOrDefault(rolloutId));

    private static Page<T> NewestFirst<T>(IEnumerable<T> rows, Func<T, Cursor> place, int limit, Cursor? after)
    {
        var page = rows
            .OrderByDescending(r => place(r).At).ThenByDescending(r => place(r).Id, StringComparer.Ordinal)
            .Where(r => after is null || (place(r) is var at && (at.At < after.At || (at.At == after.At && string.CompareOrdinal(at.Id, after.Id) < 0))))
            .Take(Cursor.Clamp(limit) + 1)
            .ToList();
        return Cursor.Page(page, Cursor.Clamp(limit), r => r, place);
    }

    private static bool Fits(DeploymentEvent item, EventQuery query) =>
        (query.RolloutId ?? item.RolloutId) == item.RolloutId && (query.Service ?? item.Service) == item.Service && (query.Type ?? item.Type) == item.Type
        && (query.Environment is null || query.Environment == item.Environment)
        && (query.From is null || item.At >= Cut(query.From.Value)) && (query.To is null || item.At < Cut(query.To.Value))
        && (query.Text is null || item.Message.Contains(query.Text, StringComparison.OrdinalIgnoreCase)
            || Stored.Json(item.Data).Contains(query.Text, StringComparison.OrdinalIgnoreCase));

    private static DateTimeOffset Cut(DateTimeOffset at) => Stored.At(Stored.Ms(at));

    private AuditHead Head() => _audit.Count == 0 ? new AuditHead() : new AuditHead { Number = _audit[^1].Number, Hash = _audit[^1].Hash };

    private IEnumerable<Deployment> Successful(string service, string environment) => _deploymentsOf.GetValueOrDefault((service, environment), [])
        .Select(id => _deployments[id])
        .Where(d => d.Status == DeploymentStatus.Success)
        .OrderByDescending(d => d.CompletedAt ?? d.StartedAt).ThenByDescending(d => d.StartedAt).ThenByDescending(d => d.Id, StringComparer.Ordinal);

    private async Task<T> Do<T>(RegistryCall access, Func<T> act)
    {
        if (Before is { } before)
        {
            await before(access.Name, access.Token);
        }

        return Locked(act);
    }

    private T Locked<T>(Func<T> act)
    {
        lock (_gate)
        {
            return act();
        }
    }
}

/// <summary>A call to it.</summary>
internal readonly record struct RegistryCall(string Name, CancellationToken Token);
