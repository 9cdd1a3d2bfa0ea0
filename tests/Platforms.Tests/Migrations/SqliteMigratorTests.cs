using Dapper;
using Microsoft.Data.Sqlite;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Tests.Migrations;

public sealed class SqliteMigratorTests : MigratorContract, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("migrator-").FullName;

    protected override string Address => "sqlite://" + Database;

    private string Database => Path.Combine(_folder, "app.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    protected override async Task<string> ScalarAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        return (await connection.ExecuteScalarAsync<string>(sql))!;
    }

    [Fact]
    public async Task A_plain_path_and_a_URL_are_the_same_file()
    {
        await Migrator.UpAsync(Database, [Items], default);

        Assert.Empty(await Migrator.UpAsync("sqlite:///" + Database.TrimStart('/'), [Items], default));
    }

    [Fact]
    public async Task A_trigger_with_statements_of_its_own_is_one_statement()
    {
        var trigger = File("db/002_trigger.sql", """
            CREATE TABLE log (entry text);
            CREATE TRIGGER logged AFTER INSERT ON items
            BEGIN
                INSERT INTO log VALUES ('a;b');
                INSERT INTO log VALUES (new.name);
            END;
            INSERT INTO items VALUES (2, 'two');
            """);

        await Migrator.UpAsync(Address, [Items, trigger], default);

        Assert.Equal("2", await ScalarAsync("SELECT CAST(count(*) AS text) FROM log"));
    }

    [Theory]
    [InlineData("mysql://u:s3cret@host/db")]
    [InlineData("Server=s3cret;Database=x")]
    [InlineData("postgres://u:s3cret@host:nope/db")]
    [InlineData("")]
    public async Task An_address_that_is_none_is_refused_without_repeating_it(string address)
    {
        var refused = await Assert.ThrowsAsync<PlatformException>(() => Migrator.UpAsync(address, [Items], default));

        Assert.Equal(PlatformError.Invalid, refused.Error);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused()
    {
        await System.IO.File.WriteAllTextAsync(Database, string.Concat(Enumerable.Repeat("no database ", 500)));

        var refused = await Assert.ThrowsAsync<PlatformException>(() => Migrator.UpAsync(Address, [Items], default));

        Assert.StartsWith("Invalid: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("no SQLite database", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_missing_is_told()
    {
        var refused = await Assert.ThrowsAsync<PlatformException>(() => Migrator.UpAsync(Path.Combine(_folder, "missing", "app.db"), [Items], default));

        Assert.Contains("cannot be opened", refused.Message, StringComparison.Ordinal);
    }
}
