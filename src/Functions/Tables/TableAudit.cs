using Sluice.Orchestration.Ports;
using Sluice.Registry;
using Sluice.Registry.Storage;

namespace Sluice.Functions.Tables;

/// <summary>
/// The audit trail: entries by their number and the end of the chain in one partition. An entry and the new end are one transaction, on
/// the condition that the end is still the one that the entry's hash was made from. When the answer to a write is lost, the client's own
/// retry finds a newer end, and the entry is written again: twice on a bad day, never not at all.
/// </summary>
internal sealed class TableAudit(Table table, TableFaults faults)
{
    private const string Partition = "audit";
    private const string HeadKey = "head";
    private const string EntryPrefix = "n";
    private const int VerifyBatch = 1000;

    /// <summary>Writes the end of an empty chain, if there is none.</summary>
    public Task BeginAsync(CancellationToken cancellationToken) =>
        table.TryWriteAsync([Change.Add(Entities.Of(Partition, HeadKey, new AuditHead()))], cancellationToken);

    public Task AddAsync(AuditEntry entry, CancellationToken cancellationToken) =>
        table.RunAsync(async () =>
        {
            var read = await table.FindAsync(Partition, HeadKey, cancellationToken) ?? throw HeadIsGone();
            var row = AuditRow.After(read.To<AuditHead>(), entry);
            var head = new AuditHead { Number = row.Number, Hash = row.Hash };
            var written = await table.TryWriteAsync(
                [Change.Replace(Entities.Of(Partition, HeadKey, head), read), Change.Add(Entities.Of(Partition, Key(row.Number), row))],
                cancellationToken);
            return (written, row.Number);
        }, cancellationToken);

    /// <summary>Newest first, by windows of numbers: these have no gaps, so a page needs no more than its own rows.</summary>
    public async Task<Page<AuditEntry>> ListAsync(int limit, string? cursor, CancellationToken cancellationToken)
    {
        limit = Cursor.Clamp(limit);
        var before = Cursor.Read("audit", cursor)?.Number
            ?? (await table.FindAsync(Partition, HeadKey, cancellationToken) ?? throw HeadIsGone()).To<AuditHead>().Number + 1;
        var first = Math.Max(1, before - limit);
        var rows = await table.QueryAsync(
            new RowFilter(Partition).From(Key(first)).Before(Key(before)).ToString(), limit, cancellationToken);
        rows.Reverse();
        return new(
            [.. rows.Select(r => r.To<AuditRow>().ToEntry())],
            first > 1 ? new Cursor("audit", 0, first.ToString()).ToString() : null);
    }

    public async Task<long?> VerifyAsync(CancellationToken cancellationToken)
    {
        // Entries are only ever added behind the head read first, so what is written meanwhile is not looked at.
        var head = await table.FindAsync(Partition, HeadKey, cancellationToken);
        return await AuditChain.FirstBrokenAsync(head?.To<AuditHead>(), async after =>
        [
            .. (await table.QueryAsync(
                new RowFilter(Partition).After(Key(after)).Before(RowKeys.Behind(EntryPrefix)).ToString(), VerifyBatch, cancellationToken))
                .Select(r => r.To<AuditRow>()),
        ]);
    }

    private static string Key(long number) => EntryPrefix + RowKeys.Number(number);

    private RegistryException HeadIsGone() => faults.Corrupt("has lost the end of its audit trail: somebody removed the row. Verify the trail.");
}
