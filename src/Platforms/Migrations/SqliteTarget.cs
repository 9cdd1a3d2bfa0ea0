using Dapper;
using Microsoft.Data.Sqlite;
using Sluice.Orchestration.Ports;
using SQLitePCL;

namespace Sluice.Platforms.Migrations;

/// <summary>A SQLite file. SQLite itself splits the statements, so triggers and odd quotes are read as it reads them.</summary>
internal sealed class SqliteTarget : IMigrationTarget
{
    private readonly string _path;
    private readonly SqliteConnection _connection;

    public SqliteTarget(string path)
    {
        Batteries_V2.Init();
        _path = path;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
    }

    public async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (SqliteException exception)
        {
            throw exception.SqliteErrorCode switch
            {
                5 or 6 =>
                    new PlatformException(PlatformError.NotApplied, $"{_path} is locked by another program; nothing was run.", exception),
                8 or 14 or 23 =>
                    new PlatformException(PlatformError.Unauthorized, $"{_path} cannot be opened for writing: {exception.Message}", exception),
                11 or 26 => new PlatformException(PlatformError.Invalid, $"{_path} is damaged or is no SQLite database.", exception),
                _ => new PlatformException(PlatformError.Unreachable, $"{_path}: {exception.Message}", exception),
            };
        }
    }

    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (_connection.State != System.Data.ConnectionState.Open)
        {
            await _connection.OpenAsync(cancellationToken);
        }

        await _connection.ExecuteAsync("PRAGMA busy_timeout = 15000; BEGIN IMMEDIATE");
    }

    public async Task<IReadOnlyDictionary<string, string>> AppliedAsync(CancellationToken cancellationToken)
    {
        await _connection.ExecuteAsync(SqlMigrator.CreateTable("integer"));
        return (await _connection.QueryAsync<AppliedFile>("SELECT path AS Path, sha256 AS Sha256 FROM sluice_migrations"))
            .ToDictionary(f => f.Path, f => f.Sha256);
    }

    public Task ExecuteAsync(SqlText file, CancellationToken cancellationToken)
    {
        var handle = _connection.Handle!;
        var rest = file.Text;
        while (rest.Length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var start = file.Text.Length - rest.TrimStart().Length;
            Check(raw.sqlite3_prepare_v2(handle, rest, out var statement, out rest));
            using (statement)
            {
                int result;
                do
                {
                    // Nothing to step through in a comment at the end.
                    result = statement is null || statement.IsInvalid ? raw.SQLITE_DONE : raw.sqlite3_step(statement);
                }
                while (result == raw.SQLITE_ROW);

                Check(result);
            }

            if (raw.sqlite3_get_autocommit(handle) != 0)
            {
                throw SqlMigrator.EndedTransaction(file);
            }

            void Check(int result)
            {
                if (result is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL or raw.SQLITE_IOERR)
                {
                    throw new SqliteException(raw.sqlite3_errmsg(handle).utf8_to_string(), result);
                }

                if (result is not (raw.SQLITE_OK or raw.SQLITE_DONE))
                {
                    throw SqlMigrator.Failed(file, start, raw.sqlite3_errmsg(handle).utf8_to_string(), new SqliteException("SQLite", result));
                }
            }
        }

        return Task.CompletedTask;
    }

    public Task AddAsync(SqlText file, DateTimeOffset at, CancellationToken cancellationToken) => _connection.ExecuteAsync(
        "INSERT INTO sluice_migrations (path, sha256, applied_at) VALUES (@Path, @Sha256, @at)",
        new { file.Path, file.Sha256, at = at.ToUnixTimeMilliseconds() });

    public Task RemoveAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) =>
        _connection.ExecuteAsync("DELETE FROM sluice_migrations WHERE path IN @paths", new { paths });

    public Task CommitAsync(CancellationToken cancellationToken) => _connection.ExecuteAsync("COMMIT");

    // Closing the connection rolls back what was begun.
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}

/// <summary>A row of <c>sluice_migrations</c>.</summary>
internal sealed class AppliedFile
{
    public string Path { get; init; } = "";

    public string Sha256 { get; init; } = "";
}
