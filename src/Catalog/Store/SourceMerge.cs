using System.Data.Common;
using System.Text.Json;
using Sluice.Catalog.Identity;
using Sluice.Catalog.Sample;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Store;

/// <summary>One reading on its way into the tables, within the caller's transaction and under the lock of writers.</summary>
internal sealed class SourceMerge(DbConnection connection, SyncSql sql, SourceSnapshot read, MergeRequest request)
{
    private static readonly HashSet<string> NoHolds = [];
    private readonly Staging _staging = new(connection);

    /// <summary>What is stored of the source.</summary>
    public async Task<SourceState> LoadAsync(SyncThresholds limits, CancellationToken cancellationToken)
    {
        var held = new Dictionary<OfferId, HashSet<string>>();
        await ReadAsync(sql.Held, row => Add(held, Id(row), row.GetString(2)));
        var rows = new Dictionary<OfferId, StoredRow>();
        var facts = sql.Facts(read.Source);
        if (facts is not null)
        {
            await ReadAsync(facts, row =>
            {
                var id = new OfferId(read.Source, row.GetString(0));
                rows[id] = new StoredRow(row.GetString(1), row.GetInt32(2), null, OwnedByOther: false, Holds(id)) { ModelKey = row.Text(3) };
            });
        }

        if (facts is null || read.Listings.Count > 0)
        {
            await ReadAsync(sql.Rows, row => rows[Id(row)] = new StoredRow(
                row.GetString(2),
                row.GetInt32(3),
                row.IsDBNull(4) ? null : PriceColumns.Read(row, 5),
                !row.IsDBNull(4) && row.GetString(4) != read.Source,
                Holds(Id(row))));
            await ReadAsync(
                sql.OffersOfOthers,
                row => rows.TryAdd(Id(row), new StoredRow(null, 0, PriceColumns.Read(row, 2), OwnedByOther: true, Holds(Id(row)))),
                ("@providers", JsonSerializer.Serialize([.. read.Listings.Select(row => row.Id.Provider).Distinct()], CatalogJson.Default.IReadOnlyListString)));
        }

        // A row may be held that was never believed before.
        foreach (var (id, reasons) in held)
        {
            rows.TryAdd(id, new StoredRow(null, 0, null, OwnedByOther: false, reasons));
        }

        int? best = null;
        await ReadAsync(
            sql.BestCount, row => best = row.IsDBNull(0) ? null : row.GetInt32(0), ("@since", (request.At - limits.BestOf).ToUnixTimeMilliseconds()));
        return new SourceState(rows, best) { Models = await ModelsOfFactsAsync(cancellationToken) };

        Task ReadAsync(string query, Action<DbDataReader> use, params (string Name, object? Value)[] parameters) =>
            connection.ReadAsync(query, use, cancellationToken, [("@source", read.Source), .. parameters]);

        HashSet<string> Holds(OfferId id) => held.GetValueOrDefault(id, NoHolds);

        static OfferId Id(DbDataReader row) => new(row.GetString(0), row.GetString(1));

        static void Add(Dictionary<OfferId, HashSet<string>> all, OfferId id, string reason)
        {
            if (!all.TryGetValue(id, out var reasons))
            {
                all[id] = reasons = [];
            }

            reasons.Add(reason);
        }
    }

    /// <summary>Carries a verdict out. Nothing is sent of a row that stays as it is.</summary>
    public async Task WriteAsync(SourceVerdict verdict, CancellationToken cancellationToken)
    {
        if (verdict.Changes.Count > 0)
        {
            await WriteOffersAsync(verdict.Changes, cancellationToken);
        }

        var facts = verdict.Facts.ToDictionary(fact => fact.Id, StringComparer.Ordinal);
        await WriteAsync(
            "staged_benchmark",
            SyncSql.BenchmarkColumns,
            read.Benchmarks.Where(row => facts.ContainsKey(row.Id)).Select(row => StagedRows.Of(row, facts[row.Id].ModelKey)),
            sql.WriteBenchmarks,
            cancellationToken);
        await WriteAsync(
            "staged_popularity",
            SyncSql.PopularityColumns,
            read.Popularity.Where(row => facts.ContainsKey(row.Id)).Select(row => StagedRows.Of(row, facts[row.Id].ModelKey)),
            sql.WritePopularity,
            cancellationToken);
        await WriteAsync("staged_weights", SyncSql.WeightsColumns, await ChangedWeightsAsync(cancellationToken), sql.WriteWeights, cancellationToken);
        await WriteAsync("staged_missing", SyncSql.IdColumns, verdict.Missing.Select(StagedRows.Of), sql.WriteMissing(read.Source), cancellationToken);
        await WriteAsync("staged_hold", SyncSql.HoldColumns, verdict.Holds.Select(StagedRows.Of), sql.WriteHolds, cancellationToken);
        await WriteAsync("staged_release", SyncSql.ReleaseColumns, verdict.Released.Select(StagedRows.Of), sql.WriteReleases, cancellationToken);
        if (read.Listings.Count > 0)
        {
            // The invented offers that a new catalogue starts with end where real ones begin.
            await RunAsync([sql.HideSample], cancellationToken, ("@sample", SampleCatalogue.Source));
        }
    }

    private async Task WriteOffersAsync(IReadOnlyList<RowChange> changes, CancellationToken cancellationToken)
    {
        // A row of another's offer says nothing about model or offer: only what it said is kept.
        var owned = changes.Where(change => change.IsOwned).Select(change => (Change: change, Identity: Identify(change.Row))).ToList();
        var models = ModelFacts.Merge(
            await ModelFacts.LoadAsync(connection, sql, cancellationToken),
            read.Source,
            owned.Where(row => row.Change.Row.AliasOf is null).Select(row => (row.Identity.Key, row.Identity.Variant, row.Change.Row)));
        await WriteSourcesAsync(changes, cancellationToken);
        await WriteAsync("staged_model", SyncSql.ModelColumns, models.Select(StagedRows.Of), sql.WriteModels, cancellationToken);
        await WriteAsync(
            "staged_offer", SyncSql.OfferColumns, owned.Select(row => StagedRows.Of(row.Change, row.Identity)), sql.WriteOffers, cancellationToken);
        await WriteAsync(
            "staged_tier",
            SyncSql.TierColumns,
            changes.Where(change => change is { IsOwned: true, IsHeld: false })
                .SelectMany(change => change.Row.Tiers.Select((tier, ordinal) => StagedRows.Of(change.Row.Id, tier, ordinal))),
            sql.WriteTiers,
            cancellationToken);
        await WriteAsync(
            "staged_price",
            SyncSql.PriceColumnsStaged,
            changes.Where(change => change.OldPrice is not null).Select(change => StagedRows.Of(change.Row.Id, change.OldPrice!, change.Price)),
            sql.WritePrices,
            cancellationToken,
            ("@by", request.ChangedBy));
    }

    // A row that the source never had is in no table yet: raw JSON, the bulk of a first sync, is not carried twice.
    private async Task WriteSourcesAsync(IReadOnlyList<RowChange> changes, CancellationToken cancellationToken)
    {
        if (changes.Any(change => change.IsNew))
        {
            await _staging.AppendAsync(
                sql.SourceTable,
                SyncSql.NewSourceColumns,
                changes.Where(change => change.IsNew).Select(change => StagedRows.Of(read.Source, change.Row)),
                cancellationToken);
        }

        await WriteAsync(
            "staged_source", SyncSql.SourceColumns, changes.Where(change => !change.IsNew).Select(change => StagedRows.Of(change.Row)), sql.WriteSources, cancellationToken);
    }

    // Which model each benchmark or repository is about; empty for a source of offers.
    private async Task<IReadOnlyDictionary<string, string?>> ModelsOfFactsAsync(CancellationToken cancellationToken)
    {
        if (read.Popularity.Count == 0)
        {
            return read.Benchmarks.ToDictionary(row => row.Id, string? (row) => ModelAliases.Resolve(BenchmarkName.Of(row.Name).Key), StringComparer.Ordinal);
        }

        var models = await RepositoryModels.LoadAsync(connection, sql, cancellationToken);
        return read.Popularity.ToDictionary(row => row.Id, row => models.Of(row.Id), StringComparer.Ordinal);
    }

    private async Task<IReadOnlyList<object?[]>> ChangedWeightsAsync(CancellationToken cancellationToken)
    {
        if (read.Weights.Count == 0)
        {
            return [];
        }

        var stored = new Dictionary<string, string>(StringComparer.Ordinal);
        await connection.ReadAsync(sql.Weights, row => stored[row.GetString(0)] = row.GetString(1), cancellationToken);
        return
        [
            .. read.Weights
                .Select(row => (row.Repository, Model: ModelAliases.Resolve(ModelIdentity.Of(row.ModelId, read.Source).Key)))
                .Where(row => stored.GetValueOrDefault(row.Repository) != row.Model)
                .Select(row => new object?[] { row.Repository, row.Model }),
        ];
    }

    private async Task WriteAsync(
        string table,
        IReadOnlyList<StagedColumn> columns,
        IEnumerable<object?[]> rows,
        IEnumerable<string> statements,
        CancellationToken cancellationToken,
        params (string Name, object? Value)[] more)
    {
        if (rows.Any())
        {
            await _staging.FillAsync(table, columns, rows, cancellationToken);
            await RunAsync(statements, cancellationToken, more);
        }
    }

    private async Task RunAsync(IEnumerable<string> statements, CancellationToken cancellationToken, params (string Name, object? Value)[] more)
    {
        foreach (var statement in statements)
        {
            await connection.ExecuteAsync(
                statement,
                cancellationToken,
                [("@source", read.Source), ("@sync", request.SyncId), ("@now", request.At.ToUnixTimeMilliseconds()), .. more]);
        }
    }

    // An alias is sold as what it stands for at present; it is no model.
    private static ModelIdentity Identify(Listing row)
    {
        var identity = ModelIdentity.Of(row.Id.ModelId, row.Id.Provider);
        var key = row.AliasOf is { } target ? ModelIdentity.Of(target, row.Id.Provider).Key : identity.Key;
        return identity with { Key = ModelAliases.Resolve(key) };
    }
}
