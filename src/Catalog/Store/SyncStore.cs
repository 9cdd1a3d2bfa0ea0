using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Sluice.Catalog.Identity;
using Sluice.Catalog.Sample;
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

    // Sources that come at once are merged one after another; a large one on a busy machine takes seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private const int MostDifferences = 200;
    private readonly CatalogDatabase _database = store.Database;
    private readonly SyncSql _sql = new(store.Database);

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
            await using var transaction = await _database.BeginWriteAsync(connection, cancellationToken, Patience);
            var merge = new Merge(connection, _sql, read, request);
            var state = await merge.LoadAsync(limits, cancellationToken);
            var verdict = SourceJudge.Judge(state, read, limits, request.Force);
            var outcome = Outcome(read, verdict);
            if (verdict.Refusal is null)
            {
                await merge.WriteAsync(verdict, cancellationToken);
            }

            if (!request.DryRun)
            {
                await RecordAsync(connection, request.SyncId, request.At, outcome, cancellationToken);
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
            await RecordAsync(connection, syncId, at, SourceOutcome.Failed(source, error), cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>Marks offers whose price is far from that of their model's other offers, and takes marks back. Prices stay.</summary>
    /// <returns>How many are marked now.</returns>
    /// <exception cref="CatalogStoreException">The database failed; nothing was written.</exception>
    public Task<int> CrossCheckAsync(string syncId, DateTimeOffset at, CancellationToken cancellationToken) => _database.UseAsync(
        async connection =>
        {
            await using var transaction = await _database.BeginWriteAsync(connection, cancellationToken, Patience);
            List<ComparedOffer> offers = [];
            await using (var command = Command(connection, _sql.ComparedOffers))
            await using (var row = await command.ExecuteReaderAsync(cancellationToken))
            {
                while (await row.ReadAsync(cancellationToken))
                {
                    offers.Add(new ComparedOffer(new OfferId(row.GetString(0), row.GetString(1)), row.GetString(2), row.GetString(3), row.GetDecimal(4)));
                }
            }

            var marks = CrossCheck.Marks(offers, thresholds());
            await new Staging(connection, Patience).FillAsync(
                "staged_mark",
                SyncSql.MarkColumns,
                marks.Select(mark => new object?[] { mark.Offer.Source, mark.Offer.Id.Provider, mark.Offer.Id.ModelId, mark.Detail }),
                cancellationToken);
            foreach (var sql in _sql.WriteMarks)
            {
                await ExecuteAsync(connection, sql, cancellationToken, ("@sync", syncId), ("@now", Milliseconds(at)));
            }

            await transaction.CommitAsync(cancellationToken);
            return marks.Count;
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
            await using var transaction = await _database.BeginWriteAsync(connection, cancellationToken, Patience);
            await ExecuteAsync(
                connection,
                _sql.Abandon,
                cancellationToken,
                ("@kind", run.Kind),
                ("@id", run.Id),
                ("@now", Milliseconds(run.At)),
                ("@before", Milliseconds(run.At - abandonedAfter)));
            await using (var command = Command(connection, _sql.Running, ("@kind", run.Kind)))
            {
                if (await command.ExecuteScalarAsync(cancellationToken) is string running && running != run.Id)
                {
                    await transaction.CommitAsync(cancellationToken);
                    return running;
                }
            }

            await ExecuteAsync(
                connection,
                _sql.Begin,
                cancellationToken,
                ("@id", run.Id),
                ("@kind", run.Kind),
                ("@by", run.StartedBy),
                ("@forced", run.Force ? 1L : 0L),
                ("@now", Milliseconds(run.At)));
            await transaction.CommitAsync(cancellationToken);
            return null;
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
            var run = await ReadRunAsync(connection, syncId, cancellationToken)
                ?? throw new CatalogStoreException($"There is no sync {syncId}; a run ends once it began.");
            var health = await new CatalogueHealth(store, connection).CheckAsync(run, cancellationToken);
            await ExecuteAsync(
                connection,
                _sql.End,
                cancellationToken,
                ("@id", syncId),
                ("@status", SyncStatuses.Of(run.Sources)),
                ("@message", message),
                ("@health", JsonSerializer.Serialize(health, CatalogJson.Default.SyncHealth)),
                ("@now", Milliseconds(at)));
            return (await ReadRunAsync(connection, syncId, cancellationToken))!;
        },
        cancellationToken);

    /// <summary>A run; null when there is none of this id.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<SyncRun?> FindRunAsync(string syncId, CancellationToken cancellationToken) =>
        _database.UseAsync(connection => ReadRunAsync(connection, syncId, cancellationToken), cancellationToken);

    /// <summary>The last runs of a kind, newest first.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<IReadOnlyList<SyncRun>> ListRunsAsync(string kind, int limit, CancellationToken cancellationToken) =>
        ListRunsAsync(new SyncRunQuery(kind, limit), cancellationToken);

    /// <summary>Runs, newest first.</summary>
    /// <exception cref="CatalogStoreException">The database failed.</exception>
    public Task<IReadOnlyList<SyncRun>> ListRunsAsync(SyncRunQuery query, CancellationToken cancellationToken) => _database.UseAsync<IReadOnlyList<SyncRun>>(
        async connection =>
        {
            List<string> ids = [];
            await using (var command = Command(
                connection,
                _sql.LastRuns,
                ("@kind", query.Kind),
                ("@limit", (long)query.Limit),
                ("@from", query.From is { } from ? Milliseconds(from) : 0),
                ("@until", query.Until is { } until ? Milliseconds(until) : long.MaxValue),
                ("@after", query.After ?? "")))
            await using (var row = await command.ExecuteReaderAsync(cancellationToken))
            {
                while (await row.ReadAsync(cancellationToken))
                {
                    ids.Add(row.GetString(0));
                }
            }

            List<SyncRun> runs = [];
            foreach (var id in ids)
            {
                runs.Add((await ReadRunAsync(connection, id, cancellationToken))!);
            }

            return runs;
        },
        cancellationToken);

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
            Stored = verdict.Changes.Count(change => change.IsNew),
            Updated = verdict.Changes.Count(change => !change.IsNew),
            Unchanged = verdict.Unchanged,
            Missing = verdict.Missing.Count,
            Quarantined = verdict.Holds.Count,
            PriceChanges = changed.Count,
            Errors = [.. verdict.RefusedProviders.Select(refused => $"{refused.Provider}: {refused.Reason}")],
            VerifiedOn = read.VerifiedOn,
            Differences = [.. changed.Take(MostDifferences).Select(change => new PriceDifference(change.Row.Id.ToString(), change.OldPrice!, change.Price))],
        };
    }

    private async Task RecordAsync(DbConnection connection, string syncId, DateTimeOffset at, SourceOutcome outcome, CancellationToken cancellationToken) =>
        await ExecuteAsync(
            connection,
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
            ("@now", Milliseconds(at)),
            ("@verified", outcome.VerifiedOn?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));

    private async Task<SyncRun?> ReadRunAsync(DbConnection connection, string syncId, CancellationToken cancellationToken)
    {
        List<SourceOutcome> sources = [];
        await using (var command = Command(connection, _sql.SourceRuns, ("@sync", syncId)))
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                sources.Add(new SourceOutcome(row.GetString(0), row.GetString(1))
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
                    VerifiedOn = row.IsDBNull(11) ? null : DateOnly.ParseExact(row.GetString(11), "yyyy-MM-dd", CultureInfo.InvariantCulture),
                });
            }
        }

        await using (var command = Command(connection, _sql.Run, ("@sync", syncId)))
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            return await row.ReadAsync(cancellationToken)
                ? new SyncRun(
                    row.GetString(0),
                    row.GetString(1),
                    row.GetString(2),
                    row.GetString(3),
                    row.GetInt64(4) != 0,
                    DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
                    row.IsDBNull(6) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)),
                    row.IsDBNull(7) ? null : row.GetString(7),
                    sources)
                {
                    Health = row.IsDBNull(8) ? null : JsonSerializer.Deserialize(row.GetString(8), CatalogJson.Default.SyncHealth),
                }
                : null;
        }
    }

    private static long Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private static async Task ExecuteAsync(
        DbConnection connection, string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static DbCommand Command(DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.Command(sql, parameters);
        command.CommandTimeout = (int)Patience.TotalSeconds;
        return command;
    }

    /// <summary>One reading on its way into the tables.</summary>
    private sealed class Merge(DbConnection connection, SyncSql sql, SourceSnapshot read, MergeRequest request)
    {
        public async Task<SourceState> LoadAsync(SyncThresholds limits, CancellationToken cancellationToken)
        {
            var held = new Dictionary<OfferId, HashSet<string>>();
            await ReadAsync(sql.Held, row => Add(held, Id(row), row.GetString(2)));
            var rows = new Dictionary<OfferId, StoredRow>();
            await ReadAsync(sql.Facts(read.Source), row =>
                rows[new OfferId(read.Source, row.GetString(0))] = new StoredRow(row.GetString(1), row.GetInt32(2), null, false, NoHolds));
            await ReadAsync(sql.Rows, row => rows[Id(row)] = new StoredRow(
                row.GetString(2),
                row.GetInt32(3),
                row.IsDBNull(4) ? null : PriceColumns.Read(row, 5),
                !row.IsDBNull(4) && row.GetString(4) != read.Source,
                held.TryGetValue(Id(row), out var reasons) ? reasons : NoHolds));
            await ReadAsync(sql.OffersOfOthers, row => rows.TryAdd(Id(row), new StoredRow(null, 0, PriceColumns.Read(row, 2), OwnedByOther: true, NoHolds)));
            int? best = null;
            await ReadAsync(sql.BestCount, row => best = row.IsDBNull(0) ? null : row.GetInt32(0), ("@since", Milliseconds(request.At - limits.BestOf)));
            return new SourceState(rows, best);

            async Task ReadAsync(string? query, Action<DbDataReader> use, params (string Name, object? Value)[] parameters)
            {
                if (query is null)
                {
                    return;
                }

                await using var command = Command(connection, query, [("@source", read.Source), .. parameters]);
                await using var row = await command.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken))
                {
                    use(row);
                }
            }

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

        public async Task WriteAsync(SourceVerdict verdict, CancellationToken cancellationToken)
        {
            var staging = new Staging(connection, Patience);
            if (verdict.Changes.Count > 0)
            {
                await WriteOffersAsync(staging, verdict.Changes, cancellationToken);
            }

            if (read.Benchmarks.Count > 0)
            {
                await WriteBenchmarksAsync(staging, cancellationToken);
            }

            if (read.Popularity.Count > 0)
            {
                await WritePopularityAsync(staging, cancellationToken);
            }

            if (read.Weights.Count > 0)
            {
                await WriteWeightsAsync(staging, cancellationToken);
            }

            if (verdict.Missing.Count > 0)
            {
                await staging.FillAsync(
                    "staged_missing", SyncSql.IdColumns, verdict.Missing.Select(id => new object?[] { id.Provider, id.ModelId }), cancellationToken);
                await RunAsync(sql.WriteMissing(read.Source), cancellationToken);
            }

            if (verdict.Holds.Count > 0)
            {
                await staging.FillAsync(
                    "staged_hold",
                    SyncSql.HoldColumns,
                    verdict.Holds.Select(hold => new object?[] { hold.Id.Provider, hold.Id.ModelId, hold.Reason, hold.Detail, hold.Raw, hold.Hash }),
                    cancellationToken);
                await RunAsync(sql.WriteHolds, cancellationToken);
            }

            if (verdict.Released.Count > 0)
            {
                await staging.FillAsync(
                    "staged_release",
                    SyncSql.ReleaseColumns,
                    verdict.Released.Select(release => new object?[] { release.Id.Provider, release.Id.ModelId, release.Reason }),
                    cancellationToken);
                await RunAsync(sql.WriteReleases, cancellationToken);
            }

            if (read.Listings.Count > 0)
            {
                // The invented offers that a new catalogue starts with end where real ones begin.
                await RunAsync([sql.HideSample], cancellationToken, ("@sample", SampleCatalogue.Source));
            }
        }

        private async Task WriteOffersAsync(Staging staging, IReadOnlyList<RowChange> changes, CancellationToken cancellationToken)
        {
            var rows = changes.Select(change => (Change: change, Identity: Identify(change.Row))).ToList();
            var facts = ModelFacts.Merge(
                await LoadFactsAsync(cancellationToken),
                read.Source,
                rows.Where(row => row.Change.IsOwned && row.Change.Row.AliasOf is null)
                    .Select(row => (row.Identity.Key, row.Identity.Variant, row.Change.Row)));
            await staging.FillAsync("staged_model", SyncSql.ModelColumns, facts.Select(Values), cancellationToken);
            await staging.FillAsync("staged_offer", SyncSql.OfferColumns, rows.Select(row => Values(row.Change, row.Identity)), cancellationToken);
            await staging.FillAsync(
                "staged_tier",
                SyncSql.TierColumns,
                rows.Where(row => row.Change is { IsOwned: true, IsHeld: false })
                    .SelectMany(row => row.Change.Row.Tiers.Select((tier, ordinal) => Values(row.Change.Row.Id, tier, ordinal))),
                cancellationToken);
            await staging.FillAsync(
                "staged_price",
                SyncSql.PriceColumnsStaged,
                rows.Where(row => row.Change.OldPrice is not null).Select(row => new object?[]
                {
                    row.Change.Row.Id.Provider,
                    row.Change.Row.Id.ModelId,
                    JsonSerializer.Serialize(row.Change.OldPrice!, CatalogJson.Default.Pricing),
                    JsonSerializer.Serialize(row.Change.Price, CatalogJson.Default.Pricing),
                }),
                cancellationToken);
            await RunAsync(sql.WriteOffers, cancellationToken, ("@by", request.ChangedBy));
        }

        private async Task WriteBenchmarksAsync(Staging staging, CancellationToken cancellationToken)
        {
            await staging.FillAsync("staged_benchmark", SyncSql.BenchmarkColumns, read.Benchmarks.Select(Values), cancellationToken);
            await RunAsync([sql.WriteBenchmarks], cancellationToken);
        }

        private async Task WriteWeightsAsync(Staging staging, CancellationToken cancellationToken)
        {
            await staging.FillAsync(
                "staged_weights",
                SyncSql.WeightsColumns,
                read.Weights.Select(row => new object?[] { row.Repository, ModelAliases.Resolve(ModelIdentity.Of(row.ModelId, read.Source).Key) }),
                cancellationToken);
            await RunAsync([sql.WriteWeights], cancellationToken);
        }

        private async Task WritePopularityAsync(Staging staging, CancellationToken cancellationToken)
        {
            var named = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            await using (var command = Command(connection, sql.Repositories))
            await using (var row = await command.ExecuteReaderAsync(cancellationToken))
            {
                while (await row.ReadAsync(cancellationToken))
                {
                    named[row.GetString(0)] = row.GetString(1);
                }
            }

            var models = await LoadFactsAsync(cancellationToken);
            await staging.FillAsync(
                "staged_popularity",
                SyncSql.PopularityColumns,
                read.Popularity.Select(row => new object?[] { row.Id, ModelOf(row.Id, named, models), row.Downloads, row.Likes, row.Raw.Json, row.Raw.Hash }),
                cancellationToken);
            await RunAsync([sql.WritePopularity], cancellationToken);
        }

        private async Task<Dictionary<string, ModelFacts>> LoadFactsAsync(CancellationToken cancellationToken)
        {
            var facts = new Dictionary<string, ModelFacts>(StringComparer.Ordinal);
            await using var command = Command(connection, sql.Models);
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                facts[row.GetString(0)] = new ModelFacts(
                    row.GetString(0),
                    row.GetString(1),
                    row.GetString(2),
                    row.IsDBNull(3) ? null : row.GetString(3),
                    row.IsDBNull(4) ? null : row.GetBoolean(4),
                    row.IsDBNull(5) ? null : row.GetString(5),
                    row.GetInt64(6),
                    row.IsDBNull(7) ? null : row.GetString(7));
            }

            return facts;
        }

        private async Task RunAsync(IEnumerable<string> statements, CancellationToken cancellationToken, params (string Name, object? Value)[] more)
        {
            foreach (var statement in statements)
            {
                (string Name, object? Value)[] all =
                    [("@source", read.Source), ("@sync", request.SyncId), ("@now", Milliseconds(request.At)), .. more];
                await ExecuteAsync(connection, statement, cancellationToken, all);
            }
        }

        private static readonly HashSet<string> NoHolds = [];

        // An alias is sold as what it stands for at present; it is no model.
        private static ModelIdentity Identify(Listing row)
        {
            var identity = ModelIdentity.Of(row.Id.ModelId, row.Id.Provider);
            var key = row.AliasOf is { } target ? ModelIdentity.Of(target, row.Id.Provider).Key : identity.Key;
            return identity with { Key = ModelAliases.Resolve(key) };
        }

        // Copies of weights are many, packed and tuned anew: by its key a repository counts only when it is the lab's own.
        private static string? ModelOf(string repository, Dictionary<string, string> named, Dictionary<string, ModelFacts> models)
        {
            if (named.TryGetValue(repository, out var key))
            {
                return key;
            }

            key = ModelAliases.Resolve(ModelIdentity.Of(repository, SourceNames.HuggingFace).Key);
            return models.TryGetValue(key, out var model) && model.Lab != Labs.Unknown && model.Lab == Labs.OfId(repository) ? key : null;
        }

        private static object?[] Values(ModelFacts facts) =>
            [facts.Key, facts.Lab, facts.Name, facts.Family, facts.OpenWeights, facts.ReleaseDate, facts.Rank, facts.From];

        private static object?[] Values(RowChange change, ModelIdentity identity) =>
        [
            change.Row.Id.Provider,
            change.Row.Id.ModelId,
            change.IsOwned ? 1L : 0L,
            change.IsHeld ? 1L : 0L,
            identity.Key,
            identity.Variant,
            identity.Version,
            change.Row.AliasOf,
            change.Row.HuggingFaceId,
            change.Row.Context,
            change.Row.MaxOutput,
            JsonSerializer.Serialize(change.Row.Modalities.Input, CatalogJson.Default.IReadOnlyListString),
            JsonSerializer.Serialize(change.Row.Modalities.Output, CatalogJson.Default.IReadOnlyListString),
            change.Row.Status.ToString().ToLowerInvariant(),
            change.Row.ExpiresOn?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            change.Row.Raw.Json,
            change.Row.Raw.Hash,
            .. PriceColumns.Values(change.Price).Select(column => column.Value),
        ];

        private static object?[] Values(OfferId id, PriceTier tier, int ordinal) =>
        [
            id.Provider,
            id.ModelId,
            (long)ordinal,
            tier.Kind.ToString().ToLowerInvariant(),
            tier.MinTokens,
            (long?)tier.UtcFrom,
            (long?)tier.UtcTo,
            .. PriceColumns.Values(tier.Pricing).Select(column => column.Value),
        ];

        private static object?[] Values(Benchmark row)
        {
            var name = BenchmarkName.Of(row.Name);
            return
            [
                row.Id, ModelAliases.Resolve(name.Key), name.Effort, row.Slug, row.Name, row.Lab, row.Intelligence, row.Coding, row.Maths, row.TokensPerSecond,
                row.FirstTokenSeconds, row.Pricing.Input, row.Pricing.Output, row.Raw.Json, row.Raw.Hash,
            ];
        }
    }
}
