using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Sluice.Registry.Tests;

/// <summary>A place of its own for the tables of one test.</summary>
public abstract class RegistryPlace : IAsyncDisposable
{
    public abstract Task<SluiceRegistry> OpenAsync();

    /// <summary>Runs SQL behind the registry's back.</summary>
    public abstract Task ExecuteAsync(string sql);

    public abstract Task<IReadOnlyList<string>> QueryAsync(string sql);

    public abstract ValueTask DisposeAsync();
}

public sealed class SqlitePlace : RegistryPlace
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("registry-").FullName;

    public string File => Path.Combine(Folder, "registry.db");

    public override Task<SluiceRegistry> OpenAsync() =>
        SluiceRegistry.OpenAsync(Folder, null, NullLogger<SluiceRegistry>.Instance, default);

    public override async Task ExecuteAsync(string sql)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={File};Pooling=False");
        await connection.ExecuteAsync(sql);
    }

    public override async Task<IReadOnlyList<string>> QueryAsync(string sql)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={File};Pooling=False");
        return (await connection.QueryAsync<string>(sql)).AsList();
    }

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>A schema of its own in the server that <c>SLUICE_TEST_POSTGRES</c> names.</summary>
public sealed class PostgresPlace : RegistryPlace
{
    private readonly string _schema = $"registry_{Guid.NewGuid():N}";

    public static string Server
    {
        get
        {
            var server = Environment.GetEnvironmentVariable("SLUICE_TEST_POSTGRES");
            Assert.SkipWhen(string.IsNullOrEmpty(server), "SLUICE_TEST_POSTGRES names no PostgreSQL server.");
            return Domain.PostgresUrl.TryParse(server!, out var keywords, out _)
                ? string.Join(';', keywords.Select(k => $"{k.Key}={k.Value}"))
                : server!;
        }
    }

    public string ConnectionString => $"{Server};Search Path={_schema};Maximum Pool Size=20";

    public override Task<SluiceRegistry> OpenAsync() =>
        SluiceRegistry.OpenAsync("unused", ConnectionString, NullLogger<SluiceRegistry>.Instance, default);

    public override async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{Server};Search Path={_schema};Pooling=False");
        await connection.ExecuteAsync(sql);
    }

    public override async Task<IReadOnlyList<string>> QueryAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{Server};Search Path={_schema};Pooling=False");
        return (await connection.QueryAsync<string>(sql)).AsList();
    }

    public override async ValueTask DisposeAsync()
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("SLUICE_TEST_POSTGRES")))
        {
            await ExecuteAsync($"DROP SCHEMA IF EXISTS {_schema} CASCADE");
        }
    }
}

/// <summary>What the contract suites share: a place, and two registries open on it, as two servers would have.</summary>
public abstract class RegistryContract : IAsyncLifetime
{
    protected RegistryPlace Place { get; private set; } = null!;

    protected SluiceRegistry Registry { get; private set; } = null!;

    protected SluiceRegistry Other { get; private set; } = null!;

    protected abstract RegistryPlace CreatePlace();

    public async ValueTask InitializeAsync()
    {
        Place = CreatePlace();
        Registry = await Place.OpenAsync();
        Other = await Place.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Other is not null)
        {
            await Other.DisposeAsync();
            await Registry.DisposeAsync();
        }

        await Place.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static DateTimeOffset At(int minute) => new(2026, 3, 1, 12, minute, 30, 123, TimeSpan.Zero);
}
