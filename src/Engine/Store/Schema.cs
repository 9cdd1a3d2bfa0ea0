using Microsoft.Data.Sqlite;

namespace Sluice.Engine.Store;

/// <summary>The file's tables, and opening it. All times are Unix milliseconds, UTC.</summary>
internal static class Schema
{
    /// <summary>Raised with every change of the tables or of the stored history.</summary>
    public const int Version = 1;

    // "SLUE": tells the engine's file from any other SQLite file.
    private const int ApplicationId = 0x534C5545;

    private const string Tables = """
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

    /// <summary>Opens the file for writing, makes its tables when it is new, and refuses what is not an engine's file.</summary>
    /// <exception cref="EngineStoreException">The file cannot be used.</exception>
    public static SqliteConnection Open(EngineOptions options)
    {
        SQLitePCL.Batteries_V2.Init();
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(options.Path))!;
        SqliteConnection? connection = null;
        try
        {
            Directory.CreateDirectory(folder);
            connection = Connect(options.Path, SqliteOpenMode.ReadWriteCreate);
            Prepare(connection, options);
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

    /// <summary>Opens the file for reading beside the writer.</summary>
    public static SqliteConnection OpenReader(string path)
    {
        var connection = Connect(path, SqliteOpenMode.ReadWrite);
        Execute(connection, "PRAGMA query_only = 1");
        return connection;
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
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Prepare(SqliteConnection connection, EngineOptions options)
    {
        var tables = Number(connection, "SELECT count(*) FROM sqlite_master");
        if (tables > 0)
        {
            Check(connection, options.Path);
        }

        Execute(connection, "PRAGMA journal_mode = WAL");
        // Hot pages are then written to the file once for many commits.
        Execute(connection, "PRAGMA wal_autocheckpoint = 4000");
        Execute(connection, options.Synchronous == StoreSynchronous.Full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        if (tables == 0)
        {
            Execute(connection, $"BEGIN IMMEDIATE; PRAGMA application_id = {ApplicationId}; {Tables} COMMIT");
        }

        if (options.MaxPages is { } pages)
        {
            Execute(connection, $"PRAGMA max_page_count = {pages}");
        }
    }

    private static void Check(SqliteConnection connection, string path)
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
    }

    private static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long number ? number : 0;
    }
}
