using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>Locks with their lines, commands, desired states and compensation stacks.</summary>
internal sealed class Coordination(Database database) : ICoordination
{
    public Task<LockState> AcquireLockAsync(LockRequest request, CancellationToken cancellationToken) =>
        database.WriteAsync(async session =>
        {
            var key = new { request.Service, request.Environment };
            await SerializeAsync(session, request.Service, request.Environment);
            await session.ExecuteAsync(
                "INSERT INTO locks (service, environment, owner, number) VALUES (@Service, @Environment, NULL, 0) ON CONFLICT DO NOTHING", key);
            var owner = await OwnerAsync(session, request.Service, request.Environment);
            if (owner is null)
            {
                await GiveAsync(session, request.Service, request.Environment, request.RolloutId);
            }
            else if (owner != request.RolloutId && request.Queue)
            {
                // By arrival here, not by the request's clock: two servers' clocks must not reorder the line.
                await session.ExecuteAsync(
                    $"""
                    INSERT INTO lock_queue (service, environment, rollout_id, place, requested_at)
                    SELECT @Service, @Environment, @RolloutId, COALESCE(MAX(place), 0) + 1, {database.Dialect.ToInstant("@At")}
                    FROM lock_queue WHERE service = @Service AND environment = @Environment
                    ON CONFLICT DO NOTHING
                    """,
                    new { request.Service, request.Environment, request.RolloutId, At = Stored.Ms(request.At) });
            }

            return (await StateAsync(session, request.Service, request.Environment))!;
        }, cancellationToken);

    public Task<string?> ReleaseLockAsync(string service, string environment, string rolloutId, CancellationToken cancellationToken) =>
        database.WriteAsync(async session =>
        {
            await SerializeAsync(session, service, environment);
            await session.ExecuteAsync(
                "DELETE FROM lock_queue WHERE service = @service AND environment = @environment AND rollout_id = @rolloutId",
                new { service, environment, rolloutId });
            if (await OwnerAsync(session, service, environment) == rolloutId)
            {
                await GiveAsync(session, service, environment, await FirstInLineAsync(session, service, environment));
            }

            return await OwnerAsync(session, service, environment);
        }, cancellationToken);

    public Task<LockState?> GetLockAsync(string service, string environment, CancellationToken cancellationToken) =>
        database.ReadAsync(session => StateAsync(session, service, environment), cancellationToken);

    public Task<IReadOnlyList<LockState>> ListLocksAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<LockState>>(async session =>
        {
            // One statement, so that an owner and its line are of the same moment.
            var rows = await session.QueryAsync<LockRow>(
                """
                SELECT l.service AS Service, l.environment AS Environment, l.owner AS Owner, l.number AS Number, q.rollout_id AS Waiting
                FROM locks l LEFT JOIN lock_queue q ON q.service = l.service AND q.environment = l.environment
                WHERE l.owner IS NOT NULL ORDER BY l.service, l.environment, q.place
                """);
            return [.. rows.GroupBy(r => (r.Service, r.Environment)).Select(State)];
        }, cancellationToken);

    public Task<long> AddCommandAsync(Command command, CancellationToken cancellationToken) =>
        database.WriteAsync(async session =>
        {
            var key = new { command.RolloutId, command.Key };
            await database.Dialect.SerializeAsync(session, $"command {command.RolloutId}");
            await session.ExecuteAsync(
                $"""
                INSERT INTO commands (rollout_id, number, key, kind, actor, entered_for, actor_groups, reason, at, details)
                SELECT @RolloutId, COALESCE(MAX(number), 0) + 1, @Key, @Kind, @Actor, @EnteredFor,
                       {database.Dialect.ToJson("@ActorGroups")}, @Reason, {database.Dialect.ToInstant("@At")}, @Details
                FROM commands WHERE rollout_id = @RolloutId
                ON CONFLICT DO NOTHING
                """,
                CommandRow.From(command));
            return await session.FindAsync<long>("SELECT number FROM commands WHERE rollout_id = @RolloutId AND key = @Key", key);
        }, cancellationToken);

    public async Task<IReadOnlyList<Command>> ReadCommandsAsync(string rolloutId, long after, CancellationToken cancellationToken) =>
    [
        .. (await database.QueryAsync<CommandRow>(
            $"""
            SELECT rollout_id AS RolloutId, number AS Number, key AS Key, kind AS Kind, actor AS Actor, entered_for AS EnteredFor,
                   CAST(actor_groups AS text) AS ActorGroups, reason AS Reason, {database.Dialect.FromInstant("at")} AS At, details AS Details
            FROM commands WHERE rollout_id = @rolloutId AND number > @after ORDER BY number
            """,
            new { rolloutId, after },
            cancellationToken)).Select(r => r.ToCommand()),
    ];

    public Task SetDesiredStateAsync(string rolloutId, DesiredState state, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            "INSERT INTO desired_state (rollout_id, state) VALUES (@rolloutId, @state) ON CONFLICT (rollout_id) DO UPDATE SET state = excluded.state",
            new { rolloutId, state = Stored<DesiredState>.Name(state) },
            cancellationToken);

    public async Task<DesiredState> GetDesiredStateAsync(string rolloutId, CancellationToken cancellationToken) =>
        await database.FindAsync<string>("SELECT state FROM desired_state WHERE rollout_id = @rolloutId", new { rolloutId }, cancellationToken)
            is { } state
            ? Stored<DesiredState>.Value(state)
            : DesiredState.Run;

    public Task PutStackAsync(string rolloutId, string? json, CancellationToken cancellationToken) => json is null
        ? database.ExecuteAsync("DELETE FROM compensation_stacks WHERE rollout_id = @rolloutId", new { rolloutId }, cancellationToken)
        : database.ExecuteAsync(
            """
            INSERT INTO compensation_stacks (rollout_id, stack) VALUES (@rolloutId, @json)
            ON CONFLICT (rollout_id) DO UPDATE SET stack = excluded.stack
            """,
            new { rolloutId, json },
            cancellationToken);

    public Task<string?> GetStackAsync(string rolloutId, CancellationToken cancellationToken) =>
        database.FindAsync<string>("SELECT stack FROM compensation_stacks WHERE rollout_id = @rolloutId", new { rolloutId }, cancellationToken);

    public Task<string> ClaimHubAsync(string hub, bool replace, CancellationToken cancellationToken) =>
        database.WriteAsync(async session =>
        {
            await database.Dialect.SerializeAsync(session, "hub");
            var kept = await session.FindAsync<string>("SELECT name FROM task_hub");
            if (kept is not null && (kept == hub || !replace))
            {
                return kept;
            }

            await session.ExecuteAsync("DELETE FROM task_hub");
            await session.ExecuteAsync("INSERT INTO task_hub (name) VALUES (@hub)", new { hub });
            return hub;
        }, cancellationToken);

    private Task SerializeAsync(Session session, string service, string environment) =>
        database.Dialect.SerializeAsync(session, $"lock {service} {environment}");

    private static Task<string?> OwnerAsync(Session session, string service, string environment) =>
        session.FindAsync<string>(
            "SELECT owner FROM locks WHERE service = @service AND environment = @environment", new { service, environment });

    private static Task<string?> FirstInLineAsync(Session session, string service, string environment) =>
        session.FindAsync<string>(
            "SELECT rollout_id FROM lock_queue WHERE service = @service AND environment = @environment ORDER BY place LIMIT 1",
            new { service, environment });

    /// <summary>Hands the lock over, or frees it for null. Each owner has a number of its own.</summary>
    private static async Task GiveAsync(Session session, string service, string environment, string? owner)
    {
        await session.ExecuteAsync(
            """
            UPDATE locks SET owner = @owner, number = number + CASE WHEN @owner IS NULL THEN 0 ELSE 1 END
            WHERE service = @service AND environment = @environment
            """,
            new { service, environment, owner });
        await session.ExecuteAsync(
            "DELETE FROM lock_queue WHERE service = @service AND environment = @environment AND rollout_id = @owner",
            new { service, environment, owner });
    }

    private static async Task<LockState?> StateAsync(Session session, string service, string environment)
    {
        var rows = await session.QueryAsync<LockRow>(
            """
            SELECT l.service AS Service, l.environment AS Environment, l.owner AS Owner, l.number AS Number, q.rollout_id AS Waiting
            FROM locks l LEFT JOIN lock_queue q ON q.service = l.service AND q.environment = l.environment
            WHERE l.service = @service AND l.environment = @environment ORDER BY q.place
            """,
            new { service, environment });
        return rows.Count == 0 ? null : State(rows);
    }

    private static LockState State(IEnumerable<LockRow> rows)
    {
        var first = rows.First();
        return new(first.Service, first.Environment, first.Owner, first.Number, [.. rows.Select(r => r.Waiting).OfType<string>()]);
    }

    private sealed class LockRow
    {
        public string Service { get; init; } = "";

        public string Environment { get; init; } = "";

        public string? Owner { get; init; }

        public long Number { get; init; }

        public string? Waiting { get; init; }
    }
}
