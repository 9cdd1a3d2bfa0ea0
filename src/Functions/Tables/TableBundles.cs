using System.IO.Compression;
using Azure.Data.Tables;
using Sluice.Domain.Plans;
using Sluice.Registry;

namespace Sluice.Functions.Tables;

/// <summary>
/// Bundles, each a partition named by its hash: the compressed bytes cut into rows of 64 KiB, the most that one property holds. They are
/// written in one transaction (4 MiB, and a bundle is 1 MiB before it is compressed), so a bundle is there whole or not at all.
/// </summary>
internal sealed class TableBundles(Table table, TableFaults faults)
{
    private const string BytesProperty = "Bytes";
    private const int MaxProperty = 64 * 1024;

    public async Task<string> PutAsync(Bundle bundle, CancellationToken cancellationToken)
    {
        var bytes = BundleBytes.Write(bundle);
        var hash = BundleBytes.Hash(bytes);
        var rows = Compress(bytes).Chunk(MaxProperty).Select((chunk, i) => new TableEntity(hash, i.ToString("D3")) { [BytesProperty] = chunk });
        await table.TryWriteAsync([.. rows.Select(Change.Add)], cancellationToken);
        return hash;
    }

    public async Task<Bundle?> GetAsync(string hash, CancellationToken cancellationToken)
    {
        var rows = await table.QueryAsync(new RowFilter(RowKeys.Text(hash)).ToString(), int.MaxValue, cancellationToken);
        if (rows.Count == 0)
        {
            return null;
        }

        var bytes = Decompress([.. rows.SelectMany(r => r.GetBinary(BytesProperty) ?? [])]);
        return bytes is not null && BundleBytes.Hash(bytes) == hash
            ? BundleBytes.Read(bytes)
            : throw faults.Corrupt($"the bundle {hash} no longer has this hash: its rows were changed.");
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    /// <summary>The bytes, or null when these are none that we wrote.</summary>
    private static byte[]? Decompress(byte[] bytes)
    {
        try
        {
            using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            using var stream = new MemoryStream();
            gzip.CopyTo(stream);
            return stream.ToArray();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
