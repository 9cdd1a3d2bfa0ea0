using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sluice.Testing.Contract;

namespace Sluice.Registry.Tests;

/// <summary>Tables of its own for the registry of one test.</summary>
public abstract class SqlPlace : RegistryPlace
{
    /// <summary>Type of a column of bytes.</summary>
    protected abstract string Bytes { get; }

    public override long CurrentSchema => 3;

    public override async Task<OpenRegistry> OpenAsync()
    {
        var registry = await OpenRegistryAsync();
        return new(registry.Deployments, registry.Events, registry.Coordination, registry.Keys, registry.PingAsync, registry);
    }

    public abstract Task<SluiceRegistry> OpenRegistryAsync();

    /// <summary>Runs SQL behind the registry's back.</summary>
    public abstract Task ExecuteAsync(string sql);

    public abstract Task<IReadOnlyList<string>> QueryAsync(string sql);

    public override async Task<IReadOnlyList<long>> SchemaVersionsAsync() =>
        [.. (await QueryAsync("SELECT CAST(version AS text) FROM schema_version")).Select(long.Parse)];

    public override Task SetSchemaVersionAsync(long version) => ExecuteAsync($"UPDATE schema_version SET version = {version}");

    public override Task ChangeBundleAsync(string hash) => ExecuteAsync($"UPDATE plans SET bundle = CAST('{{}}' AS {Bytes}) WHERE hash = '{hash}'");

    public override Task TamperAsync(AuditTampering tampering, long number) => ExecuteAsync(tampering switch
    {
        AuditTampering.ChangeActor => $"UPDATE audit SET actor = 'mallory' WHERE number = {number}",
        AuditTampering.DropDetail => $"UPDATE audit SET detail = NULL WHERE number = {number}",
        AuditTampering.ChangeHash => $"UPDATE audit SET hash = 'x' WHERE number = {number}",
        AuditTampering.Remove => $"DELETE FROM audit WHERE number = {number}",
        AuditTampering.RemoveAll => "DELETE FROM audit",
        AuditTampering.RemoveHead => "DELETE FROM audit_head",
        AuditTampering.NumberAs9 => $"UPDATE audit SET number = 9 WHERE number = {number}",
        _ => throw new ArgumentOutOfRangeException(nameof(tampering), tampering, null),
    });
}

public sealed class SqlitePlace : SqlPlace
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("registry-").FullName;

    public string File => Path.Combine(Folder, "registry.db");

    protected override string Bytes => "BLOB";

    public override Task<SluiceRegistry> OpenRegistryAsync() =>
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
public sealed class PostgresPlace : SqlPlace
{
    private readonly string _schema = $"registry_{Guid.NewGuid():N}";

    protected override string Bytes => "bytea";

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

    public override Task<SluiceRegistry> OpenRegistryAsync() =>
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
