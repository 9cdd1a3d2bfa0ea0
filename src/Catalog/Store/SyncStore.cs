using Sluice.Catalog.Sources;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Store;

/// <summary>
/// Takes readings of sources into the catalogue. Each is one transaction: judged against what is stored under the lock, staged, merged by
/// set-based statements, and counted in the history. Rows that did not change are not written; nothing is deleted.
/// </summary>
/// <param name="store">The catalogue.</param>
/// <param name="thresholds">When a reading is not believed; asked for each reading, so that a change counts without a restart.</param>
public sealed class SyncStore(CatalogStore store, Func<SyncThresholds> thresholds)
{
    /// <summary>A run that began so long ago stands in the archive: the history no longer lists it, and whoever asks for it finds it.</summary>
    public static readonly TimeSpan ArchivedAfter = TimeSpan.FromDays(30);

    private const int MostDifferences = 200;
    private readonly CatalogDatabase _database = store.Database;
    private readonly SyncSql _sql = new(store.Database);
    private readonly SyncHistory _history = new(store.Database);

    /// <summary>A store whose thresholds never change.</summary>
    /// <param name="store">The catalogue.</param>
    /// <param name="limits">When a reading is not believed.</param>
    public SyncStore(CatalogStore store, SyncThresholds limits)
        : this(store, () => limits)
    {
    }

    /// <summary>Merges a reading, or refuses it and leaves what is stored.</summary>
    /// <returns>What became of it, as the history tells it.</returns>
    /// <exception cref="CatalogStoreException">The database failed; nothing was written.</exception>
    public Task<SourceOutcome> MergeAsync(SourceSnapshot read, MergeRequest request, CancellationToken cancellationToken) => _database.UseAsync(
        async connection =>
        {
            var limits = thresholds();
            await using var transaction = await _database.BeginWriteAsync(connection, cancellationToken, SyncCommands.Patience);
            var merge = new SourceMerge(connection, _sql, read, request);
            var state = await merge.LoadAsync(limits, cancellationToken);
            var verdict = SourceJudge.Judge(state, read, limits, request.Force);
            var outcome = Outcome(read, verdict);
            if (verdict.Refusal is null)
            {
                await merge.WriteAsync(verdict, cancellationToken);
            }

            if (!request.DryRun)
            {
                await _history.RecordAsync(connection, request.SyncId, request.At, outcome, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }

            return outcome;
        },
        cancellationToken);

    /// <summary>Writes what became of a source that gave no reading.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task RecordFailureAsync(string syncId, string source, string error, DateTimeOffset at, CancellationToken cancellationToken) => _database.UseAsync(
        async connection =>
        {
            await _history.RecordAsync(connection, syncId, at, SourceOutcome.Failed(source, error), cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>Marks offers whose price is far from that of their model's other offers, and takes marks back. Prices stay.</summary>
    /// <returns>How many are marked now.</returns>
    /// <exception cref="CatalogStoreException">The database failed; nothing was written.</exception>
    public Task<int> CrossCheckAsync(string syncId, DateTimeOffset at, CancellationToken cancellationToken) => _database.UseAsync(
        async connection =>
        {
            await using var transaction = await _database.BeginWriteAsync(connection, cancellationToken, SyncCommands.Patience);
            List<ComparedOffer> offers = [];
            await connection.ReadAsync(
                _sql.ComparedOffers,
                row => offers.Add(new ComparedOffer(new OfferId(row.GetString(0), row.GetString(1)), row.GetString(2), row.GetString(3), row.GetDecimal(4))),
                cancellationToken);
            var marks = CrossCheck.Marks(offers, thresholds());
            await new Staging(connection).FillAsync(
                "staged_mark",
                SyncSql.MarkColumns,
                marks.Select(mark => new object?[] { mark.Offer.Source, mark.Offer.Id.Provider, mark.Offer.Id.ModelId, mark.Detail }),
                cancellationToken);
            foreach (var sql in _sql.WriteMarks)
            {
                await connection.ExecuteAsync(sql, cancellationToken, ("@sync", syncId), ("@now", at.ToUnixTimeMilliseconds()));
            }

            await transaction.CommitAsync(cancellationToken);
            return marks.Count;
        },
        cancellationToken);

    /// <summary>
    /// Says which model the popularity of each repository counts for, once every source is in: they come in any order, and a model may come
    /// after its repository.
    /// </summary>
    /// <returns>How many count for another model than before, or for their first.</returns>
    /// <exception cref="CatalogStoreException">The database failed; nothing was written.</exception>
    public Task<int> LinkPopularityAsync(CancellationToken cancellationToken) => _database.UseAsync(
        async connection =>
        {
            await using var transaction = await _database.BeginWriteAsync(connection, cancellationToken, SyncCommands.Patience);
            var models = await RepositoryModels.LoadAsync(connection, _sql, cancellationToken);
            List<object?[]> links = [];
            await connection.ReadAsync(
                _sql.Popularity,
                row =>
                {
                    if (models.Of(row.GetString(0)) is var model && model != row.Text(1))
                    {
                        links.Add([row.GetString(0), model]);
                    }
                },
                cancellationToken);
            if (links.Count > 0)
            {
                await new Staging(connection).FillAsync("staged_link", SyncSql.WeightsColumns, links, cancellationToken);
                await connection.ExecuteAsync(_sql.WriteLinks, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }

            return links.Count;
        },
        cancellationToken);

    /// <summary>Begins a run of a kind, unless one is under way. Beginning the same run again changes nothing.</summary>
    /// <param name="run">What begins.</param>
    /// <param name="abandonedAfter">A run that began so long ago and has not ended is marked as failed: its process is gone.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null when it began; otherwise the id of the run that is under way.</returns>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<string?> BeginAsync(SyncBeginning run, TimeSpan abandonedAfter, CancellationToken cancellationToken) => _database.UseAsync(
        async connection =>
        {
            await using var transaction = await _database.BeginWriteAsync(connection, cancellationToken, SyncCommands.Patience);
            var running = await _history.BeginAsync(connection, run, abandonedAfter, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return running;
        },
        cancellationToken);

    /// <summary>
    /// Ends a run with what became of its sources (completed, partial when some failed or were believed in part, failed when all failed)
    /// and with the catalogue's health after it. A run that has ended stays as it is.
    /// </summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<SyncRun> EndAsync(string syncId, string? message, DateTimeOffset at, CancellationToken cancellationToken) => _database.UseAsync(
        async connection =>
        {
            var run = await _history.FindAsync(connection, syncId, cancellationToken)
                ?? throw new CatalogStoreException($"There is no sync {syncId}; a run ends once it began.");
            var health = await new CatalogueHealth(store, connection).CheckAsync(run, cancellationToken);
            await _history.EndAsync(connection, run, health, message, at, cancellationToken);
            return (await _history.FindAsync(connection, syncId, cancellationToken))!;
        },
        cancellationToken);

    /// <summary>A run; null when there is none of this id.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<SyncRun?> FindRunAsync(string syncId, CancellationToken cancellationToken) =>
        _database.UseAsync(connection => _history.FindAsync(connection, syncId, cancellationToken), cancellationToken);

    /// <summary>The last runs of a kind, newest first.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<IReadOnlyList<SyncRun>> ListRunsAsync(string kind, int limit, CancellationToken cancellationToken) =>
        ListRunsAsync(new SyncRunQuery(kind, limit), cancellationToken);

    /// <summary>Runs, newest first.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<IReadOnlyList<SyncRun>> ListRunsAsync(SyncRunQuery query, CancellationToken cancellationToken) =>
        _database.UseAsync(connection => _history.ListAsync(connection, query, cancellationToken), cancellationToken);

    private static SourceOutcome Outcome(SourceSnapshot read, SourceVerdict verdict)
    {
        if (verdict.Refusal is { } refusal)
        {
            return SourceOutcome.Failed(read.Source, refusal) with { Fetched = read.Fetched, Readable = read.Readable };
        }

        var changed = verdict.Changes.Where(change => change.OldPrice is not null).ToList();
        return new SourceOutcome(read.Source, verdict.RefusedProviders.Count == 0 ? SyncStatuses.Completed : SyncStatuses.Partial)
        {
            Fetched = read.Fetched,
            Readable = read.Readable,
            Stored = verdict.Changes.Count(change => change.IsNew) + verdict.Facts.Count(fact => fact.IsNew),
            Updated = verdict.Changes.Count(change => !change.IsNew) + verdict.Facts.Count(fact => !fact.IsNew),
            Unchanged = verdict.Unchanged,
            Missing = verdict.Missing.Count,
            Quarantined = verdict.Holds.Count,
            PriceChanges = changed.Count,
            Errors = [.. verdict.RefusedProviders.Select(refused => $"{refused.Provider}: {refused.Reason}")],
            VerifiedOn = read.VerifiedOn,
            Differences = [.. changed.Take(MostDifferences).Select(change => new PriceDifference(change.Row.Id.ToString(), change.OldPrice!, change.Price))],
        };
    }
}
