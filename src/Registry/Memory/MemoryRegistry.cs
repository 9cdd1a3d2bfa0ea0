using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

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
    private readonly List<DeploymentEvent> _events = [];
    private readonly HashSet<string> _keys = [];
    private readonly Dictionary<(string, string), LockState> _locks = [];
    private readonly List<Command> _commands = [];
    private readonly Dictionary<string, DesiredState> _desired = [];
    private string? _hub;
    private readonly Dictionary<string, string> _stacks = [];

    /// <summary>Called before every access with its name; throws or hangs to play a registry that is down.</summary>
    public Func<string, CancellationToken, Task>? Before { get; set; }

    /// <summary>Everything that happened, in order of arrival.</summary>
    public IReadOnlyList<DeploymentEvent> Events => Locked(() => _events.ToList());

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
        var text = DurableJson.Write(bundle with { Files = new SortedDictionary<string, string>(bundle.Files.ToDictionary(), StringComparer.Ordinal) })!;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        _bundles[hash] = bundle;
        return hash;
    });

    /// <inheritdoc/>
    public Task<Bundle?> GetBundleAsync(string hash, CancellationToken cancellationToken) =>
        Do(new("GetBundle", cancellationToken), () => _bundles.GetValueOrDefault(hash));

    /// <inheritdoc/>
    public Task<RolloutRecord> AddRolloutAsync(RolloutRecord rollout, CancellationToken cancellationToken) => Do(new("AddRollout", cancellationToken), () =>
    {
        _rollouts.TryAdd(rollout.Id, rollout);
        return _rollouts[rollout.Id];
    });

    /// <inheritdoc/>
    public Task<RolloutRecord?> GetRolloutAsync(string id, CancellationToken cancellationToken) =>
        Do(new("GetRollout", cancellationToken), () => _rollouts.GetValueOrDefault(id));

    /// <inheritdoc/>
    public Task<Page<RolloutRecord>> ListRolloutsAsync(RolloutQuery query, CancellationToken cancellationToken) => Do(new("ListRollouts", cancellationToken), () =>
        Paged(
            _rollouts.Values
                .Where(r => (query.Service ?? r.Service) == r.Service && (query.Environment ?? r.Environment) == r.Environment)
                .Where(r => query.Phase is null || (r.Status?.Phase ?? Phase.Pending) == query.Phase)
                .OrderByDescending(r => r.CreatedAt).ThenByDescending(r => r.Id, StringComparer.Ordinal),
            query.Limit, query.Cursor));

    /// <inheritdoc/>
    public Task SetRolloutStatusAsync(string id, long sequence, RolloutStatus status, CancellationToken cancellationToken) => Do(new("SetRolloutStatus", cancellationToken), () =>
    {
        if (_rollouts.TryGetValue(id, out var rollout) && sequence > rollout.StatusSequence)
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
            return _deployments[deployment.Id] = deployment;
        });

    /// <inheritdoc/>
    public Task<Deployment?> GetDeploymentAsync(string id, CancellationToken cancellationToken) =>
        Do(new("GetDeployment", cancellationToken), () => _deployments.GetValueOrDefault(id));

    /// <inheritdoc/>
    public Task<Page<Deployment>> ListDeploymentsAsync(DeploymentQuery query, CancellationToken cancellationToken) => Do(new("ListDeployments", cancellationToken), () =>
        Paged(
            _deployments.Values
                .Where(d => (query.Service ?? d.Service) == d.Service && (query.Environment ?? d.Environment) == d.Environment)
                .Where(d => query.Status is null || d.Status == query.Status)
                .Where(d => (query.From is null || d.StartedAt >= query.From) && (query.To is null || d.StartedAt < query.To))
                .OrderByDescending(d => d.StartedAt).ThenByDescending(d => d.Id, StringComparer.Ordinal),
            query.Limit, query.Cursor));

    /// <inheritdoc/>
    public Task<IReadOnlyList<Deployment>> ListSuccessfulAsync(string service, string environment, int count, CancellationToken cancellationToken) =>
        Do<IReadOnlyList<Deployment>>(new("ListSuccessful", cancellationToken), () =>
            [.. Successful(service, environment).Take(count)]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<(string Service, string Environment)>> ListEnvironmentsAsync(CancellationToken cancellationToken) =>
        Do<IReadOnlyList<(string, string)>>(new("ListEnvironments", cancellationToken), () =>
            [.. _deployments.Values.Select(d => (d.Service, d.Environment)).Distinct().Order()]);

    /// <inheritdoc/>
    public Task PutBaselinesAsync(string deploymentId, IReadOnlyDictionary<string, double> values, CancellationToken cancellationToken) => Do(new("PutBaselines", cancellationToken), () =>
    {
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
            _events.Add(item);
        }

        return true;
    });

    /// <inheritdoc/>
    public Task<Page<DeploymentEvent>> ListAsync(EventQuery query, CancellationToken cancellationToken) => Do(new("ListEvents", cancellationToken), () =>
        Paged(
            _events.Where(e => (query.RolloutId ?? e.RolloutId) == e.RolloutId && (query.Type ?? e.Type) == e.Type
                && (query.Environment is null || query.Environment == e.Environment)),
            query.Limit, query.Cursor));

    /// <inheritdoc/>
    public Task AuditAsync(AuditEntry entry, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<Page<AuditEntry>> ListAuditAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        Task.FromResult(new Page<AuditEntry>([], null));

    /// <inheritdoc/>
    public Task<long?> VerifyAuditAsync(CancellationToken cancellationToken) => Task.FromResult<long?>(null);

    /// <inheritdoc/>
    public Task<int> PurgeEventsAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        Do(new("PurgeEvents", cancellationToken), () => _events.RemoveAll(e => e.At < before && _keys.Remove(e.Key)));

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
        Do<IReadOnlyList<LockState>>(new("ListLocks", cancellationToken), () => [.. _locks.Values.Where(l => l.Owner is not null)]);

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

    private static Page<T> Paged<T>(IEnumerable<T> rows, int limit, string? cursor)
    {
        var start = cursor is null ? 0 : int.Parse(cursor, CultureInfo.InvariantCulture);
        var page = rows.Skip(start).Take(limit + 1).ToList();
        return new Page<T>([.. page.Take(limit)], page.Count > limit ? (start + limit).ToString(CultureInfo.InvariantCulture) : null);
    }

    private IEnumerable<Deployment> Successful(string service, string environment) => _deploymentsOf.GetValueOrDefault((service, environment), [])
        .Select(id => _deployments[id])
        .Where(d => d.Status == DeploymentStatus.Success)
        .OrderByDescending(d => d.CompletedAt).ThenByDescending(d => d.Id, StringComparer.Ordinal);

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
