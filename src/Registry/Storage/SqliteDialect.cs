using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Sluice.Registry.Storage;

/// <summary>One SQLite file: write-ahead log, every commit on disk before it returns.</summary>
internal sealed class SqliteDialect : IDialect
{
    private readonly string _path;
    private readonly string _connectionString;

    /// <summary>Creates the folder and the file if they are missing, readable by their owner only.</summary>
    public SqliteDialect(string path)
    {
        SQLitePCL.Batteries_V2.Init();
        _path = path;
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, DefaultTimeout = 15 }.ToString();
        try
        {
            CreateFile(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(
                RegistryError.RegistryUnavailable,
                $"{path} cannot be opened for writing: {exception.Message} "
                    + "Give the data folder to the user that runs Sluice, or name another with --data.",
                exception);
        }
    }

    public string Place => $"SQLite file {_path}";

    public string Text => "TEXT";

    public string Json => "TEXT";

    public string Bytes => "BLOB";

    public string Instant => "INTEGER";

    public string Rising => "INTEGER PRIMARY KEY AUTOINCREMENT";

    public string Like => "LIKE";

    public SemaphoreSlim? WriteGate { get; } = new(1, 1);

    public string ToInstant(string parameter) => parameter;

    public string FromInstant(string column) => column;

    public string ToJson(string parameter) => parameter;

    public async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await connection.ExecuteAsync("PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public Task PrepareAsync(Session session) => Task.CompletedTask;

    public async Task<bool> HasTableAsync(Session session, string table) =>
        await session.FindAsync<string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name = @table", new { table }) is not null;

    // Transactions begin with BEGIN IMMEDIATE: there is one writer already.
    public Task SerializeAsync(Session session, string name) => Task.CompletedTask;

    public bool IsConflict(Exception exception) => false;

    // Codes: https://www.sqlite.org/rescode.html
    public RegistryException? Explain(Exception exception) => exception is not SqliteException sqlite
        ? null
        : sqlite.SqliteErrorCode switch
        {
            5 or 6 => Unavailable(sqlite, "has been locked by another program for 15 s: end what else writes to it."),
            8 or 14 or 23 => Unavailable(sqlite, "cannot be opened for writing: give the file and its folder to the user that runs Sluice."),
            10 => Unavailable(sqlite, "cannot be read or written (I/O error): look at the disk and the kernel's log."),
            13 => Unavailable(sqlite, "cannot grow: the disk is full. Free some space; nothing was half written."),
            11 or 26 => new(
                RegistryError.RegistryCorrupt,
                $"{_path} is damaged or is no SQLite database: restore it from a backup, or move it away to begin with an empty registry.",
                sqlite),
            _ => null,
        };

    public ValueTask DisposeAsync()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
        WriteGate?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static void CreateFile(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
    }

    private RegistryException Unavailable(SqliteException cause, string message) =>
        new(RegistryError.RegistryUnavailable, $"{_path} {message}", cause);
}
