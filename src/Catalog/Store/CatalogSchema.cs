namespace Sluice.Catalog.Store;

/// <summary>
/// The tables, as one script per version; a script that was released never changes. Both databases hold the same:
/// prices exact (SQLite has no decimal type, so text there), ids compared byte by byte so that both page in the same order.
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
            release_date TEXT
        );
        CREATE TABLE offer (
            provider_id TEXT NOT NULL CHECK (provider_id <> '' AND instr(provider_id, '/') = 0),
            provider_model_id TEXT NOT NULL CHECK (provider_model_id <> ''),
            source TEXT NOT NULL,
            model_key TEXT NOT NULL REFERENCES model (model_key),
            price_kind TEXT NOT NULL CHECK (price_kind IN ('fixed', 'free', 'subscription', 'dynamic', 'unknown')),
            input TEXT,
            output TEXT,
            cache_read TEXT,
            cache_write TEXT,
            context INTEGER,
            max_output INTEGER,
            modalities_in TEXT NOT NULL,
            modalities_out TEXT NOT NULL,
            status TEXT NOT NULL,
            PRIMARY KEY (provider_id, provider_model_id)
        );
        CREATE INDEX offer_model ON offer (model_key);
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
            release_date text
        );
        CREATE TABLE catalog.offer (
            provider_id text COLLATE "C" NOT NULL CHECK (provider_id <> '' AND strpos(provider_id, '/') = 0),
            provider_model_id text COLLATE "C" NOT NULL CHECK (provider_model_id <> ''),
            source text NOT NULL,
            model_key text COLLATE "C" NOT NULL REFERENCES catalog.model (model_key),
            price_kind text NOT NULL CHECK (price_kind IN ('fixed', 'free', 'subscription', 'dynamic', 'unknown')),
            input numeric(20,10),
            output numeric(20,10),
            cache_read numeric(20,10),
            cache_write numeric(20,10),
            context integer,
            max_output integer,
            modalities_in text NOT NULL,
            modalities_out text NOT NULL,
            status text NOT NULL,
            PRIMARY KEY (provider_id, provider_model_id)
        );
        CREATE INDEX offer_model ON catalog.offer (model_key);
        """,
    ];
}
