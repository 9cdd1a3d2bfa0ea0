using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>Events of deployments, and the audit trail.</summary>
internal sealed class EventLog(Database database) : IEventLog
{
    private const int VerifyBatch = 1000;

    public Task AppendAsync(DeploymentEvent item, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            $"""
            INSERT INTO deployment_events (key, rollout_id, service, environment, type, at, message, data)
            VALUES (@Key, @RolloutId, @Service, @Environment, @Type, {database.Dialect.ToInstant("@At")}, @Message,
                    {database.Dialect.ToJson("@Data")})
            ON CONFLICT (key) DO NOTHING
            """,
            EventRow.From(item),
            cancellationToken);

    public async Task<Page<DeploymentEvent>> ListAsync(EventQuery query, CancellationToken cancellationToken)
    {
        var dialect = database.Dialect;
        var (list, order, beyond) = query.RolloutId is null ? ("events", "DESC", "<") : ("rollout-events", "ASC", ">");
        var cursor = Cursor.Read(list, query.Cursor);
        var limit = Cursor.Clamp(query.Limit);
        var where = new Filter()
            .And(query.RolloutId is not null, "rollout_id = @RolloutId")
            .And(query.Service is not null, "service = @Service")
            .And(query.Environment is not null, "environment = @Environment")
            .And(query.Type is not null, "type = @Type")
            .And(query.Text is not null, $@"(message {dialect.Like} @Text ESCAPE '\' OR CAST(data AS text) {dialect.Like} @Text ESCAPE '\')")
            .And(query.From is not null, $"at >= {dialect.ToInstant("@From")}")
            .And(query.To is not null, $"at < {dialect.ToInstant("@To")}")
            .And(cursor is not null, $"(at, number) {beyond} ({dialect.ToInstant("@CursorAt")}, @CursorNumber)");
        var rows = await database.QueryAsync<EventRow>(
            $"""
            SELECT number AS Number, key AS Key, rollout_id AS RolloutId, service AS Service, environment AS Environment, type AS Type,
                   {dialect.FromInstant("at")} AS At, message AS Message, CAST(data AS text) AS Data
            FROM deployment_events {where} ORDER BY at {order}, number {order} LIMIT @Rows
            """,
            new
            {
                query.RolloutId,
                query.Service,
                query.Environment,
                query.Type,
                Text = query.Text is null ? null : Filter.Containing(query.Text),
                From = Stored.Ms(query.From),
                To = Stored.Ms(query.To),
                CursorAt = cursor?.At,
                CursorNumber = cursor?.Number,
                Rows = limit + 1,
            },
            cancellationToken);
        return Cursor.Page(rows, limit, r => r.ToEvent(), r => new Cursor(list, r.At, r.Number.ToString()));
    }

    public Task AuditAsync(AuditEntry entry, CancellationToken cancellationToken) =>
        database.WriteAsync(async session =>
        {
            // The chain has one end: entries are written one after the other.
            await database.Dialect.SerializeAsync(session, "audit");
            var head = (await session.FindAsync<AuditHead>("SELECT number AS Number, hash AS Hash FROM audit_head"))!;
            var row = AuditRow.After(head, entry);
            await session.ExecuteAsync(
                $"""
                INSERT INTO audit (number, at, actor, action, subject, detail, result, hash)
                VALUES (@Number, {database.Dialect.ToInstant("@At")}, @Actor, @Action, @Subject, @Detail, @Result, @Hash)
                """,
                row);
            return await session.ExecuteAsync("UPDATE audit_head SET number = @Number, hash = @Hash", row);
        }, cancellationToken);

    public async Task<Page<AuditEntry>> ListAuditAsync(int limit, string? cursor, CancellationToken cancellationToken)
    {
        var after = Cursor.Read("audit", cursor);
        limit = Cursor.Clamp(limit);
        var where = new Filter().And(after is not null, "number < @Number");
        var rows = await AuditAsync($"{where} ORDER BY number DESC LIMIT @Rows", after?.Number, limit + 1, cancellationToken);
        return Cursor.Page(rows, limit, r => r.ToEntry(), r => new Cursor("audit", r.At, r.Number.ToString()));
    }

    public async Task<long?> VerifyAuditAsync(CancellationToken cancellationToken)
    {
        // Entries are only ever added behind the head read first, so what is written meanwhile is not looked at.
        var head = await database.FindAsync<AuditHead>("SELECT number AS Number, hash AS Hash FROM audit_head", null, cancellationToken);
        return await AuditChain.FirstBrokenAsync(
            head, after => AuditAsync("WHERE number > @Number ORDER BY number LIMIT @Rows", after, VerifyBatch, cancellationToken));
    }

    public Task<int> PurgeEventsAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            $"DELETE FROM deployment_events WHERE at < {database.Dialect.ToInstant("@before")}", new { before = Stored.Ms(before) }, cancellationToken);

    private Task<IReadOnlyList<AuditRow>> AuditAsync(string rest, long? number, int rows, CancellationToken cancellationToken) =>
        database.QueryAsync<AuditRow>(
            $"""
            SELECT number AS Number, {database.Dialect.FromInstant("at")} AS At, actor AS Actor, action AS Action,
                   subject AS Subject, detail AS Detail, result AS Result, hash AS Hash
            FROM audit {rest}
            """,
            new { Number = number, Rows = rows },
            cancellationToken);
}
