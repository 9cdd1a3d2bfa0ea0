using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Store;

/// <summary>The runs and what became of each source in them, on a connection of the caller's.</summary>
/// <param name="database">The catalogue's.</param>
internal sealed class SyncHistory(CatalogDatabase database)
{
    private readonly SyncSql _sql = new(database);

    /// <summary>Begins a run within the caller's transaction; null when it began, otherwise the id of the run that is under way.</summary>
    public async Task<string?> BeginAsync(DbConnection connection, SyncBeginning run, TimeSpan abandonedAfter, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(
            _sql.Abandon,
            cancellationToken,
            ("@kind", run.Kind),
            ("@id", run.Id),
            ("@now", run.At.ToUnixTimeMilliseconds()),
            ("@before", (run.At - abandonedAfter).ToUnixTimeMilliseconds()));
        string? running = null;
        await connection.ReadAsync(_sql.Running, row => running = row.GetString(0), cancellationToken, ("@kind", run.Kind));
        if (running is not null && running != run.Id)
        {
            return running;
        }

        await connection.ExecuteAsync(
            _sql.Begin,
            cancellationToken,
            ("@id", run.Id),
            ("@kind", run.Kind),
            ("@by", run.StartedBy),
            ("@forced", run.Force ? 1L : 0L),
            ("@now", run.At.ToUnixTimeMilliseconds()));
        return null;
    }

    /// <summary>Ends a run; one that has ended stays as it is.</summary>
    public Task EndAsync(
        DbConnection connection, SyncRun run, SyncHealth health, string? message, DateTimeOffset at, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            _sql.End,
            cancellationToken,
            ("@id", run.Id),
            ("@status", SyncStatuses.Of(run.Sources)),
            ("@message", message),
            ("@health", JsonSerializer.Serialize(health, CatalogJson.Default.SyncHealth)),
            ("@now", at.ToUnixTimeMilliseconds()));

    /// <summary>Writes what became of a source.</summary>
    public Task RecordAsync(DbConnection connection, string syncId, DateTimeOffset at, SourceOutcome outcome, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            _sql.RecordSource,
            cancellationToken,
            ("@sync", syncId),
            ("@source", outcome.Source),
            ("@status", outcome.Status),
            ("@fetched", (long)outcome.Fetched),
            ("@readable", (long)outcome.Readable),
            ("@stored", (long)outcome.Stored),
            ("@updated", (long)outcome.Updated),
            ("@unchanged", (long)outcome.Unchanged),
            ("@missing", (long)outcome.Missing),
            ("@quarantined", (long)outcome.Quarantined),
            ("@changes", (long)outcome.PriceChanges),
            ("@errors", JsonSerializer.Serialize(outcome.Errors, CatalogJson.Default.IReadOnlyListString)),
            ("@now", at.ToUnixTimeMilliseconds()),
            ("@verified", outcome.VerifiedOn?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));

    /// <summary>Runs, newest first.</summary>
    public async Task<IReadOnlyList<SyncRun>> ListAsync(DbConnection connection, SyncRunQuery query, CancellationToken cancellationToken)
    {
        List<string> ids = [];
        await connection.ReadAsync(
            _sql.LastRuns,
            row => ids.Add(row.GetString(0)),
            cancellationToken,
            ("@kind", query.Kind),
            ("@limit", (long)query.Limit),
            ("@from", query.From?.ToUnixTimeMilliseconds() ?? 0),
            ("@until", query.Until?.ToUnixTimeMilliseconds() ?? long.MaxValue),
            ("@after", query.After ?? ""));
        List<SyncRun> runs = [];
        foreach (var id in ids)
        {
            runs.Add((await FindAsync(connection, id, cancellationToken))!);
        }

        return runs;
    }

    /// <summary>A run with its sources so far; null when there is none of this id.</summary>
    public async Task<SyncRun?> FindAsync(DbConnection connection, string syncId, CancellationToken cancellationToken)
    {
        List<SourceOutcome> sources = [];
        await connection.ReadAsync(_sql.SourceRuns, row => sources.Add(ReadSource(row)), cancellationToken, ("@sync", syncId));
        SyncRun? run = null;
        await connection.ReadAsync(_sql.Run, row => run = ReadRun(row, sources), cancellationToken, ("@sync", syncId));
        return run;
    }

    private static SourceOutcome ReadSource(DbDataReader row) => new(row.GetString(0), row.GetString(1))
    {
        Fetched = row.GetInt32(2),
        Readable = row.GetInt32(3),
        Stored = row.GetInt32(4),
        Updated = row.GetInt32(5),
        Unchanged = row.GetInt32(6),
        Missing = row.GetInt32(7),
        Quarantined = row.GetInt32(8),
        PriceChanges = row.GetInt32(9),
        Errors = JsonSerializer.Deserialize(row.GetString(10), CatalogJson.Default.IReadOnlyListString)!,
        VerifiedOn = row.Text(11) is { } day ? DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture) : null,
    };

    private static SyncRun ReadRun(DbDataReader row, IReadOnlyList<SourceOutcome> sources) => new(
        row.GetString(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3),
        row.GetInt64(4) != 0,
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
        row.IsDBNull(6) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)),
        row.Text(7),
        sources)
    {
        Health = row.Text(8) is { } health ? JsonSerializer.Deserialize(health, CatalogJson.Default.SyncHealth) : null,
    };
}
