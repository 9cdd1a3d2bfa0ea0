using System.Net;
using System.Net.Sockets;
using Dapper;
using Npgsql;
using Sluice.Domain;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Tests.Migrations;

public sealed class PostgresMigratorTests : MigratorContract, IAsyncLifetime
{
    private readonly string _schema = $"migrator_{Guid.NewGuid():N}";

    protected override string Address => $"{Server};Search Path={_schema}";

    private static string Server
    {
        get
        {
            var server = Environment.GetEnvironmentVariable("SLUICE_TEST_POSTGRES");
            Assert.SkipWhen(string.IsNullOrEmpty(server), "SLUICE_TEST_POSTGRES names no PostgreSQL server.");
            return PostgresUrl.TryParse(server!, out var keywords, out _)
                ? string.Join(';', keywords.Select(k => $"{k.Key}={k.Value}"))
                : server!;
        }
    }

    public async ValueTask InitializeAsync() => await ExecuteAsync($"CREATE SCHEMA {_schema}");

    public async ValueTask DisposeAsync() => await ExecuteAsync($"DROP SCHEMA {_schema} CASCADE");

    protected override async Task<string> ScalarAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Address + ";Pooling=False");
        return (await connection.ExecuteScalarAsync<string>(sql))!;
    }

    [Fact]
    public async Task A_function_with_statements_of_its_own_is_one_statement()
    {
        var function = File("db/002_function.sql", """
            CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql AS $body$
            BEGIN
                -- ; not the end
                RETURN n * 2;
            END;
            $body$;
            INSERT INTO items VALUES (twice(2), E'it\'s; :fine @all');
            """);

        await Migrator.UpAsync(Address, [Items, function], default);

        Assert.Equal("it's; :fine @all", await ScalarAsync("SELECT name FROM items WHERE id = 4"));
    }

    [Fact]
    public async Task What_cannot_run_in_a_transaction_is_told_as_the_server_says()
    {
        var refused = await Assert.ThrowsAsync<PlatformException>(() =>
            Migrator.UpAsync(Address, [Items, File("db/002.sql", "\nCREATE INDEX CONCURRENTLY ON items (name);")], default));

        Assert.StartsWith("Invalid: db/002.sql, line 2, column 1: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("25001", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_and_a_dead_server_are_told_without_the_password()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();

        var login = await Assert.ThrowsAsync<PlatformException>(() => Migrator.UpAsync(Address + ";Password=wr0ng", [Items], default));
        var dead = await Assert.ThrowsAsync<PlatformException>(() => Migrator.UpAsync($"postgres://u:wr0ng@127.0.0.1:{port}/db", [Items], default));

        Assert.Equal((PlatformError.Unauthorized, PlatformError.Unreachable), (login.Error, dead.Error));
        Assert.DoesNotContain("wr0ng", login.ToString() + dead, StringComparison.Ordinal);
    }

    private static async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Server + ";Pooling=False");
        await connection.ExecuteAsync(sql);
    }
}
