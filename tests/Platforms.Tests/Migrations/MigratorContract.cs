using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Migrations;

namespace Sluice.Platforms.Tests.Migrations;

/// <summary>What running SQL files promises on every database. Derive once per database; add no tests there but of its dialect.</summary>
public abstract class MigratorContract
{
    protected static SqlMigrator Migrator { get; } = new(TimeProvider.System);

    protected static SqlText Items { get; } = File("db/001_items.sql", "CREATE TABLE items (id bigint PRIMARY KEY, name text NOT NULL);\nINSERT INTO items VALUES (1, 'semi;colon');");

    protected static SqlText Price { get; } = File("db/002_price.sql", "-- prices\nALTER TABLE items ADD COLUMN price bigint;");

    protected static SqlText Drop { get; } = File("db/001_down.sql", "DROP TABLE items;");

    protected abstract string Address { get; }

    protected abstract Task<string> ScalarAsync(string sql);

    [Fact]
    public async Task Files_run_in_order_each_once()
    {
        Assert.Equal(["db/001_items.sql"], await Migrator.UpAsync(Address, [Items], default));
        Assert.Equal(["db/002_price.sql"], await Migrator.UpAsync(Address, [Items, Price], default));
        Assert.Empty(await Migrator.UpAsync(Address, [Items, Price], default));

        Assert.Equal("1 semi;colon", await ScalarAsync("SELECT CAST(id AS text) || ' ' || name FROM items WHERE price IS NULL"));
        Assert.Equal("2", await ScalarAsync("SELECT CAST(count(*) AS text) FROM sluice_migrations"));
        Assert.Equal(Items.Sha256, await ScalarAsync("SELECT sha256 FROM sluice_migrations WHERE path = 'db/001_items.sql'"));
    }

    [Fact]
    public async Task What_is_pending_can_be_asked_without_changing_anything()
    {
        Assert.Equal([Items.Path, Price.Path], await Migrator.PendingAsync(Address, [Items, Price], default));
        await Assert.ThrowsAnyAsync<DbException>(() => ScalarAsync("SELECT CAST(count(*) AS text) FROM sluice_migrations"));

        await Migrator.UpAsync(Address, [Items], default);

        Assert.Equal([Price.Path], await Migrator.PendingAsync(Address, [Items, Price], default));
        Assert.Equal([Price.Path], await Migrator.UpAsync(Address, [Items, Price], default));
    }

    [Fact]
    public async Task A_changed_file_is_refused_naming_both_checksums_before_anything_runs()
    {
        await Migrator.UpAsync(Address, [Items], default);
        var edited = File(Items.Path, Items.Text + " ");

        var refused = await Assert.ThrowsAsync<PlatformException>(() => Migrator.UpAsync(Address, [Price, edited], default));

        Assert.StartsWith("Invalid: db/001_items.sql was applied", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Items.Sha256, refused.Message, StringComparison.Ordinal);
        Assert.Contains(edited.Sha256, refused.Message, StringComparison.Ordinal);
        Assert.Equal("1", await ScalarAsync("SELECT CAST(count(*) AS text) FROM sluice_migrations"));
    }

    [Fact]
    public async Task A_failing_statement_is_named_by_file_and_line_and_nothing_of_its_file_is_kept()
    {
        var bad = File("db/002_bad.sql", "CREATE TABLE more (id bigint);\n\n-- here it comes\nINSERT INTO nowhere VALUES (1);\nCREATE TABLE never (id bigint);");

        var refused = await Assert.ThrowsAsync<PlatformException>(() => Migrator.UpAsync(Address, [Items, bad], default));

        Assert.StartsWith("Invalid: db/002_bad.sql, line 4, column ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("nowhere", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Address, refused.ToString(), StringComparison.Ordinal);
        Assert.Equal("1", await ScalarAsync("SELECT CAST(count(*) AS text) FROM sluice_migrations"));
        Assert.Equal(["db/002_ok.sql"], await Migrator.UpAsync(Address, [Items, File("db/002_ok.sql", "CREATE TABLE more (id bigint)")], default));
    }

    [Fact]
    public async Task A_file_that_begins_or_ends_transactions_is_refused_before_it_runs()
    {
        var bad = File("db/002.sql", "CREATE TABLE more (id bigint);\ncommit;\n");

        var refused = await Assert.ThrowsAsync<PlatformException>(() => Migrator.UpAsync(Address, [Items, bad], default));

        Assert.Contains("db/002.sql, line 2: COMMIT", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["db/001_items.sql"], await Migrator.UpAsync(Address, [Items], default));
    }

    [Fact]
    public async Task A_hidden_commit_is_told_and_the_file_not_recorded()
    {
        var bad = File("db/002.sql", "CREATE TABLE more (id bigint); /* hidden */ COMMIT /* here */;");

        var refused = await Assert.ThrowsAsync<PlatformException>(() => Migrator.UpAsync(Address, [bad], default));

        Assert.StartsWith("Invalid: db/002.sql ends the transaction", refused.Message, StringComparison.Ordinal);
        Assert.Equal("0", await ScalarAsync("SELECT CAST(count(*) AS text) FROM sluice_migrations"));
    }

    [Fact]
    public async Task Down_undoes_and_forgets_so_that_up_runs_again()
    {
        await Migrator.UpAsync(Address, [Items, Price], default);

        await Migrator.DownAsync(Address, [Drop], [Items.Path, Price.Path], default);
        await Migrator.DownAsync(Address, [Drop], [Items.Path, Price.Path], default);

        Assert.Equal("0", await ScalarAsync("SELECT CAST(count(*) AS text) FROM sluice_migrations"));
        Assert.Equal(2, (await Migrator.UpAsync(Address, [Items, Price], default)).Count);
    }

    [Fact]
    public async Task A_down_that_fails_leaves_all_as_it_was()
    {
        await Migrator.UpAsync(Address, [Items], default);

        var refused = await Assert.ThrowsAsync<PlatformException>(() =>
            Migrator.DownAsync(Address, [Drop, File("db/x_down.sql", "DROP TABLE nowhere;")], [Items.Path], default));

        Assert.StartsWith("Invalid: db/x_down.sql, line 1", refused.Message, StringComparison.Ordinal);
        Assert.Equal("1", await ScalarAsync("SELECT CAST(count(*) AS text) FROM items"));
        Assert.Equal("1", await ScalarAsync("SELECT CAST(count(*) AS text) FROM sluice_migrations"));
    }

    [Fact]
    public async Task Of_many_runs_at_once_each_file_is_run_by_exactly_one()
    {
        var ran = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Migrator.UpAsync(Address, [Items, Price], default))));

        Assert.Equal([Items.Path, Price.Path], ran.SelectMany(r => r).Order());
    }

    [Fact]
    public async Task An_empty_file_and_one_of_comments_are_applied()
    {
        Assert.Equal(2, (await Migrator.UpAsync(Address, [File("a.sql", ""), File("b.sql", "-- nothing yet\n/* ; */\n")], default)).Count);
    }

    protected static SqlText File(string path, string text) =>
        new(path, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), text);
}
