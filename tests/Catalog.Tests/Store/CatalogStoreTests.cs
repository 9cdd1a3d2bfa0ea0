using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using Sluice.Catalog.Store;

namespace Sluice.Catalog.Tests.Store;

public sealed class SqliteCatalogStoreTests : CatalogStoreContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private protected override string Prefix => "";

    private protected override DatabaseAddress NewDatabase() => new DatabaseAddress.SqliteFile(_folder.File("data/catalog.db"));

    private protected override DbConnection Connect(DatabaseAddress address) =>
        new SqliteConnection($"Data Source={((DatabaseAddress.SqliteFile)address).Path};Pooling=False");

    public void Dispose() => _folder.Dispose();
}

public sealed class PostgresCatalogStoreTests : CatalogStoreContract, IAsyncLifetime
{
    private PostgresDatabase? _database;

    private protected override string Prefix => "catalog.";

    private protected override DatabaseAddress NewDatabase() => _database!.Address;

    private protected override DbConnection Connect(DatabaseAddress address) =>
        new NpgsqlConnection(((DatabaseAddress.Postgres)address).ConnectionString);

    public async ValueTask InitializeAsync() => _database = await PostgresDatabase.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }
}

public sealed class PostgresPoolTests
{
    [Fact]
    public async Task Connections_in_use_are_those_of_this_store_and_no_other()
    {
        await using var database = await PostgresDatabase.CreateAsync();
        var pooled = new DatabaseAddress.Postgres(new NpgsqlConnectionStringBuilder(database.Address.ConnectionString) { Pooling = true, MaxPoolSize = 3 }.ConnectionString);
        await using var other = await CatalogStore.OpenAsync(pooled, default);
        await using var store = await CatalogStore.OpenAsync(pooled, default);
        await using var held = await store.Database.Source.OpenConnectionAsync();
        await using var elsewhere = await other.Database.Source.OpenConnectionAsync();

        var state = await store.CheckAsync(default);

        // The one that is held, and the one that asks.
        Assert.Equal((2, 3), (state.PoolBusy, state.PoolLimit));
    }
}

/// <summary>A database of its own on the server that <c>SLUICE_TEST_POSTGRES</c> names, dropped at the end.</summary>
internal sealed class PostgresDatabase(string server, string name) : IAsyncDisposable
{
    private const string Variable = "SLUICE_TEST_POSTGRES";

    public DatabaseAddress.Postgres Address { get; } =
        new(new NpgsqlConnectionStringBuilder(server) { Database = name, Pooling = false }.ConnectionString);

    public static async Task<PostgresDatabase> CreateAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } server)
        {
            Assert.Skip($"{Variable} names no PostgreSQL server, so nothing is known about the catalogue on PostgreSQL.");
            throw new InvalidOperationException();
        }

        var address = (DatabaseAddress.Postgres)DatabaseAddress.Parse(server);
        var name = $"catalog_test_{Guid.NewGuid():N}";
        await ExecuteAsync(address.ConnectionString, $"CREATE DATABASE {name}");
        return new PostgresDatabase(address.ConnectionString, name);
    }

    public async ValueTask DisposeAsync() => await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");

    private static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
