using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sluice.Orchestration.Ports;
using Sluice.Testing.Contract;

namespace Sluice.Registry.Tests;

public sealed class SqliteRegistryOpeningTests : RegistryOpeningContract
{
    protected override RegistryPlace CreatePlace() => new SqlitePlace();

    private SqlitePlace Files => (SqlitePlace)Place;

    [Fact]
    public async Task A_registry_of_an_earlier_version_is_brought_up_and_keeps_what_it_has()
    {
        await using (var registry = await Place.OpenAsync())
        {
            await registry.Coordination.AcquireLockAsync(new("api", "prod", "a", DateTimeOffset.UnixEpoch, true), default);
            await registry.Coordination.AddCommandAsync(new("k", "a", CommandKind.Pause, "ana", null, DateTimeOffset.UnixEpoch), default);
        }

        // What later versions added, taken away again.
        await Files.ExecuteAsync("""
            ALTER TABLE rollouts DROP COLUMN freeze_override;
            ALTER TABLE rollouts DROP COLUMN emergency;
            ALTER TABLE commands DROP COLUMN details;
            DROP TABLE task_hub;
            """);
        await Place.SetSchemaVersionAsync(1);

        await using var upgraded = await Place.OpenAsync();
        Assert.Equal([Place.CurrentSchema], await Place.SchemaVersionsAsync());
        Assert.Equal("a", (await upgraded.Coordination.GetLockAsync("api", "prod", default))!.Owner);
        var command = Assert.Single(await upgraded.Coordination.ReadCommandsAsync("a", 0, default));
        Assert.Equal((CommandKind.Pause, null, true), (command.Kind, command.Item, command.Passed));
        Assert.Equal("Sluice", await upgraded.Coordination.ClaimHubAsync("Sluice", replace: false, default));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        await File.WriteAllTextAsync(Files.File, string.Concat(Enumerable.Repeat("this is no database. ", 300)));

        var refused = await Assert.ThrowsAsync<RegistryException>(Place.OpenAsync);

        Assert.StartsWith($"RegistryCorrupt: {Files.File} is damaged", refused.Message, StringComparison.Ordinal);
        Assert.StartsWith("this is no database", await File.ReadAllTextAsync(Files.File), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_page_is_told_as_such_when_it_is_read()
    {
        await using (var registry = await Place.OpenAsync())
        {
            await registry.Coordination.AcquireLockAsync(new("api", "prod", "a", DateTimeOffset.UnixEpoch, true), default);
        }

        var bytes = await File.ReadAllBytesAsync(Files.File);
        Array.Fill<byte>(bytes, 0xEE, 4096, bytes.Length - 4096);
        await File.WriteAllBytesAsync(Files.File, bytes);

        var refused = await Assert.ThrowsAsync<RegistryException>(async () =>
        {
            await using var registry = await Place.OpenAsync();
            await registry.Coordination.GetLockAsync("api", "prod", default);
        });
        Assert.Equal(RegistryError.RegistryCorrupt, refused.Error);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_told_at_once()
    {
        var file = Path.Combine(Files.Folder, "file");
        await File.WriteAllTextAsync(file, "");

        var refused = await Assert.ThrowsAsync<RegistryException>(() =>
            SluiceRegistry.OpenAsync(Path.Combine(file, "data"), null, NullLogger<SluiceRegistry>.Instance, default));

        Assert.StartsWith("RegistryUnavailable: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("data", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.IsTransient);
    }

    [Fact]
    public async Task The_folder_and_the_file_are_for_their_owner_only()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such modes.");
            return;
        }

        var folder = Path.Combine(Files.Folder, "data");

        await using var registry = await SluiceRegistry.OpenAsync(folder, " ", NullLogger<SluiceRegistry>.Instance, default);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "registry.db")));
        Assert.Contains(folder, registry.Place, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readers_do_not_wait_for_the_writer()
    {
        await using var registry = await Place.OpenAsync();

        Assert.Equal(["wal"], await Files.QueryAsync("PRAGMA journal_mode"));
    }
}

public sealed class PostgresRegistryOpeningTests : RegistryOpeningContract
{
    protected override RegistryPlace CreatePlace() => new PostgresPlace();

    [Fact]
    public async Task A_wrong_password_is_told_without_the_password()
    {
        var wrong = PostgresPlace.Server + ";Password=wr0ng-passw0rd";

        var refused = await Assert.ThrowsAsync<RegistryException>(() => OpenAsync(wrong));

        Assert.StartsWith("RegistryUnavailable: PostgreSQL at ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("refuses the login", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_does_not_exist_is_named()
    {
        var refused = await Assert.ThrowsAsync<RegistryException>(() => OpenAsync(PostgresPlace.Server + ";Database=nowhere_at_all"));

        Assert.Contains("database nowhere_at_all", refused.Message, StringComparison.Ordinal);
        Assert.Contains("create it", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_go_into_a_schema_of_their_own_unless_the_search_path_says_otherwise()
    {
        var place = (PostgresPlace)Place;
        await using var registry = await place.OpenAsync();

        Assert.Equal(
            ["locks"],
            await place.QueryAsync("SELECT tablename::text FROM pg_tables WHERE tablename = 'locks' AND schemaname = current_schema()"));
    }

    [Fact]
    public async Task A_password_that_is_asked_for_opens_the_database()
    {
        var given = new NpgsqlConnectionStringBuilder(((PostgresPlace)Place).ConnectionString);
        var password = given.Password;
        Assert.SkipWhen(string.IsNullOrEmpty(password), "SLUICE_TEST_POSTGRES has no password, so every one would do.");
        given.Password = null;
        var asked = 0;

        await using (var registry = await SluiceRegistry.OpenAsync("unused", given.ConnectionString, GiveAsync, Quiet, default))
        {
            await registry.PingAsync(default);
        }

        Assert.Equal(1, asked);
        password = "wr0ng-passw0rd";
        var refused = await Assert.ThrowsAsync<RegistryException>(() =>
            SluiceRegistry.OpenAsync("unused", given.ConnectionString, GiveAsync, Quiet, default));
        Assert.Contains("refuses the login", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng", refused.ToString(), StringComparison.Ordinal);

        ValueTask<string> GiveAsync(CancellationToken cancellationToken)
        {
            asked++;
            return ValueTask.FromResult(password!);
        }
    }

    [Fact]
    public async Task An_identity_that_gets_no_token_is_told_with_its_reason()
    {
        var given = new NpgsqlConnectionStringBuilder(((PostgresPlace)Place).ConnectionString) { Password = null };

        var refused = await Assert.ThrowsAsync<RegistryException>(() => SluiceRegistry.OpenAsync(
            "unused", given.ConnectionString, _ => throw new InvalidOperationException("no identity here"), Quiet, default));

        Assert.StartsWith("RegistryUnavailable: PostgreSQL at ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("identity gives no token: no identity here", refused.Message, StringComparison.Ordinal);
    }

    private static NullLogger<SluiceRegistry> Quiet => NullLogger<SluiceRegistry>.Instance;

    private static Task<SluiceRegistry> OpenAsync(string connectionString) =>
        SluiceRegistry.OpenAsync("unused", connectionString, Quiet, default);
}

/// <summary>Connection strings that lead nowhere need no server to be refused.</summary>
public sealed class PostgresAddressTests
{
    [Fact]
    public async Task A_server_that_does_not_answer_is_named_without_the_password()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();

        var refused = await Assert.ThrowsAsync<RegistryException>(() => OpenAsync($"postgres://sluice:s3cret@127.0.0.1:{port}/registry"));

        Assert.StartsWith($"RegistryUnavailable: PostgreSQL at 127.0.0.1:{port}, database registry", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
        Assert.True(refused.IsTransient);
    }

    [Fact]
    public async Task A_host_without_an_address_is_named()
    {
        var refused = await Assert.ThrowsAsync<RegistryException>(() => OpenAsync("postgres://u:p@no-such-host.invalid/db"));

        Assert.StartsWith("RegistryUnavailable: PostgreSQL at no-such-host.invalid", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_beside_an_identity_is_refused_without_repeating_it()
    {
        var refused = await Assert.ThrowsAsync<RegistryException>(() => SluiceRegistry.OpenAsync(
            "unused",
            "Host=h;Username=u;Password=s3cret",
            _ => ValueTask.FromResult("token"),
            NullLogger<SluiceRegistry>.Instance,
            default));

        Assert.StartsWith("RegistryMisconfigured: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://")]
    [InlineData("postgres://u:s3cret@host:notaport/db")]
    [InlineData("postgres://u:s3cret@host/db?fancy=1")]
    [InlineData("Host=h;Fancy=s3cret")]
    [InlineData("Host=h;SSL Mode=s3cret")]
    [InlineData("s3cret")]
    public async Task A_connection_string_that_is_none_is_refused_without_repeating_it(string text)
    {
        var refused = await Assert.ThrowsAsync<RegistryException>(() => OpenAsync(text));

        Assert.StartsWith("RegistryMisconfigured: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    private static Task<SluiceRegistry> OpenAsync(string connectionString) =>
        SluiceRegistry.OpenAsync("unused", connectionString, NullLogger<SluiceRegistry>.Instance, default);
}
