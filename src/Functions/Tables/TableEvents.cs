using System.Globalization;
using Azure.Data.Tables;
using Sluice.Orchestration.Ports;
using Sluice.Registry;
using Sluice.Registry.Storage;

namespace Sluice.Functions.Tables;

/// <summary>
/// Events: three rows of one partition for each, written together. One under its key, which makes a repeated event the same event; one
/// in the list of all, newest first; one in the story of its rollout, oldest first.
/// </summary>
/// <remarks>
/// Times narrow the range of keys. Service, environment and type are compared by the server as it walks that range, so a rare one costs a
/// walk through what retention has left. Text is searched for here, because the service cannot: a call looks at
/// <see cref="MaxSearched"/> events at most, and its page may then be short, or empty, with a cursor to go on from.
/// </remarks>
internal sealed class TableEvents(Table table, TableAudit audit) : IEventLog
{
    private const string Partition = "events";
    private const string NewestPrefix = "a";
    private const int RowsOfOne = 3;

    /// <summary>How many events one call looks through for a text.</summary>
    public int MaxSearched { get; init; } = 10_000;

    public async Task AppendAsync(DeploymentEvent item, CancellationToken cancellationToken)
    {
        var row = EventRow.From(item);
        await table.TryWriteAsync(
            [
                Change.Add(new TableEntity(Partition, UniqueKey(row))),
                Change.Add(Entities.Of(Partition, NewestKey(row.At, row.Key), row)),
                Change.Add(Entities.Of(Partition, StoryKey(row.RolloutId, row.At, row.Key), row)),
            ],
            cancellationToken);
    }

    public async Task<Page<DeploymentEvent>> ListAsync(EventQuery query, CancellationToken cancellationToken)
    {
        var list = query.RolloutId is null ? "events" : "rollout-events";
        var cursor = Cursor.Read(list, query.Cursor);
        var limit = Cursor.Clamp(query.Limit);
        var filter = Range(query)
            .After(cursor is null ? null : Key(query.RolloutId, cursor.At, cursor.Id))
            .Equal(nameof(EventRow.Service), query.Service)
            .Equal(nameof(EventRow.Environment), query.Environment)
            .Equal(nameof(EventRow.Type), query.Type)
            .ToString();
        if (query.Text is null)
        {
            var rows = await table.QueryAsync(filter, limit + 1, cancellationToken);
            return Cursor.Page([.. rows.Select(r => r.To<EventRow>())], limit, r => r.ToEvent(), r => new Cursor(list, r.At, r.Key));
        }

        var found = new List<DeploymentEvent>();
        EventRow? last = null;
        var searched = 0;
        await foreach (var entity in table.ReadAsync(filter, cancellationToken: cancellationToken))
        {
            if (found.Count == limit || searched == MaxSearched)
            {
                return new(found, new Cursor(list, last!.At, last.Key).ToString());
            }

            searched++;
            last = entity.To<EventRow>();
            if (Holds(last.Message, query.Text) || Holds(last.Data, query.Text))
            {
                found.Add(last.ToEvent());
            }
        }

        return new(found, null);
    }

    public Task AuditAsync(AuditEntry entry, CancellationToken cancellationToken) => audit.AddAsync(entry, cancellationToken);

    public Task<Page<AuditEntry>> ListAuditAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        audit.ListAsync(limit, cursor, cancellationToken);

    public Task<long?> VerifyAuditAsync(CancellationToken cancellationToken) => audit.VerifyAsync(cancellationToken);

    public async Task<int> PurgeEventsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var filter = Range(new(To: before)).ToString();
        var purged = 0;
        while (await table.QueryAsync(filter, Table.MaxChanges / RowsOfOne, cancellationToken) is { Count: > 0 } old)
        {
            var rows = old.ConvertAll(r => r.To<EventRow>());
            if (await table.TryWriteAsync([.. rows.SelectMany(Removal)], cancellationToken))
            {
                purged += rows.Count;
                continue;
            }

            // Another purge has some of these, or a row was removed by hand: one by one, whatever is left.
            foreach (var change in rows.SelectMany(Removal))
            {
                var removed = await table.TryWriteAsync([change], cancellationToken);
                purged += removed && change.Entity.RowKey.StartsWith(NewestPrefix, StringComparison.Ordinal) ? 1 : 0;
            }
        }

        return purged;
    }

    private static TableTransactionAction[] Removal(EventRow row) =>
    [
        Change.Remove(Partition, UniqueKey(row)),
        Change.Remove(Partition, NewestKey(row.At, row.Key)),
        Change.Remove(Partition, StoryKey(row.RolloutId, row.At, row.Key)),
    ];

    /// <summary>The keys of a list between the query's times.</summary>
    private static RowFilter Range(EventQuery query)
    {
        var (from, to) = (Stored.Ms(query.From), Stored.Ms(query.To));
        var prefix = query.RolloutId is null ? NewestPrefix : StoryPrefix(query.RolloutId);
        var filter = new RowFilter(Partition).From(prefix).Before(RowKeys.Behind(prefix));
        return query.RolloutId is null
            ? filter.From(EndOf(to)).Before(EndOf(from))
            : filter.From(BeginOf(from)).Before(BeginOf(to));

        string? EndOf(long? at) => at is { } ms ? RowKeys.Behind(prefix + RowKeys.Descending(ms)) : null;

        string? BeginOf(long? at) => at is { } ms ? prefix + RowKeys.Ascending(ms) : null;
    }

    private static string StoryPrefix(string rolloutId) => "r" + RowKeys.Group(rolloutId);

    private static string UniqueKey(EventRow row) => "k" + RowKeys.Text(row.Key);

    private static string Key(string? rolloutId, long at, string key) => rolloutId is null ? NewestKey(at, key) : StoryKey(rolloutId, at, key);

    private static string NewestKey(long at, string key) =>
        NewestPrefix + RowKeys.Descending(at) + RowKeys.NumberDown(Sequence(key)) + RowKeys.Tie(key);

    private static string StoryKey(string rolloutId, long at, string key) =>
        StoryPrefix(rolloutId) + RowKeys.Ascending(at) + RowKeys.Number(Sequence(key)) + RowKeys.Tie(key);

    /// <summary>
    /// Orders events of one millisecond: what follows the <c>#</c> of their key, in the order in which a rollout counts them; what is no
    /// number, such as <c>#end</c>, comes last. Which server wrote first says nothing here.
    /// </summary>
    private static long Sequence(string key) =>
        long.TryParse(key.AsSpan(key.LastIndexOf('#') + 1), NumberStyles.None, null, out var number) ? number : long.MaxValue;

    private static bool Holds(string text, string sought) => text.Contains(sought, StringComparison.OrdinalIgnoreCase);
}
