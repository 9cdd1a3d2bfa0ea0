using Microsoft.Data.Sqlite;

namespace Sluice.Engine.Store;

/// <summary>The file's tables, and opening it. All times are Unix milliseconds, UTC.</summary>
internal static class Schema
{
    // "SLUE": tells the engine's file from any other SQLite file.
    private const int ApplicationId = 0x534C5545;

    private const string First = """
        CREATE TABLE schema_version (version INTEGER NOT NULL);
        INSERT INTO schema_version VALUES (1);

        -- key: never used twice, so that a late message cannot reach another instance of the same id.
        -- execution: counts the runs of continue-as-new.
        CREATE TABLE instances (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            version TEXT NOT NULL,
            status INTEGER NOT NULL,
            execution INTEGER NOT NULL,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            input TEXT,
            output TEXT,
            custom_status TEXT,
            failure TEXT,
            tags TEXT,
            parent_key INTEGER,
            parent_task INTEGER,
            parent_name TEXT,
            parent_id TEXT);

        -- One row a turn: a JSON array of its events. position = instance << 24 | turn, so that an instance lies together.
        CREATE TABLE history (position INTEGER PRIMARY KEY, events TEXT NOT NULL);

        -- What an instance has not taken yet.
        CREATE TABLE inbox (number INTEGER PRIMARY KEY, instance INTEGER NOT NULL, event TEXT NOT NULL);
        CREATE INDEX inbox_instance ON inbox (instance);

        -- Activities without a recorded result; task is the number of the decision.
        CREATE TABLE activities (
            instance INTEGER NOT NULL, task INTEGER NOT NULL, name TEXT NOT NULL, input TEXT,
            PRIMARY KEY (instance, task)) WITHOUT ROWID;

        -- Timers that are to fire; task -1 is the start of the run.
        CREATE TABLE timers (
            instance INTEGER NOT NULL, task INTEGER NOT NULL, due INTEGER NOT NULL,
            PRIMARY KEY (instance, task)) WITHOUT ROWID;
        """;

    // Texts of any column may from now on be a BLOB: see Payload.
    private const string Second = """
        -- ended: the status it ended with; null while it lives. Unlike status, it changes once, and so its index with it.
        ALTER TABLE instances ADD COLUMN ended INTEGER;
        UPDATE instances SET ended = status WHERE status IN (1, 3, 4, 5);
        CREATE INDEX instances_ended ON instances (ended, created);
        CREATE INDEX instances_name ON instances (name COLLATE NOCASE, created);
        CREATE INDEX instances_parent ON instances (parent_key) WHERE parent_key IS NOT NULL;

        -- The words of instances.tags, one a row.
        CREATE TABLE tags (
            tag TEXT NOT NULL, value TEXT NOT NULL, created INTEGER NOT NULL, instance INTEGER NOT NULL,
            PRIMARY KEY (tag, value, created, instance)) WITHOUT ROWID;
        INSERT INTO tags SELECT t.key, t.value, i.created, i.key FROM instances i, json_each(i.tags) t WHERE t.value IS NOT NULL;

        -- trace: the span that started the instance, as a W3C traceparent; null when nobody traced.
        ALTER TABLE instances ADD COLUMN trace TEXT;
        """;

    // Each brings a file to the next version; an empty one begins with the first. What a release has written is never edited.
    private static readonly string[] Steps = [First, Second];

    /// <summary>Raised with every change of the tables or of the stored history.</summary>
    public static int Version => Steps.Length;

    /// <summary>Opens the file for writing, makes or migrates its tables, and refuses what is not an engine's file.</summary>
    /// <exception cref="EngineStoreException">The file cannot be used.</exception>
    public static SqliteConnection Open(EngineOptions options) => Open(options, out _);

    /// <summary>The same; tells of the examination that was made, if the file had not been closed.</summary>
    /// <exception cref="EngineStoreException">The file cannot be used.</exception>
    public static SqliteConnection Open(EngineOptions options, out StoreCheck? check)
    {
        check = null;
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(options.Path))!;
        SqliteConnection? connection = null;
        try
        {
            Directory.CreateDirectory(folder);
            var unclosed = StoreCheck.IsNeeded(options.Path);
            connection = Connect(options.DataSource, SqliteOpenMode.ReadWriteCreate);
            var version = Number(connection, "SELECT count(*) FROM sqlite_master") == 0 ? 0 : Check(connection, options.Path);
            check = unclosed ? StoreCheck.Run(connection, options.Path) : null;
            Prepare(connection, options, version);
            return connection;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            connection?.Dispose();
            throw new EngineStoreException(
                "StoreUnwritable", $"The folder '{folder}' cannot be written ({e.Message}). Give another data folder or the right to write there.", e);
        }
        catch (SqliteException e)
        {
            connection?.Dispose();
            throw Translate(e, options.Path);
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    /// <summary>Opens the file, or a database in memory, for reading beside the writer. Leaves the write-ahead log as it is, also when it is the last to close: see <see cref="StoreCheck"/>.</summary>
    public static SqliteConnection OpenReader(string path)
    {
        const int noCheckpointOnClose = 1006;
        var connection = Connect(path, SqliteOpenMode.ReadWrite);
        _ = SQLitePCL.raw.sqlite3_db_config(connection.Handle, noCheckpointOnClose, 1, out _);
        Execute(connection, "PRAGMA query_only = 1");
        return connection;
    }

    /// <summary>A connection that keeps a database in memory alive.</summary>
    public static SqliteConnection OpenMemory(string path) =>
        Connect(new EngineOptions { Path = path, InMemory = true }.DataSource, SqliteOpenMode.ReadWriteCreate);

    /// <summary>The version of an engine's file, which may be in use.</summary>
    /// <exception cref="EngineStoreException">It is not one, or a newer program wrote it.</exception>
    public static long VersionOf(string path)
    {
        try
        {
            using var connection = OpenReader(path);
            return Check(connection, path);
        }
        catch (SqliteException e)
        {
            throw Translate(e, path);
        }
    }

    /// <summary>SQLite's word for what went wrong, as the person who has to act needs it.</summary>
    public static EngineStoreException Translate(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        5 or 6 => new EngineStoreException("StoreBusy", $"Another program holds '{path}'. Stop it, then start again.", e),
        8 or 14 or 23 => new EngineStoreException(
            "StoreUnwritable", $"'{path}' cannot be opened for writing ({e.Message}). Check its owner and rights, and its folder's.", e),
        10 => new EngineStoreException("StoreFailed", $"The disk under '{path}' refused to read or write ({e.Message}).", e),
        11 => new EngineStoreException("StoreCorrupt", $"'{path}' is damaged ({e.Message}). Restore a backup.", e),
        13 => new EngineStoreException("StoreFull", $"There is no room left for '{path}'. Nothing after the last commit was accepted; free space and start again.", e),
        26 => new EngineStoreException("StoreCorrupt", $"'{path}' is not a database. Restore a backup or give another path.", e),
        _ => new EngineStoreException("StoreFailed", $"'{path}': {e.Message}", e),
    };

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        SQLitePCL.Batteries_V2.Init();
        ExactSleep.Install();
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA busy_timeout = 10000");
            if (path.StartsWith("file:", StringComparison.Ordinal))
            {
                // In memory the connections share one cache, where a reader would otherwise lock its tables against the writer.
                Execute(connection, "PRAGMA read_uncommitted = 1");
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Prepare(SqliteConnection connection, EngineOptions options, long version)
    {
        Execute(connection, "PRAGMA journal_mode = WAL");
        // Hot pages are then written to the file once for many commits.
        Execute(connection, "PRAGMA wal_autocheckpoint = 4000");
        // KiB. Ids are random, so each new one is a page of their index read: more of it stays in memory.
        Execute(connection, "PRAGMA cache_size = -6144");
        Execute(connection, options.Synchronous == StoreSynchronous.Full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        if (version < Version)
        {
            var steps = string.Join('\n', Steps.Skip((int)version));
            Execute(connection, $"BEGIN IMMEDIATE; PRAGMA application_id = {ApplicationId}; {steps} UPDATE schema_version SET version = {Version}; COMMIT");
        }

        if (options.MaxPages is { } pages)
        {
            Execute(connection, $"PRAGMA max_page_count = {pages}");
        }
    }

    /// <summary>The file's version, or a refusal.</summary>
    private static long Check(SqliteConnection connection, string path)
    {
        if (Number(connection, "PRAGMA application_id") != ApplicationId)
        {
            throw new EngineStoreException("StoreForeign", $"'{path}' belongs to another program. Give another path.");
        }

        var version = Number(connection, "SELECT max(version) FROM schema_version");
        if (version > Version)
        {
            throw new EngineStoreException(
                "StoreNewer", $"'{path}' has schema version {version}; this program knows up to {Version}. Use the program that wrote it, or a newer one.");
        }

        return version;
    }

    private static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long number ? number : 0;
    }
}
