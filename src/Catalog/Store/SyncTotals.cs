using System.Data.Common;
using System.Globalization;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Store;

/// <summary>
/// What all runs of the history come to: the numbers behind the metrics. They follow from what is stored alone, so that neither a restart
/// nor another process of the same host changes one.
/// </summary>
/// <param name="store">The catalogue.</param>
public sealed class SyncTotals(CatalogStore store)
{
    private readonly string _s = store.Database.Schema;

    /// <summary>Upper bounds of the buckets of durations, seconds.</summary>
    public static IReadOnlyList<int> DurationBounds { get; } = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800];

    private string Runs => $"""
        SELECT kind, status, count(*), {string.Join(", ", DurationBounds.Select(bound => $"sum(CASE WHEN took <= {bound * 1000} THEN 1 ELSE 0 END)"))},
            count(took), CAST(coalesce(sum(took), 0) AS bigint)
        FROM (
            SELECT kind, status, CASE WHEN message LIKE '{SyncSql.Abandoned}%' THEN NULL ELSE ended_at - started_at END AS took
            FROM {_s}sync_run WHERE status <> '{SyncStatuses.Running}' AND started_by = '{SyncScheduler.BySchedule}') ended
        GROUP BY kind, status ORDER BY kind, status
        """;

    private string Sources => $"""
        SELECT r.kind, s.source, max(s.ended_at), max(s.verified_on) FROM {_s}sync_source_run s JOIN {_s}sync_run r ON r.id = s.sync_id
        WHERE s.status <> '{SyncStatuses.Failed}' GROUP BY r.kind, s.source ORDER BY r.kind, s.source
        """;

    private string Running => $"SELECT kind, started_at FROM {_s}sync_run WHERE status = '{SyncStatuses.Running}' ORDER BY kind";

    /// <summary>The numbers now.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<SyncNumbers> ReadAsync(CancellationToken cancellationToken) => store.Database.UseAsync(
        async connection => new SyncNumbers(
            await ReadAsync(connection, Runs, Run, cancellationToken),
            await ReadAsync(connection, Sources, Source, cancellationToken),
            await ReadAsync(connection, Running, row => new RunningSync(row.GetString(0), Time(row.GetInt64(1))), cancellationToken)),
        cancellationToken);

    private static RunNumbers Run(DbDataReader row)
    {
        var within = DurationBounds.Select((_, n) => row.GetInt64(3 + n)).ToList();
        var after = 3 + DurationBounds.Count;
        return new RunNumbers(row.GetString(0), row.GetString(1), row.GetInt64(2), within, row.GetInt64(after), TimeSpan.FromMilliseconds(row.GetInt64(after + 1)));
    }

    private static SourceNumbers Source(DbDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        Time(row.GetInt64(2)),
        row.IsDBNull(3) ? null : DateOnly.ParseExact(row.GetString(3), "yyyy-MM-dd", CultureInfo.InvariantCulture));

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(DbConnection connection, string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        List<T> rows = [];
        await using var command = connection.Command(sql);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            rows.Add(read(row));
        }

        return rows;
    }
}

/// <summary>What all runs come to.</summary>
/// <param name="Runs">Of those that the schedule started and that have ended, by kind and status.</param>
/// <param name="Sources">Of every run, whoever started it.</param>
/// <param name="Running">Those under way, at most one of a kind.</param>
public sealed record SyncNumbers(IReadOnlyList<RunNumbers> Runs, IReadOnlyList<SourceNumbers> Sources, IReadOnlyList<RunningSync> Running);

/// <summary>Runs that ended alike.</summary>
/// <param name="Kind">One of <see cref="SyncKinds"/>.</param>
/// <param name="Status">One of <see cref="SyncStatuses"/>.</param>
/// <param name="Count">How many.</param>
/// <param name="Within">Of the timed ones, how many took no longer than each of <see cref="SyncTotals.DurationBounds"/>.</param>
/// <param name="Timed">How many have a duration: of an abandoned one nobody knows when it ended.</param>
/// <param name="Duration">Of the timed ones together.</param>
public sealed record RunNumbers(string Kind, string Status, long Count, IReadOnlyList<long> Within, long Timed, TimeSpan Duration);

/// <summary>A source in the runs of a kind.</summary>
/// <param name="Kind">One of <see cref="SyncKinds"/>.</param>
/// <param name="Source">Which.</param>
/// <param name="LastSyncedAt">When a reading of it was last believed, wholly or in part.</param>
/// <param name="VerifiedOn">For a list that people keep: when they last compared it.</param>
public sealed record SourceNumbers(string Kind, string Source, DateTimeOffset LastSyncedAt, DateOnly? VerifiedOn);

/// <summary>A run under way.</summary>
/// <param name="Kind">One of <see cref="SyncKinds"/>.</param>
/// <param name="StartedAt">When it began.</param>
public sealed record RunningSync(string Kind, DateTimeOffset StartedAt);
