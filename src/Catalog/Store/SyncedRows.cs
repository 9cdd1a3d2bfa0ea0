using System.Data.Common;
using System.Text.Json;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Store;

/// <summary>Reads what only syncs write: measurements, price changes, and when which source was last read.</summary>
/// <param name="schema">Prefix of every table, empty or ending in a dot.</param>
internal sealed class SyncedRows(string schema)
{
    private readonly string _measurements = $"""
        SELECT name, effort, intelligence, coding, maths, tokens_per_second, first_token_seconds FROM {schema}benchmark
        WHERE model_key = @key AND missed_runs < {SyncThresholds.MissesUntilHidden} ORDER BY name, aa_id
        """;

    private readonly string _repositories = $"""
        SELECT hf_id, downloads, likes FROM {schema}hf_stat
        WHERE model_key = @key AND missed_runs < {SyncThresholds.MissesUntilHidden} ORDER BY downloads DESC, hf_id
        """;

    private readonly string _priceChanges = $"""
        SELECT changed_at, sync_id, changed_by, old, new FROM {schema}price_history
        WHERE provider_id = @provider AND provider_model_id = @id AND (changed_at, sync_id) < (@at, @sync)
        ORDER BY changed_at DESC, sync_id DESC LIMIT @limit
        """;

    // Also a run that failed: sources that it had merged before then are new to readers.
    private readonly string _generation = $"SELECT id FROM {schema}sync_run WHERE ended_at IS NOT NULL ORDER BY ended_at DESC, id DESC LIMIT 1";

    private readonly string _sources = $"""
        SELECT s.source, s.status, s.ended_at,
            (SELECT max(g.ended_at) FROM {schema}sync_source_run g WHERE g.source = s.source AND g.status <> '{SyncStatuses.Failed}')
        FROM {schema}sync_source_run s
        WHERE s.ended_at = (SELECT max(l.ended_at) FROM {schema}sync_source_run l WHERE l.source = s.source)
        ORDER BY s.source, s.sync_id
        """;

    public Task<IReadOnlyList<Measurement>> ListMeasurementsAsync(DbConnection connection, string key, CancellationToken cancellationToken) =>
        ReadAsync(
            connection,
            _measurements,
            [("@key", key)],
            row => new Measurement(
                row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), Number(row, 2), Number(row, 3), Number(row, 4), Number(row, 5), Number(row, 6)),
            cancellationToken);

    public Task<IReadOnlyList<Repository>> ListRepositoriesAsync(DbConnection connection, string key, CancellationToken cancellationToken) =>
        ReadAsync(connection, _repositories, [("@key", key)], row => new Repository(row.GetString(0), row.GetInt64(1), row.GetInt64(2)), cancellationToken);

    public Task<IReadOnlyList<PriceChange>> ListPriceChangesAsync(
        DbConnection connection, OfferId id, PriceChangePosition? after, int limit, CancellationToken cancellationToken) =>
        ReadAsync(
            connection,
            _priceChanges,
            [
                ("@provider", id.Provider), ("@id", id.ModelId), ("@at", after?.At.ToUnixTimeMilliseconds() ?? long.MaxValue),
                ("@sync", after?.SyncId ?? ""), ("@limit", (long)limit),
            ],
            row => new PriceChange(
                new PriceChangePosition(DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0)), row.GetString(1)),
                row.GetString(2),
                Price(row, 3),
                Price(row, 4)),
            cancellationToken);

    public async Task<string> ReadGenerationAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.Command(_generation);
        return await command.ExecuteScalarAsync(cancellationToken) as string ?? "";
    }

    public async Task<IReadOnlyList<SourceStanding>> ListSourcesAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var rows = await ReadAsync(
            connection,
            _sources,
            [],
            row => new SourceStanding(
                row.GetString(0),
                row.GetString(1),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
                row.IsDBNull(3) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3))),
            cancellationToken);
        return [.. rows.DistinctBy(source => source.Source)];
    }

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(
        DbConnection connection, string sql, (string Name, object? Value)[] parameters, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using var command = connection.Command(sql, parameters);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            rows.Add(read(row));
        }

        return rows;
    }

    private static decimal? Number(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDecimal(column);

    private static Pricing Price(DbDataReader row, int column) => JsonSerializer.Deserialize(row.GetString(column), CatalogJson.Default.Pricing)!.Normalize();
}
