using System.Text.Json;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Store;

/// <summary>The limits of the schedules, one for each kind at most. They outlive the process, and hold for every process of a host.</summary>
/// <param name="store">The catalogue.</param>
public sealed class SyncLimits(CatalogStore store)
{
    private readonly string _s = store.Database.Schema;

    /// <summary>The limits now.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<IReadOnlyList<SyncLimit>> ReadAsync(CancellationToken cancellationToken) => store.Database.UseAsync<IReadOnlyList<SyncLimit>>(
        async connection =>
        {
            List<SyncLimit> limits = [];
            await using var command = connection.Command($"SELECT kind, enabled, interval_hours, sources, set_by, set_at, reason FROM {_s}sync_limit ORDER BY kind");
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                limits.Add(new SyncLimit(
                    row.GetString(0),
                    row.GetInt64(1) != 0,
                    row.IsDBNull(2) ? null : row.GetInt32(2),
                    row.IsDBNull(3) ? null : JsonSerializer.Deserialize(row.GetString(3), CatalogJson.Default.IReadOnlyListString),
                    row.GetString(4),
                    DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
                    row.IsDBNull(6) ? null : row.GetString(6)));
            }

            return limits;
        },
        cancellationToken);

    /// <summary>Puts a limit in the place of the one of its kind; one that limits nothing takes that away.</summary>
    /// <exception cref="CatalogStoreException">The database failed; nothing was written.</exception>
    public Task SetAsync(SyncLimit limit, CancellationToken cancellationToken) => store.Database.UseAsync(
        async connection =>
        {
            await using var command = limit.Limits
                ? connection.Command(
                    $"""
                    INSERT INTO {_s}sync_limit (kind, enabled, interval_hours, sources, set_by, set_at, reason)
                    VALUES (@kind, @enabled, @hours, @sources, @by, @at, @reason)
                    ON CONFLICT (kind) DO UPDATE SET enabled = excluded.enabled, interval_hours = excluded.interval_hours, sources = excluded.sources,
                        set_by = excluded.set_by, set_at = excluded.set_at, reason = excluded.reason
                    """,
                    ("@kind", limit.Kind),
                    ("@enabled", limit.Enabled ? 1L : 0L),
                    ("@hours", (long?)limit.IntervalHours),
                    ("@sources", limit.Sources is null ? null : JsonSerializer.Serialize(limit.Sources, CatalogJson.Default.IReadOnlyListString)),
                    ("@by", limit.SetBy),
                    ("@at", limit.SetAt.ToUnixTimeMilliseconds()),
                    ("@reason", limit.Reason))
                : connection.Command($"DELETE FROM {_s}sync_limit WHERE kind = @kind", ("@kind", limit.Kind));
            return await command.ExecuteNonQueryAsync(cancellationToken);
        },
        cancellationToken);
}
