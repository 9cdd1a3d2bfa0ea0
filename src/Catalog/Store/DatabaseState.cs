using System.Data.Common;
using System.Globalization;

namespace Sluice.Catalog.Store;

/// <summary>How the catalogue's database is; what a database does not have, or does not tell this user, is null.</summary>
/// <param name="Offers">Offers that are shown.</param>
/// <param name="PoolBusy">Connections of this process in use.</param>
/// <param name="PoolLimit">Most that it opens.</param>
/// <param name="Connections">Connections of everybody to the server.</param>
/// <param name="ConnectionLimit">Most that the server takes.</param>
/// <param name="Replicas">Standbys that this primary sends to.</param>
/// <param name="ReplicationLag">How far a standby is behind: this one, or the last of a primary's.</param>
public sealed record DatabaseState(
    long Offers, int? PoolBusy, int? PoolLimit, long? Connections, long? ConnectionLimit, long? Replicas, TimeSpan? ReplicationLag)
{
    // A standby that has replayed all that it received lags by nothing, however long ago that was; one that has replayed nothing since it started
    // knows of no commit.
    private const string Server = """
        SELECT (SELECT sum(numbackends) FROM pg_stat_database)::bigint, current_setting('max_connections')::bigint,
            CASE WHEN pg_is_in_recovery() THEN NULL ELSE (SELECT count(*) FROM pg_stat_replication) END,
            CASE WHEN NOT pg_is_in_recovery() THEN (SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication)
                WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                ELSE extract(epoch FROM now() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())) END::double precision
        """;

    internal static async Task<DatabaseState> ReadAsync(
        DbConnection connection, CatalogDatabase database, long offers, CancellationToken cancellationToken)
    {
        if (!database.IsPostgres)
        {
            return new DatabaseState(offers, null, null, null, null, null, null);
        }

        await using var command = connection.Command(Server);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        // One of those in use is this one.
        return new DatabaseState(
            offers,
            database.Pool!.Busy,
            database.Pool.Limit,
            row.GetInt64(0),
            row.GetInt64(1),
            row.IsDBNull(2) ? null : row.GetInt64(2),
            row.IsDBNull(3) ? null : TimeSpan.FromSeconds(Convert.ToDouble(row.GetValue(3), CultureInfo.InvariantCulture)));
    }
}
