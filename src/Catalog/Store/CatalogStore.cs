using System.Data.Common;

namespace Sluice.Catalog.Store;

/// <summary>
/// Models and offers in SQLite or PostgreSQL, the same to callers: prices exact, order by the bytes of provider and id,
/// changes atomic. Safe for concurrent use, also by several processes on one database.
/// </summary>
public sealed class CatalogStore : IAsyncDisposable
{
    // The most sold model has a few dozen; this bounds an answer.
    private const int MostOffersOfAModel = 1_000;

    private readonly CatalogDatabase _database;
    private readonly OfferRows _rows;
    private readonly SyncedRows _synced;

    private CatalogStore(CatalogDatabase database)
    {
        _database = database;
        _rows = new OfferRows(database.Schema);
        _synced = new SyncedRows(database.Schema);
    }

    internal CatalogDatabase Database => _database;

    /// <summary>Where the catalogue lives; prints without secrets.</summary>
    public DatabaseAddress Address => _database.Address;

    /// <summary>Connects and brings the schema up to date; nothing is written when it already is.</summary>
    /// <exception cref="CatalogStoreException">Unreachable, not a database, not writable, or newer than this program.</exception>
    public static async Task<CatalogStore> OpenAsync(DatabaseAddress address, CancellationToken cancellationToken)
    {
        var database = CatalogDatabase.Connect(address);
        try
        {
            await database.PrepareAsync(cancellationToken);
            await CatalogMigration.ApplyAsync(database, cancellationToken);
            return new CatalogStore(database);
        }
        catch (Exception failure) when (failure is DbException or IOException or UnauthorizedAccessException)
        {
            await database.DisposeAsync();
            throw database.Explain(failure);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Fills a store that holds no offer; of several processes that try at once, one does.</summary>
    /// <param name="read">Gives the offers; called only when they are needed.</param>
    /// <param name="cancellationToken">Ends the attempt; nothing is written then.</param>
    /// <returns>Offers written: all or none.</returns>
    /// <exception cref="CatalogStoreException">The database failed; nothing was written.</exception>
    public Task<int> SeedAsync(Func<IReadOnlyList<Offer>> read, CancellationToken cancellationToken) => _database.UseAsync(
        async connection =>
        {
            if (await _rows.AnyAsync(connection, cancellationToken))
            {
                return 0;
            }

            await using var transaction = await _database.BeginWriteAsync(connection, cancellationToken);
            if (await _rows.AnyAsync(connection, cancellationToken))
            {
                return 0;
            }

            var offers = read();
            await _rows.UpsertAsync(connection, offers, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return offers.Count;
        },
        cancellationToken);

    /// <summary>Inserts or replaces offers and the models behind them; all of them or, on any failure, none.</summary>
    /// <exception cref="ArgumentException">A price that <see cref="Pricing.Normalize"/> refuses.</exception>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task SaveAsync(IReadOnlyList<Offer> offers, CancellationToken cancellationToken) => _database.UseAsync(
        async connection =>
        {
            await using var transaction = await _database.BeginWriteAsync(connection, cancellationToken);
            await _rows.UpsertAsync(connection, offers, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return offers.Count;
        },
        cancellationToken);

    /// <summary>One page in the order of provider, then id.</summary>
    /// <param name="filter">Which offers.</param>
    /// <param name="after">The last offer of the page before; null for the first page. It need not exist any more.</param>
    /// <param name="limit">Most offers to return, above 0.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<OfferPage> ListAsync(OfferFilter filter, OfferId? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.UseAsync(connection => _rows.ListAsync(connection, filter, after, limit, cancellationToken), cancellationToken);
    }

    /// <summary>One offer by its exact id; null when there is none.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<Offer?> FindAsync(OfferId id, CancellationToken cancellationToken) =>
        _database.UseAsync(connection => _rows.FindAsync(connection, id, cancellationToken), cancellationToken);

    /// <summary>A model with all offers that are shown and what was measured of it; null when it has no such offer.</summary>
    /// <param name="key">The model's key.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<ModelView?> FindModelAsync(string key, CancellationToken cancellationToken) => _database.UseAsync(
        async connection =>
        {
            var page = await _rows.ListAsync(connection, new OfferFilter { ModelKey = key }, after: null, MostOffersOfAModel, cancellationToken);
            return page.Offers is [var first, ..]
                ? new ModelView(
                    first.Model,
                    page.Offers,
                    await _synced.ListMeasurementsAsync(connection, key, cancellationToken),
                    await _synced.ListRepositoriesAsync(connection, key, cancellationToken))
                : null;
        },
        cancellationToken);

    /// <summary>Price changes of an offer, newest first.</summary>
    /// <param name="id">The offer; also one that is no longer shown.</param>
    /// <param name="after">The last change of the page before; null for the first page.</param>
    /// <param name="limit">Most changes to return, above 0.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<IReadOnlyList<PriceChange>> ListPriceChangesAsync(
        OfferId id, PriceChangePosition? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.UseAsync(connection => _synced.ListPriceChangesAsync(connection, id, after, limit, cancellationToken), cancellationToken);
    }

    /// <summary>What changes whenever a sync has ended: answers made before then are old. Empty before the first.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<string> ReadGenerationAsync(CancellationToken cancellationToken) =>
        _database.UseAsync(connection => _synced.ReadGenerationAsync(connection, cancellationToken), cancellationToken);

    /// <summary>How each source stood when it was last read; empty before the first sync.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<IReadOnlyList<SourceStanding>> ListSourcesAsync(CancellationToken cancellationToken) =>
        _database.UseAsync(connection => _synced.ListSourcesAsync(connection, cancellationToken), cancellationToken);

    /// <summary>How many offers are shown.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<long> CountAsync(CancellationToken cancellationToken) =>
        _database.UseAsync(connection => _rows.CountAsync(connection, cancellationToken), cancellationToken);

    /// <summary>How the database is; also the check that it answers with our tables.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<DatabaseState> CheckAsync(CancellationToken cancellationToken) => _database.UseAsync(
        async connection => await DatabaseState.ReadAsync(
            connection, _database, await _rows.CountAsync(connection, cancellationToken), cancellationToken),
        cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();
}

/// <summary>Some offers in order.</summary>
/// <param name="Offers">At most as many as asked for.</param>
/// <param name="HasMore">Whether another follows the last one.</param>
public sealed record OfferPage(IReadOnlyList<Offer> Offers, bool HasMore);
