namespace Sluice.Catalog.Store;

/// <summary>
/// The tables, as one script per version; a script that was released never changes. Both databases hold the same:
/// prices exact (SQLite has no decimal type, so text there), ids compared byte by byte so that both page in the same order,
/// moments as milliseconds since 1970 UTC.
/// </summary>
internal static class CatalogSchema
{
    public static IReadOnlyList<string> Sqlite { get; } =
    [
        """
        CREATE TABLE schema_version (version INTEGER NOT NULL);
        INSERT INTO schema_version (version) VALUES (0);
        CREATE TABLE model (
            model_key TEXT NOT NULL PRIMARY KEY,
            lab TEXT NOT NULL,
            name TEXT NOT NULL,
            family TEXT,
            open_weights INTEGER,
            release_date TEXT,
            facts_rank INTEGER NOT NULL DEFAULT 100,
            facts_from TEXT,
            first_seen INTEGER NOT NULL DEFAULT 0,
            last_seen INTEGER
        );
        CREATE TABLE offer (
            provider_id TEXT NOT NULL CHECK (provider_id <> '' AND instr(provider_id, '/') = 0),
            provider_model_id TEXT NOT NULL CHECK (provider_model_id <> ''),
            source TEXT NOT NULL,
            model_key TEXT NOT NULL REFERENCES model (model_key),
            variant TEXT,
            version TEXT,
            alias_of TEXT,
            hugging_face_id TEXT,
            price_kind TEXT NOT NULL CHECK (price_kind IN ('fixed', 'free', 'subscription', 'dynamic', 'unknown')),
            currency TEXT NOT NULL DEFAULT 'USD',
            input TEXT,
            output TEXT,
            cache_read TEXT,
            cache_write TEXT,
            reasoning TEXT,
            audio_in TEXT,
            audio_out TEXT,
            image_in TEXT,
            image_out TEXT,
            per_request TEXT,
            per_web_search TEXT,
            context INTEGER,
            max_output INTEGER,
            modalities_in TEXT NOT NULL,
            modalities_out TEXT NOT NULL,
            status TEXT NOT NULL,
            expires_on TEXT,
            missing_since INTEGER,
            missed_runs INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (provider_id, provider_model_id)
        );
        CREATE INDEX offer_model ON offer (model_key);
        CREATE TABLE offer_tier (
            provider_id TEXT NOT NULL,
            provider_model_id TEXT NOT NULL,
            ordinal INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('context', 'time')),
            min_tokens INTEGER,
            utc_from INTEGER,
            utc_to INTEGER,
            price_kind TEXT NOT NULL,
            currency TEXT NOT NULL,
            input TEXT,
            output TEXT,
            cache_read TEXT,
            cache_write TEXT,
            reasoning TEXT,
            audio_in TEXT,
            audio_out TEXT,
            image_in TEXT,
            image_out TEXT,
            per_request TEXT,
            per_web_search TEXT,
            PRIMARY KEY (provider_id, provider_model_id, ordinal),
            FOREIGN KEY (provider_id, provider_model_id) REFERENCES offer (provider_id, provider_model_id)
        );
        CREATE TABLE offer_source (
            source TEXT NOT NULL,
            provider_id TEXT NOT NULL,
            provider_model_id TEXT NOT NULL,
            raw TEXT NOT NULL,
            raw_hash TEXT NOT NULL,
            missing_since INTEGER,
            missed_runs INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (source, provider_id, provider_model_id)
        );
        CREATE TABLE benchmark (
            aa_id TEXT NOT NULL PRIMARY KEY,
            model_key TEXT NOT NULL,
            effort TEXT,
            slug TEXT NOT NULL,
            name TEXT NOT NULL,
            lab TEXT,
            intelligence TEXT,
            coding TEXT,
            maths TEXT,
            tokens_per_second TEXT,
            first_token_seconds TEXT,
            input TEXT,
            output TEXT,
            raw TEXT NOT NULL,
            raw_hash TEXT NOT NULL,
            missing_since INTEGER,
            missed_runs INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX benchmark_model ON benchmark (model_key);
        CREATE TABLE hf_stat (
            hf_id TEXT NOT NULL PRIMARY KEY,
            model_key TEXT,
            downloads INTEGER NOT NULL,
            likes INTEGER NOT NULL,
            raw TEXT NOT NULL,
            raw_hash TEXT NOT NULL,
            missing_since INTEGER,
            missed_runs INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX hf_stat_model ON hf_stat (model_key);
        CREATE TABLE price_history (
            provider_id TEXT NOT NULL,
            provider_model_id TEXT NOT NULL,
            sync_id TEXT NOT NULL,
            old TEXT NOT NULL,
            new TEXT NOT NULL,
            changed_at INTEGER NOT NULL,
            changed_by TEXT NOT NULL,
            PRIMARY KEY (provider_id, provider_model_id, sync_id)
        );
        CREATE TABLE quarantine (
            source TEXT NOT NULL,
            provider_id TEXT NOT NULL,
            provider_model_id TEXT NOT NULL,
            reason TEXT NOT NULL,
            detail TEXT NOT NULL,
            raw TEXT NOT NULL,
            raw_hash TEXT NOT NULL,
            sync_id TEXT NOT NULL,
            held_at INTEGER NOT NULL,
            released_at INTEGER,
            PRIMARY KEY (source, provider_id, provider_model_id, reason)
        );
        CREATE TABLE sync_run (
            id TEXT NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'partial', 'failed')),
            started_by TEXT NOT NULL,
            forced INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            ended_at INTEGER,
            message TEXT,
            health TEXT
        );
        CREATE UNIQUE INDEX sync_run_one_at_a_time ON sync_run (kind) WHERE status = 'running';
        CREATE INDEX sync_run_started_at ON sync_run (kind, started_at);
        CREATE TABLE sync_source_run (
            sync_id TEXT NOT NULL REFERENCES sync_run (id),
            source TEXT NOT NULL,
            status TEXT NOT NULL,
            fetched INTEGER NOT NULL,
            readable INTEGER NOT NULL,
            stored INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            unchanged INTEGER NOT NULL,
            missing INTEGER NOT NULL,
            quarantined INTEGER NOT NULL,
            price_changes INTEGER NOT NULL,
            errors TEXT NOT NULL,
            ended_at INTEGER NOT NULL,
            verified_on TEXT,
            PRIMARY KEY (sync_id, source)
        );
        CREATE INDEX sync_source_run_source ON sync_source_run (source, ended_at);
        CREATE TABLE model_weights (
            hf_id TEXT NOT NULL PRIMARY KEY,
            model_key TEXT NOT NULL
        );
        CREATE TABLE sync_limit (
            kind TEXT NOT NULL PRIMARY KEY,
            enabled INTEGER NOT NULL,
            interval_hours INTEGER,
            sources TEXT,
            set_by TEXT NOT NULL,
            set_at INTEGER NOT NULL,
            reason TEXT
        );
        """,
    ];

    public static IReadOnlyList<string> Postgres { get; } =
    [
        """
        CREATE SCHEMA IF NOT EXISTS catalog;
        CREATE TABLE catalog.schema_version (version integer NOT NULL);
        INSERT INTO catalog.schema_version (version) VALUES (0);
        CREATE TABLE catalog.model (
            model_key text COLLATE "C" NOT NULL PRIMARY KEY,
            lab text NOT NULL,
            name text NOT NULL,
            family text,
            open_weights boolean,
            release_date text,
            facts_rank bigint NOT NULL DEFAULT 100,
            facts_from text,
            first_seen bigint NOT NULL DEFAULT 0,
            last_seen bigint
        );
        CREATE TABLE catalog.offer (
            provider_id text COLLATE "C" NOT NULL CHECK (provider_id <> '' AND strpos(provider_id, '/') = 0),
            provider_model_id text COLLATE "C" NOT NULL CHECK (provider_model_id <> ''),
            source text NOT NULL,
            model_key text COLLATE "C" NOT NULL REFERENCES catalog.model (model_key),
            variant text,
            version text,
            alias_of text,
            hugging_face_id text,
            price_kind text NOT NULL CHECK (price_kind IN ('fixed', 'free', 'subscription', 'dynamic', 'unknown')),
            currency text NOT NULL DEFAULT 'USD',
            input numeric(20,10),
            output numeric(20,10),
            cache_read numeric(20,10),
            cache_write numeric(20,10),
            reasoning numeric(20,10),
            audio_in numeric(20,10),
            audio_out numeric(20,10),
            image_in numeric(20,10),
            image_out numeric(20,10),
            per_request numeric(20,10),
            per_web_search numeric(20,10),
            context bigint,
            max_output bigint,
            modalities_in text NOT NULL,
            modalities_out text NOT NULL,
            status text NOT NULL,
            expires_on text,
            missing_since bigint,
            missed_runs bigint NOT NULL DEFAULT 0,
            PRIMARY KEY (provider_id, provider_model_id)
        );
        CREATE INDEX offer_model ON catalog.offer (model_key);
        CREATE TABLE catalog.offer_tier (
            provider_id text COLLATE "C" NOT NULL,
            provider_model_id text COLLATE "C" NOT NULL,
            ordinal bigint NOT NULL,
            kind text NOT NULL CHECK (kind IN ('context', 'time')),
            min_tokens bigint,
            utc_from bigint,
            utc_to bigint,
            price_kind text NOT NULL,
            currency text NOT NULL,
            input numeric(20,10),
            output numeric(20,10),
            cache_read numeric(20,10),
            cache_write numeric(20,10),
            reasoning numeric(20,10),
            audio_in numeric(20,10),
            audio_out numeric(20,10),
            image_in numeric(20,10),
            image_out numeric(20,10),
            per_request numeric(20,10),
            per_web_search numeric(20,10),
            PRIMARY KEY (provider_id, provider_model_id, ordinal),
            FOREIGN KEY (provider_id, provider_model_id) REFERENCES catalog.offer (provider_id, provider_model_id)
        );
        CREATE TABLE catalog.offer_source (
            source text COLLATE "C" NOT NULL,
            provider_id text COLLATE "C" NOT NULL,
            provider_model_id text COLLATE "C" NOT NULL,
            raw jsonb NOT NULL,
            raw_hash text NOT NULL,
            missing_since bigint,
            missed_runs bigint NOT NULL DEFAULT 0,
            PRIMARY KEY (source, provider_id, provider_model_id)
        );
        CREATE TABLE catalog.benchmark (
            aa_id text COLLATE "C" NOT NULL PRIMARY KEY,
            model_key text COLLATE "C" NOT NULL,
            effort text,
            slug text NOT NULL,
            name text NOT NULL,
            lab text,
            intelligence numeric,
            coding numeric,
            maths numeric,
            tokens_per_second numeric,
            first_token_seconds numeric,
            input numeric(20,10),
            output numeric(20,10),
            raw jsonb NOT NULL,
            raw_hash text NOT NULL,
            missing_since bigint,
            missed_runs bigint NOT NULL DEFAULT 0
        );
        CREATE INDEX benchmark_model ON catalog.benchmark (model_key);
        CREATE TABLE catalog.hf_stat (
            hf_id text COLLATE "C" NOT NULL PRIMARY KEY,
            model_key text COLLATE "C",
            downloads bigint NOT NULL,
            likes bigint NOT NULL,
            raw jsonb NOT NULL,
            raw_hash text NOT NULL,
            missing_since bigint,
            missed_runs bigint NOT NULL DEFAULT 0
        );
        CREATE INDEX hf_stat_model ON catalog.hf_stat (model_key);
        CREATE TABLE catalog.price_history (
            provider_id text COLLATE "C" NOT NULL,
            provider_model_id text COLLATE "C" NOT NULL,
            sync_id text COLLATE "C" NOT NULL,
            old jsonb NOT NULL,
            new jsonb NOT NULL,
            changed_at bigint NOT NULL,
            changed_by text NOT NULL,
            PRIMARY KEY (provider_id, provider_model_id, sync_id)
        );
        CREATE TABLE catalog.quarantine (
            source text COLLATE "C" NOT NULL,
            provider_id text COLLATE "C" NOT NULL,
            provider_model_id text COLLATE "C" NOT NULL,
            reason text COLLATE "C" NOT NULL,
            detail text NOT NULL,
            raw text NOT NULL,
            raw_hash text NOT NULL,
            sync_id text NOT NULL,
            held_at bigint NOT NULL,
            released_at bigint,
            PRIMARY KEY (source, provider_id, provider_model_id, reason)
        );
        CREATE TABLE catalog.sync_run (
            id text COLLATE "C" NOT NULL PRIMARY KEY,
            kind text COLLATE "C" NOT NULL,
            status text NOT NULL CHECK (status IN ('running', 'completed', 'partial', 'failed')),
            started_by text NOT NULL,
            forced bigint NOT NULL,
            started_at bigint NOT NULL,
            ended_at bigint,
            message text,
            health text
        );
        CREATE UNIQUE INDEX sync_run_one_at_a_time ON catalog.sync_run (kind) WHERE status = 'running';
        CREATE INDEX sync_run_started_at ON catalog.sync_run (kind, started_at);
        CREATE TABLE catalog.sync_source_run (
            sync_id text COLLATE "C" NOT NULL REFERENCES catalog.sync_run (id),
            source text COLLATE "C" NOT NULL,
            status text NOT NULL,
            fetched bigint NOT NULL,
            readable bigint NOT NULL,
            stored bigint NOT NULL,
            updated bigint NOT NULL,
            unchanged bigint NOT NULL,
            missing bigint NOT NULL,
            quarantined bigint NOT NULL,
            price_changes bigint NOT NULL,
            errors text NOT NULL,
            ended_at bigint NOT NULL,
            verified_on text,
            PRIMARY KEY (sync_id, source)
        );
        CREATE INDEX sync_source_run_source ON catalog.sync_source_run (source, ended_at);
        CREATE TABLE catalog.model_weights (
            hf_id text COLLATE "C" NOT NULL PRIMARY KEY,
            model_key text COLLATE "C" NOT NULL
        );
        CREATE TABLE catalog.sync_limit (
            kind text COLLATE "C" NOT NULL PRIMARY KEY,
            enabled bigint NOT NULL,
            interval_hours bigint,
            sources text,
            set_by text NOT NULL,
            set_at bigint NOT NULL,
            reason text
        );
        """,
    ];
}
