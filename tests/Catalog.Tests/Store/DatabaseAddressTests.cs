using Npgsql;
using Sluice.Catalog.Store;

namespace Sluice.Catalog.Tests.Store;

public sealed class DatabaseAddressTests
{
    [Theory]
    [InlineData("sqlite:///var/lib/catalog.db", "/var/lib/catalog.db")]
    [InlineData("sqlite:////var/lib/catalog.db", "/var/lib/catalog.db")]
    [InlineData("/var/lib/catalog.db", "/var/lib/catalog.db")]
    public void A_file_is_named_by_url_or_path(string text, string path) =>
        Assert.Equal(new DatabaseAddress.SqliteFile(path), DatabaseAddress.Parse(text));

    [Fact]
    public void A_postgres_url_keeps_every_part_and_prints_no_password()
    {
        var address = Assert.IsType<DatabaseAddress.Postgres>(
            DatabaseAddress.Parse("postgres://ana:p%40ss%2Fword@db.example:6432/cat%20alog?sslmode=verify-full&application_name=x"));

        var parts = new NpgsqlConnectionStringBuilder(address.ConnectionString);
        Assert.Equal(
            ("db.example", 6432, "cat alog", "ana", "p@ss/word", SslMode.VerifyFull, "x"),
            (parts.Host, parts.Port, parts.Database, parts.Username, parts.Password, parts.SslMode, parts.ApplicationName));
        Assert.Equal("PostgreSQL db.example:6432/cat alog", address.ToString());
    }

    [Theory]
    [InlineData("mysql://ana:hunter2@db/x")]
    [InlineData("postgres://ana:hunter2@db")]
    [InlineData("postgres://ana:hunter2@db/x?sslmode=hunter2")]
    [InlineData("postgres://ana:hunter2#@db/x")]
    [InlineData("Host=db;Passwort=hunter2")]
    [InlineData("sqlite:///")]
    [InlineData("folder/")]
    public void What_is_no_address_is_refused_without_repeating_it(string text)
    {
        var refusal = Assert.Throws<FormatException>(() => DatabaseAddress.Parse(text));

        Assert.DoesNotContain("hunter2", refusal.Message);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_in_words()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("notes.txt"), new string('x', 5000));

        var refusal = await Assert.ThrowsAsync<CatalogStoreException>(() =>
            CatalogStore.OpenAsync(new DatabaseAddress.SqliteFile(folder.File("notes.txt")), default));

        Assert.Contains("is not a SQLite database", refusal.Message);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named_without_its_password()
    {
        var refusal = await Assert.ThrowsAsync<CatalogStoreException>(() =>
            CatalogStore.OpenAsync(DatabaseAddress.Parse("postgres://ana:hunter2@127.0.0.1:1/x"), default));

        Assert.Contains("PostgreSQL 127.0.0.1:1/x", refusal.Message);
        Assert.DoesNotContain("hunter2", refusal.Message);
    }
}
