using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Sluice.Catalog.Store;

/// <summary>What differs between the two databases: how to connect, the schema's text, and how writers take turns.</summary>
internal sealed class CatalogDatabase : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // A token has five minutes left at least whenever it is asked for.
    private static readonly TimeSpan PasswordRefresh = TimeSpan.FromMinutes(4);
    private const int Piece = 32 * 1024;
    private DbConnection? _keepsMemoryAlive;

    private CatalogDatabase(DatabaseAddress address, DbDataSource source) => (Address, Source) = (address, source);

    public DatabaseAddress Address { get; }

    public DbDataSource Source { get; }

    /// <summary>Of PostgreSQL; null with SQLite.</summary>
    public ConnectionPool? Pool { get; private init; }

    public bool IsPostgres => Address is DatabaseAddress.Postgres;

    /// <summary>Prefix of every table.</summary>
    public string Schema => IsPostgres ? "catalog." : "";

    public IReadOnlyList<string> Migrations => IsPostgres ? CatalogSchema.Postgres : CatalogSchema.Sqlite;

    // Not to_regclass: it may answer from the session's cache and miss what another process has just committed.
    public string HasSchema => IsPostgres
        ? "SELECT count(*) FROM pg_tables WHERE schemaname = 'catalog' AND tablename = 'schema_version'"
        : "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'";

    public static CatalogDatabase Connect(DatabaseAddress address)
    {
        if (address is DatabaseAddress.Postgres postgres)
        {
            var builder = new NpgsqlConnectionStringBuilder(postgres.ConnectionString);
            // Many small replicas share one server: ours must not take its hundred connections alone.
            SetDefault(builder, "Maximum Pool Size", 10);
            SetDefault(builder, "Timeout", (int)Patience.TotalSeconds);
            SetDefault(builder, "Command Timeout", (int)Patience.TotalSeconds);
            SetDefault(builder, "Application Name", "sluice-catalog");
            // Syncs move megabytes each way: fewer, larger pieces.
            SetDefault(builder, "Read Buffer Size", Piece);
            SetDefault(builder, "Write Buffer Size", Piece);
            var source = new NpgsqlDataSourceBuilder(builder.ConnectionString);
            if (postgres.Password is { } password)
            {
                source.UsePeriodicPasswordProvider((_, cancellationToken) => password(cancellationToken), PasswordRefresh, Patience);
            }

            source.Name = $"sluice-catalog-{Guid.NewGuid():N}";
            return new CatalogDatabase(address, source.Build()) { Pool = new ConnectionPool(source.Name, builder.MaxPoolSize) };
        }

        SQLitePCL.Batteries_V2.Init();
        var sqlite = new SqliteConnectionStringBuilder { DefaultTimeout = (int)Patience.TotalSeconds };
        if (address is DatabaseAddress.SqliteFile file)
        {
            sqlite.DataSource = file.Path;
        }
        else
        {
            sqlite.DataSource = $"catalog-{Guid.NewGuid():N}";
            sqlite.Mode = SqliteOpenMode.Memory;
            sqlite.Cache = SqliteCacheMode.Shared;
        }

        return new CatalogDatabase(address, SqliteFactory.Instance.CreateDataSource(sqlite.ConnectionString));
    }

    /// <summary>Before the first use: the folder of a file, the one connection that a database in memory lives by.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        switch (Address)
        {
            case DatabaseAddress.SqliteFile file:
                Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
                break;
            case DatabaseAddress.SqliteMemory:
                _keepsMemoryAlive = await Source.OpenConnectionAsync(cancellationToken);
                break;
        }
    }

    /// <summary>A transaction that excludes every other writer of the catalogue, in other processes too.</summary>
    /// <param name="connection">Open.</param>
    /// <param name="cancellationToken">Ends the wait for the others.</param>
    /// <param name="patience">Longest wait for the others; null for what a caller at a keyboard waits.</param>
    public async Task<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellationToken, TimeSpan? patience = null)
    {
        var seconds = (int)(patience ?? Patience).TotalSeconds;
        if (connection is SqliteConnection sqlite)
        {
            sqlite.DefaultTimeout = seconds;
        }

        // Microsoft.Data.Sqlite begins IMMEDIATE: the lock is taken here, not at the first write.
        var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (IsPostgres)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT pg_advisory_xact_lock(hashtext('sluice'), hashtext('catalog'))";
            command.CommandTimeout = seconds;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return transaction;
    }

    /// <summary>Uses a connection.</summary>
    /// <exception cref="CatalogStoreException">The database failed, in words that say what to do.</exception>
    public async Task<T> UseAsync<T>(Func<DbConnection, Task<T>> use, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await Source.OpenConnectionAsync(cancellationToken);
            return await use(connection);
        }
        catch (DbException failure)
        {
            throw Explain(failure);
        }
    }

    /// <summary>The same failure in words that say what to do.</summary>
    public CatalogStoreException Explain(Exception failure)
    {
        var reason = failure switch
        {
            SqliteException { SqliteErrorCode: 5 or 6 } => "is locked by another process; end the one that holds it",
            SqliteException { SqliteErrorCode: 8 } => "is read-only; give the user of this process write access to the file and its folder",
            SqliteException { SqliteErrorCode: 11 } => "is damaged; restore it, or delete it to start with the bundled sample",
            SqliteException { SqliteErrorCode: 13 } => "cannot grow because the disk is full",
            SqliteException { SqliteErrorCode: 14 } => "cannot be opened; the path must be a file in a folder that this user may write",
            SqliteException { SqliteErrorCode: 26 } => "is not a SQLite database; point DATABASE_URL or DATA_DIR elsewhere",
            UnauthorizedAccessException or IOException => "cannot be made: its folder is missing and this user may not create it",
            PostgresException e => $"refused: {e.MessageText} ({e.SqlState})",
            NpgsqlException { InnerException: { } e } => $"does not answer: {e.Message.TrimEnd('.')}",
            _ => $"failed: {failure.Message.TrimEnd('.')}",
        };
        return new CatalogStoreException($"The catalogue's database ({Address}) {reason}.", failure);
    }

    public async ValueTask DisposeAsync()
    {
        if (_keepsMemoryAlive is not null)
        {
            await _keepsMemoryAlive.DisposeAsync();
        }

        if (!IsPostgres)
        {
            using var connection = (SqliteConnection)Source.CreateConnection();
            SqliteConnection.ClearPool(connection);
        }

        Pool?.Dispose();
        await Source.DisposeAsync();
    }

    private static void SetDefault(NpgsqlConnectionStringBuilder builder, string name, object value)
    {
        if (!builder.ShouldSerialize(name))
        {
            builder[name] = value;
        }
    }
}
