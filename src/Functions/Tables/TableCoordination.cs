using Azure.Data.Tables;
using Sluice.Orchestration.Ports;
using Sluice.Registry;
using Sluice.Registry.Storage;

namespace Sluice.Functions.Tables;

/// <summary>
/// Locks with their lines, commands, desired states and compensation stacks. An environment's owner and its line are one row, so its ETag
/// is their fence; what belongs to a rollout is one partition.
/// </summary>
internal sealed class TableCoordination(TableSet tables) : ICoordination
{
    private const string DesiredKey = "desired";
    private const string StackKey = "stack";
    private const string StackProperty = "Stack";
    private const string CommandPrefix = "c";

    // Services' names have no such character, unescaped.
    private const string HubPartition = "^hub";
    private const string HubKey = "hub";
    private const string HubProperty = "Hub";

    private readonly Table _locks = tables.Locks;
    private readonly Table _commands = tables.Commands;

    public Task<LockState> AcquireLockAsync(LockRequest request, CancellationToken cancellationToken) =>
        ChangeLockAsync(
            request.Service,
            request.Environment,
            state => state.Owner is null ? Give(state, request.RolloutId)
                : state.Owner == request.RolloutId || !request.Queue || state.Waiting.Contains(request.RolloutId) ? state
                // By arrival here, not by the request's clock: two servers' clocks must not reorder the line.
                : state with { Waiting = [.. state.Waiting, request.RolloutId] },
            cancellationToken);

    public async Task<string?> ReleaseLockAsync(string service, string environment, string rolloutId, CancellationToken cancellationToken) =>
        (await ChangeLockAsync(
            service,
            environment,
            state => state.Owner == rolloutId ? Give(state, state.Waiting.FirstOrDefault(w => w != rolloutId))
                : state.Waiting.Contains(rolloutId) ? state with { Waiting = [.. state.Waiting.Where(w => w != rolloutId)] }
                : state,
            cancellationToken)).Owner;

    public async Task<LockState?> GetLockAsync(string service, string environment, CancellationToken cancellationToken) =>
        (await FindLockAsync(service, environment, cancellationToken))?.To<LockRow>().ToState();

    public async Task<IReadOnlyList<LockState>> ListLocksAsync(CancellationToken cancellationToken) =>
    [
        // A walk through the table: it has a row for each environment that ever was.
        .. (await _locks.QueryAsync($"{nameof(LockRow.IsHeld)} eq true", int.MaxValue, cancellationToken))
            .Select(r => r.To<LockRow>().ToState())
            .OrderBy(l => l.Service, StringComparer.Ordinal)
            .ThenBy(l => l.Environment, StringComparer.Ordinal),
    ];

    public Task<long> AddCommandAsync(Command command, CancellationToken cancellationToken)
    {
        var partition = RowKeys.Text(command.RolloutId);
        var uniqueKey = "k" + RowKeys.Text(command.Key);
        return _commands.RunAsync(async () =>
        {
            // Newest first in the keys, so the first row has the highest number.
            var newest = await _commands.QueryAsync(Commands(partition, after: 0), count: 1, cancellationToken);
            var number = 1 + (newest is [var last] ? last.To<CommandRow>().Number : 0);
            var row = CommandRow.From(command with { Number = number });
            if (await _commands.TryWriteAsync(
                [
                    Change.Add(new TableEntity(partition, uniqueKey) { [nameof(CommandRow.Number)] = number }),
                    Change.Add(Entities.Of(partition, CommandKey(number), row)),
                ],
                cancellationToken))
            {
                return (true, number);
            }

            // Either this was said before, or another command took the number.
            var before = await _commands.FindAsync(partition, uniqueKey, cancellationToken);
            return (before is not null, before?.GetInt64(nameof(CommandRow.Number)) ?? 0);
        }, cancellationToken);
    }

    public async Task<IReadOnlyList<Command>> ReadCommandsAsync(string rolloutId, long after, CancellationToken cancellationToken)
    {
        var rows = await _commands.QueryAsync(Commands(RowKeys.Text(rolloutId), after), int.MaxValue, cancellationToken);
        rows.Reverse();
        return [.. rows.Select(r => r.To<CommandRow>().ToCommand())];
    }

    public Task<string> ClaimHubAsync(string hub, bool replace, CancellationToken cancellationToken) =>
        _locks.RunAsync(async () =>
        {
            var read = await _locks.FindAsync(HubPartition, HubKey, cancellationToken);
            if (read?.GetString(HubProperty) is { } kept && (kept == hub || !replace))
            {
                return (true, kept);
            }

            var row = new TableEntity(HubPartition, HubKey) { [HubProperty] = hub };
            return (await _locks.TryWriteAsync([Change.Put(row, read)], cancellationToken), hub);
        }, cancellationToken);

    public Task SetDesiredStateAsync(string rolloutId, DesiredState state, CancellationToken cancellationToken) =>
        _commands.TryWriteAsync(
            [Change.Overwrite(new TableEntity(RowKeys.Text(rolloutId), DesiredKey) { ["State"] = Stored<DesiredState>.Name(state) })], cancellationToken);

    public async Task<DesiredState> GetDesiredStateAsync(string rolloutId, CancellationToken cancellationToken) =>
        (await _commands.FindAsync(RowKeys.Text(rolloutId), DesiredKey, cancellationToken))?.GetString("State") is { } state
            ? Stored<DesiredState>.Value(state)
            : DesiredState.Run;

    public Task PutStackAsync(string rolloutId, string? json, CancellationToken cancellationToken)
    {
        var partition = RowKeys.Text(rolloutId);
        if (json is null)
        {
            // None to remove is as good.
            return _commands.TryWriteAsync([Change.Remove(partition, StackKey)], cancellationToken);
        }

        var entity = new TableEntity(partition, StackKey);
        entity.SetText(StackProperty, json);
        return _commands.TryWriteAsync([Change.Overwrite(entity)], cancellationToken);
    }

    public async Task<string?> GetStackAsync(string rolloutId, CancellationToken cancellationToken) =>
        (await _commands.FindAsync(RowKeys.Text(rolloutId), StackKey, cancellationToken))?.GetText(StackProperty);

    /// <summary>Changes a lock; an unchanged state is not written.</summary>
    private Task<LockState> ChangeLockAsync(string service, string environment, Func<LockState, LockState> change, CancellationToken cancellationToken) =>
        _locks.RunAsync(async () =>
        {
            var read = await FindLockAsync(service, environment, cancellationToken);
            var before = read?.To<LockRow>().ToState() ?? new LockState(service, environment, null, 0, []);
            var after = change(before);
            return (
                ReferenceEquals(after, before) || await _locks.TryWriteAsync(
                    [Change.Put(Entities.Of(RowKeys.Text(service), RowKeys.Text(environment), LockRow.From(after)), read)], cancellationToken),
                after);
        }, cancellationToken);

    private Task<TableEntity?> FindLockAsync(string service, string environment, CancellationToken cancellationToken) =>
        _locks.FindAsync(RowKeys.Text(service), RowKeys.Text(environment), cancellationToken);

    /// <summary>Hands the lock over, or frees it for null. Each owner has a number of its own.</summary>
    private static LockState Give(LockState state, string? owner) =>
        state with { Owner = owner, Number = state.Number + (owner is null ? 0 : 1), Waiting = [.. state.Waiting.Where(w => w != owner)] };

    private static string CommandKey(long number) => CommandPrefix + RowKeys.NumberDown(number);

    private static string Commands(string partition, long after) =>
        new RowFilter(partition).From(CommandPrefix).Before(CommandKey(after)).ToString();

    private sealed class LockRow
    {
        public string Service { get; init; } = "";

        public string Environment { get; init; } = "";

        public string? Owner { get; init; }

        public bool IsHeld { get; init; }

        public long Number { get; init; }

        public string Waiting { get; init; } = "";

        public static LockRow From(LockState state) => new()
        {
            Service = state.Service,
            Environment = state.Environment,
            Owner = state.Owner,
            IsHeld = state.Owner is not null,
            Number = state.Number,
            Waiting = Stored.Json(state.Waiting),
        };

        public LockState ToState() => new(Service, Environment, Owner, Number, Stored.List(Waiting));
    }
}
