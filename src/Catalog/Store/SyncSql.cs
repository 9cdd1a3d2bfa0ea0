using Sluice.Catalog.Sources;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Store;

/// <summary>
/// The statements of syncs: one text for both databases, but for how a list is opened. Rows are merged by two statements, which update those
/// that are there and insert the others: writers take turns, so nothing comes between, and a conflict clause costs as much again.
/// </summary>
internal sealed class SyncSql
{
    public static readonly IReadOnlyList<StagedColumn> IdColumns = [new("provider_id"), new("provider_model_id")];

    public static readonly IReadOnlyList<StagedColumn> ModelColumns =
    [
        new("model_key"), new("lab"), new("name"), new("family"), new("open_weights", StagedType.Flag), new("release_date"),
        new("facts_rank", StagedType.Whole), new("facts_from"),
    ];

    public static readonly IReadOnlyList<StagedColumn> SourceColumns = [.. IdColumns, new("raw", StagedType.Json), new("raw_hash")];

    public static readonly IReadOnlyList<StagedColumn> NewSourceColumns = [new("source"), .. SourceColumns];

    public static readonly IReadOnlyList<StagedColumn> OfferColumns =
    [
        .. IdColumns,
        new("held", StagedType.Whole),
        new("model_key"),
        new("variant"),
        new("version"),
        new("alias_of"),
        new("hugging_face_id"),
        new("context", StagedType.Whole),
        new("max_output", StagedType.Whole),
        new("modalities_in"),
        new("modalities_out"),
        new("status"),
        new("expires_on"),
        .. Prices(),
    ];

    public static readonly IReadOnlyList<StagedColumn> TierColumns =
    [
        .. IdColumns, new("ordinal", StagedType.Whole), new("kind"), new("min_tokens", StagedType.Whole), new("utc_from", StagedType.Whole),
        new("utc_to", StagedType.Whole), .. Prices(),
    ];

    public static readonly IReadOnlyList<StagedColumn> PriceColumnsStaged = [.. IdColumns, new("old", StagedType.Json), new("new", StagedType.Json)];

    public static readonly IReadOnlyList<StagedColumn> HoldColumns = [.. IdColumns, new("reason"), new("detail"), new("raw"), new("raw_hash")];

    public static readonly IReadOnlyList<StagedColumn> ReleaseColumns = [.. IdColumns, new("reason")];

    public static readonly IReadOnlyList<StagedColumn> MarkColumns = [new("source"), .. IdColumns, new("detail")];

    public static readonly IReadOnlyList<StagedColumn> BenchmarkColumns =
    [
        new("aa_id"), new("model_key"), new("effort"), new("slug"), new("name"), new("lab"), new("intelligence", StagedType.Number),
        new("coding", StagedType.Number), new("maths", StagedType.Number), new("tokens_per_second", StagedType.Number),
        new("first_token_seconds", StagedType.Number), new("input", StagedType.Number), new("output", StagedType.Number), new("raw", StagedType.Json), new("raw_hash"),
    ];

    public static readonly IReadOnlyList<StagedColumn> PopularityColumns =
    [
        new("hf_id"), new("model_key"), new("downloads", StagedType.Whole), new("likes", StagedType.Whole), new("raw", StagedType.Json), new("raw_hash"),
    ];

    /// <summary>How the message of a run begins whose process has gone.</summary>
    public const string Abandoned = "abandoned";

    public static readonly IReadOnlyList<StagedColumn> WeightsColumns = [new("hf_id"), new("model_key")];

    private const string Id = "provider_id, provider_model_id";
    private static readonly string[] IdNames = ["provider_id", "provider_model_id"];
    private static readonly (string Column, string Value)[] Present = [("missing_since", "NULL"), ("missed_runs", "0")];
    private const int Hidden = SyncThresholds.MissesUntilHidden;
    private readonly string _s;
    private readonly bool _isPostgres;

    public SyncSql(CatalogDatabase database)
    {
        _s = database.Schema;
        _isPostgres = database.IsPostgres;
    }

    // Reading what is stored.
    public string Rows => $"""
        SELECT r.provider_id, r.provider_model_id, r.raw_hash, r.missed_runs, o.source, {PriceColumns.List("o.")}
        FROM {_s}offer_source r LEFT JOIN {_s}offer o ON o.provider_id = r.provider_id AND o.provider_model_id = r.provider_model_id
        WHERE r.source = @source
        """;

    public string OffersOfOthers => $"""
        SELECT {Id}, {PriceColumns.List()} FROM {_s}offer WHERE source <> @source AND source <> 'sample'
        AND provider_id IN (SELECT {(_isPostgres ? "jsonb_array_elements_text(@providers::jsonb)" : "value FROM json_each(@providers)")})
        """;

    public string Held => $"SELECT {Id}, reason FROM {_s}quarantine WHERE source = @source AND released_at IS NULL";

    public string BestCount => $"""
        SELECT max(readable) FROM {_s}sync_source_run WHERE source = @source AND status <> 'failed' AND ended_at >= @since
        AND ended_at >= coalesce((
            SELECT max(s.ended_at) FROM {_s}sync_source_run s JOIN {_s}sync_run r ON r.id = s.sync_id
            WHERE s.source = @source AND s.status <> 'failed' AND r.forced = 1), 0)
        """;

    public string Models => $"SELECT model_key, lab, name, family, open_weights, release_date, facts_rank, facts_from FROM {_s}model";

    public string Popularity => $"SELECT hf_id, model_key FROM {_s}hf_stat";

    public string Weights => $"SELECT hf_id, model_key FROM {_s}model_weights";

    // What OpenRouter says goes before what models.dev does.
    public string Repositories => $"""
        SELECT hf_id, model_key FROM (
            SELECT hf_id, model_key, 0 AS place, '' AS provider_id, '' AS provider_model_id FROM {_s}model_weights
            UNION ALL
            SELECT hugging_face_id, model_key, 1, provider_id, provider_model_id FROM {_s}offer
            WHERE hugging_face_id IS NOT NULL AND source = '{SourceNames.OpenRouter}') named
        ORDER BY place, {Id}
        """;

    public string ComparedOffers => $"""
        SELECT {Id}, source, model_key, input FROM {_s}offer
        WHERE price_kind = 'fixed' AND currency = 'USD' AND input IS NOT NULL AND input <> {(_isPostgres ? "0" : "'0.0'")} AND alias_of IS NULL
        AND missed_runs < {Hidden}
        """;

    // Offers.
    public IReadOnlyList<string> WriteModels => Merge("model", "staged_model", ["model_key"], ModelColumns, onlyNew: [("first_seen", "@now")]);

    public string SourceTable => $"{_s}offer_source";

    public IReadOnlyList<string> WriteSources =>
        [Update("offer_source", "staged_source", IdNames, [.. Taken(SourceColumns), .. Present, ("source", "@source")], within: "t.source = @source")];

    public IReadOnlyList<string> WriteOffers =>
    [
        .. Merge("offer", "staged_offer", IdNames, OfferColumns.Where(column => column.Name != "held"), [.. Present, ("source", "@source")]),
        $"DELETE FROM {_s}offer_tier WHERE ({Id}) IN (SELECT {Id} FROM staged_offer WHERE held = 0)",
        $"UPDATE {_s}model SET last_seen = NULL WHERE last_seen IS NOT NULL AND model_key IN (SELECT model_key FROM staged_offer)",
    ];

    public IReadOnlyList<string> WriteTiers => [$"INSERT INTO {_s}offer_tier ({Names(TierColumns)}) SELECT {Names(TierColumns)} FROM staged_tier"];

    public IReadOnlyList<string> WritePrices =>
    [
        $"""
        INSERT INTO {_s}price_history ({Id}, sync_id, old, new, changed_at, changed_by)
        SELECT {Id}, @sync, old, new, @now, @by FROM staged_price WHERE 1 = 1 ON CONFLICT ({Id}, sync_id) DO NOTHING
        """,
    ];

    public string HideSample =>
        $"UPDATE {_s}offer SET missing_since = @now, missed_runs = {Hidden} WHERE source = @sample AND missed_runs < {Hidden}";

    // Benchmarks, popularity and where weights lie.
    public IReadOnlyList<string> WriteBenchmarks => Merge("benchmark", "staged_benchmark", ["aa_id"], BenchmarkColumns, Present);

    public IReadOnlyList<string> WritePopularity => Merge("hf_stat", "staged_popularity", ["hf_id"], PopularityColumns, Present);

    public string WriteLinks => $"UPDATE {_s}hf_stat AS t SET model_key = s.model_key FROM staged_link AS s WHERE t.hf_id = s.hf_id";

    public IReadOnlyList<string> WriteWeights => Merge("model_weights", "staged_weights", ["hf_id"], WeightsColumns);

    public IReadOnlyList<string> WriteHolds =>
    [
        $"""
        INSERT INTO {_s}quarantine AS stored (source, {Id}, reason, detail, raw, raw_hash, sync_id, held_at)
        SELECT @source, {Id}, reason, detail, raw, raw_hash, @sync, @now FROM staged_hold WHERE 1 = 1
        ON CONFLICT (source, {Id}, reason) DO UPDATE SET detail = excluded.detail, raw = excluded.raw, raw_hash = excluded.raw_hash,
            sync_id = excluded.sync_id, held_at = excluded.held_at, released_at = NULL
        WHERE stored.released_at IS NOT NULL OR stored.raw_hash <> excluded.raw_hash OR stored.detail <> excluded.detail
        """,
    ];

    public IReadOnlyList<string> WriteReleases =>
    [
        $"""
        UPDATE {_s}quarantine SET released_at = @now WHERE source = @source AND released_at IS NULL
        AND ({Id}, reason) IN (SELECT {Id}, reason FROM staged_release)
        """,
    ];

    public IReadOnlyList<string> WriteMarks =>
    [
        $"""
        UPDATE {_s}quarantine SET released_at = @now WHERE reason = '{HoldReasons.CrossCheck}' AND released_at IS NULL
        AND (source, {Id}) NOT IN (SELECT source, {Id} FROM staged_mark)
        """,
        $"""
        INSERT INTO {_s}quarantine AS stored (source, {Id}, reason, detail, raw, raw_hash, sync_id, held_at)
        SELECT source, {Id}, '{HoldReasons.CrossCheck}', detail, '', '', @sync, @now FROM staged_mark WHERE 1 = 1
        ON CONFLICT (source, {Id}, reason) DO UPDATE SET detail = excluded.detail, sync_id = excluded.sync_id, held_at = excluded.held_at, released_at = NULL
        WHERE stored.released_at IS NOT NULL
        """,
    ];

    // Runs.
    public string Abandon => $"""
        UPDATE {_s}sync_run SET status = 'failed', ended_at = @now, message = '{Abandoned}: its process ended before it did'
        WHERE kind = @kind AND status = 'running' AND id <> @id AND started_at < @before
        """;

    public string Running => $"SELECT id FROM {_s}sync_run WHERE kind = @kind AND status = 'running'";

    public string Begin => $"""
        INSERT INTO {_s}sync_run (id, kind, status, started_by, forced, started_at) VALUES (@id, @kind, 'running', @by, @forced, @now)
        ON CONFLICT (id) DO NOTHING
        """;

    public string End => $"UPDATE {_s}sync_run SET status = @status, message = @message, health = @health, ended_at = @now WHERE id = @id AND status = 'running'";

    public string Run => $"SELECT id, kind, status, started_by, forced, started_at, ended_at, message, health FROM {_s}sync_run WHERE id = @sync";

    public string LastRuns => $"""
        SELECT id FROM {_s}sync_run WHERE kind = @kind AND started_at >= @from AND started_at < @until
        AND (@after = '' OR (started_at, id) < (SELECT started_at, id FROM {_s}sync_run WHERE id = @after))
        ORDER BY started_at DESC, id DESC LIMIT @limit
        """;

    public string RecordSource => $"""
        INSERT INTO {_s}sync_source_run (sync_id, source, status, fetched, readable, stored, updated, unchanged, missing, quarantined, price_changes,
            errors, ended_at, verified_on)
        VALUES (@sync, @source, @status, @fetched, @readable, @stored, @updated, @unchanged, @missing, @quarantined, @changes, @errors, @now, @verified)
        ON CONFLICT (sync_id, source) DO UPDATE SET status = excluded.status, fetched = excluded.fetched, readable = excluded.readable,
            stored = excluded.stored, updated = excluded.updated, unchanged = excluded.unchanged, missing = excluded.missing,
            quarantined = excluded.quarantined, price_changes = excluded.price_changes, errors = excluded.errors, ended_at = excluded.ended_at,
            verified_on = excluded.verified_on
        """;

    public string SourceRuns => $"""
        SELECT source, status, fetched, readable, stored, updated, unchanged, missing, quarantined, price_changes, errors, verified_on
        FROM {_s}sync_source_run WHERE sync_id = @sync ORDER BY source
        """;

    /// <summary>Stored benchmarks or popularity, which are no offers; null for a source of offers.</summary>
    public string? Facts(string source) => Table(source) is var (table, id) ? $"SELECT {id}, raw_hash, missed_runs, model_key FROM {_s}{table}" : null;

    public IReadOnlyList<string> WriteMissing(string source)
    {
        const string Miss = "missing_since = coalesce(missing_since, @now), missed_runs = missed_runs + 1";
        if (Table(source) is var (table, id))
        {
            return [$"UPDATE {_s}{table} SET {Miss} WHERE {id} IN (SELECT provider_model_id FROM staged_missing)"];
        }

        return
        [
            $"UPDATE {_s}offer_source SET {Miss} WHERE source = @source AND ({Id}) IN (SELECT {Id} FROM staged_missing)",
            $"UPDATE {_s}offer SET {Miss} WHERE source = @source AND ({Id}) IN (SELECT {Id} FROM staged_missing)",
            $"""
            UPDATE {_s}model SET last_seen = @now WHERE last_seen IS NULL
            AND model_key IN (SELECT o.model_key FROM {_s}offer o JOIN staged_missing m ON m.provider_id = o.provider_id AND m.provider_model_id = o.provider_model_id)
            AND NOT EXISTS (SELECT 1 FROM {_s}offer o WHERE o.model_key = {_s}model.model_key AND o.missed_runs = 0)
            """,
        ];
    }

    private static (string Table, string Id)? Table(string source) => source switch
    {
        SourceNames.ArtificialAnalysis => ("benchmark", "aa_id"),
        SourceNames.HuggingFace => ("hf_stat", "hf_id"),
        _ => null,
    };

    /// <summary>Updates the rows that are there and inserts the others.</summary>
    /// <param name="table">Where to.</param>
    /// <param name="staged">Where from; <c>s</c> in conditions.</param>
    /// <param name="key">Columns by which a staged row finds its stored one.</param>
    /// <param name="columns">Columns that are taken as they were staged, the key among them.</param>
    /// <param name="also">Columns that get a value in either case.</param>
    /// <param name="onlyNew">Columns that only a new row gets.</param>
    private IReadOnlyList<string> Merge(
        string table,
        string staged,
        IReadOnlyList<string> key,
        IEnumerable<StagedColumn> columns,
        IReadOnlyList<(string Column, string Value)>? also = null,
        IReadOnlyList<(string Column, string Value)>? onlyNew = null)
    {
        List<(string Column, string Value)> either = [.. Taken(columns), .. also ?? []];
        List<(string Column, string Value)> whole = [.. either, .. onlyNew ?? []];
        return
        [
            Update(table, staged, key, either),
            $"""
            INSERT INTO {_s}{table} ({string.Join(", ", whole.Select(set => set.Column))}) SELECT {string.Join(", ", whole.Select(set => set.Value))}
            FROM {staged} AS s WHERE NOT EXISTS (SELECT 1 FROM {_s}{table} AS t WHERE {Same(key)})
            """,
        ];
    }

    /// <summary>Updates the rows that are there.</summary>
    /// <param name="table">Where.</param>
    /// <param name="staged">From where.</param>
    /// <param name="key">Columns by which a staged row finds its stored one.</param>
    /// <param name="columns">What each gets.</param>
    /// <param name="within">Which stored rows are meant at all.</param>
    private string Update(string table, string staged, IReadOnlyList<string> key, IEnumerable<(string Column, string Value)> columns, string within = "1 = 1") =>
        $"""
        UPDATE {_s}{table} AS t SET {string.Join(", ", columns.Where(set => !key.Contains(set.Column)).Select(set => $"{set.Column} = {set.Value}"))}
        FROM {staged} AS s WHERE {within} AND {Same(key)}
        """;

    private static IEnumerable<(string Column, string Value)> Taken(IEnumerable<StagedColumn> columns) => columns.Select(column => (column.Name, $"s.{column.Name}"));

    private static string Same(IReadOnlyList<string> key) => string.Join(" AND ", key.Select(column => $"t.{column} = s.{column}"));

    private static IEnumerable<StagedColumn> Prices() =>
        PriceColumns.Names.Select((name, n) => new StagedColumn(name, n < 2 ? StagedType.Text : StagedType.Number));

    private static string Names(IEnumerable<StagedColumn> columns) => string.Join(", ", columns.Select(column => column.Name));
}
