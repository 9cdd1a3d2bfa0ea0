using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Registry;
using Sluice.Registry.Storage;

namespace Sluice.Functions.Tables;

/// <summary>
/// Rollouts: one row under the id, whose ETag is the fence, and a copy in the list, newest first. Both are written together. Times order
/// the list; service, environment and phase are compared by the server as it walks.
/// </summary>
internal sealed class TableRollouts(Table table)
{
    private const string Partition = "rollouts";
    private const string ListPrefix = "t";

    public Task<RolloutRecord> AddAsync(RolloutRecord rollout, CancellationToken cancellationToken)
    {
        var row = RolloutRow.From(rollout);
        return table.RunAsync(async () =>
        {
            if (await table.TryWriteAsync(
                [Change.Add(Entities.Of(Partition, IdKey(row.Id), row)), Change.Add(Entities.Of(Partition, ListKey(row.CreatedAt, row.Id), row))],
                cancellationToken))
            {
                return (true, row.ToRecord());
            }

            var there = await GetAsync(row.Id, cancellationToken);
            return (there is not null, there!);
        }, cancellationToken);
    }

    public async Task<RolloutRecord?> GetAsync(string id, CancellationToken cancellationToken) =>
        (await table.FindAsync(Partition, IdKey(id), cancellationToken))?.To<RolloutRow>().ToRecord();

    public async Task<Page<RolloutRecord>> ListAsync(RolloutQuery query, CancellationToken cancellationToken)
    {
        var cursor = Cursor.Read("rollouts", query.Cursor);
        var limit = Cursor.Clamp(query.Limit);
        var filter = new RowFilter(Partition)
            .From(ListPrefix)
            .Before(RowKeys.Behind(ListPrefix))
            .After(cursor is null ? null : ListKey(cursor.At, cursor.Id))
            .Equal(nameof(RolloutRow.Service), query.Service)
            .Equal(nameof(RolloutRow.Environment), query.Environment)
            .Equal(nameof(RolloutRow.Phase), query.Phase is { } phase ? Stored<Phase>.Name(phase) : null);
        var rows = await table.QueryAsync(filter.ToString(), limit + 1, cancellationToken);
        return Cursor.Page([.. rows.Select(r => r.To<RolloutRow>())], limit, r => r.ToRecord(), r => new Cursor("rollouts", r.CreatedAt, r.Id));
    }

    public Task SetStatusAsync(string id, long sequence, RolloutStatus status, CancellationToken cancellationToken) =>
        table.RunAsync(async () =>
        {
            var read = await table.FindAsync(Partition, IdKey(id), cancellationToken);
            if (read?.To<RolloutRow>() is not { } row || row.StatusSequence > sequence)
            {
                return (true, false);
            }

            var next = row with { Phase = Stored<Phase>.Name(status.Phase), StatusJson = DurableJson.Write(status), StatusSequence = sequence };
            var written = await table.TryWriteAsync(
                [
                    Change.Replace(Entities.Of(Partition, IdKey(id), next), read),
                    Change.Overwrite(Entities.Of(Partition, ListKey(row.CreatedAt, id), next)),
                ],
                cancellationToken);
            return (written, written);
        }, cancellationToken);

    private static string IdKey(string id) => "i" + RowKeys.Text(id);

    private static string ListKey(long createdAt, string id) => ListPrefix + RowKeys.Descending(createdAt) + RowKeys.IdDown(id);
}
