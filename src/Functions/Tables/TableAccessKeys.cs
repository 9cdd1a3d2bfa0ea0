using Sluice.Orchestration.Ports;
using Sluice.Registry;

namespace Sluice.Functions.Tables;

/// <summary>Who may call: a row under the name and one under the hash, written together, so that neither is ever given twice.</summary>
internal sealed class TableAccessKeys(Table table) : IAccessKeys
{
    private const string Partition = "keys";
    private const string NamePrefix = "n";

    public Task<bool> AddAsync(AccessKey key, CancellationToken cancellationToken)
    {
        var row = AccessKeyRow.From(key);
        return table.TryWriteAsync(
            [Change.Add(Entities.Of(Partition, NameKey(row.Name), row)), Change.Add(Entities.Of(Partition, HashKey(row.Sha256), row))],
            cancellationToken);
    }

    public async Task<AccessKey?> FindAsync(string sha256, CancellationToken cancellationToken) =>
        (await table.FindAsync(Partition, HashKey(sha256), cancellationToken))?.To<AccessKeyRow>().ToKey();

    public async Task<IReadOnlyList<AccessKey>> ListAsync(CancellationToken cancellationToken)
    {
        var filter = new RowFilter(Partition).From(NamePrefix).Before("o").ToString();
        return
        [
            .. (await table.QueryAsync(filter, int.MaxValue, cancellationToken))
                .Select(r => r.To<AccessKeyRow>().ToKey())
                .OrderBy(k => k.Name, StringComparer.Ordinal),
        ];
    }

    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken) =>
        table.RunAsync(async () =>
        {
            var read = await table.FindAsync(Partition, NameKey(name), cancellationToken);
            return read is null
                ? (true, false)
                : (await table.TryWriteAsync(
                    [Change.Remove(read), Change.Remove(Partition, HashKey(read.To<AccessKeyRow>().Sha256))], cancellationToken), true);
        }, cancellationToken);

    private static string NameKey(string name) => NamePrefix + RowKeys.Text(name);

    private static string HashKey(string sha256) => "h" + RowKeys.Text(sha256);
}
