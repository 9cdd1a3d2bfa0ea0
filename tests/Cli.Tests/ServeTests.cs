using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Serve;
using Sluice.Testing;

namespace Sluice.Cli.Tests;

/// <summary><c>serve</c> as a process of its own: what can be wrong at its start, and that it ends when told.</summary>
public sealed class ServeTests
{
    [Fact]
    public async Task A_first_start_makes_the_admin_key_for_its_owner_alone_and_shows_it_once()
    {
        using var folder = new TemporaryFolder();
        var data = Path.Combine(folder.Path, "data");
        string first;
        await using (var server = await Serving.StartAsync(data))
        {
            first = server.Output;
            var (code, output, error) = await Capture.RunAsync("keys", "list", "--data", data, "--json");
            Assert.True(code == 0, error);
            Assert.Contains("\"admin\"", output, StringComparison.Ordinal);
        }

        var key = File.ReadAllText(Path.Combine(data, "admin.key")).Trim();
        Assert.Contains(key, first, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(data, "admin.key")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(data));
        }

        await using var again = await Serving.StartAsync(data);
        Assert.DoesNotContain(key, again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_server_on_the_folder_is_told_of_the_first()
    {
        using var folder = new TemporaryFolder();
        await using var server = await Serving.StartAsync(folder.Path);

        var (code, error) = await Serving.FailAsync(folder.Path);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains($"Another server (pid {server.Pid}) runs on this data folder at {server.Url}", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_told_to_stop_ends_with_0_and_frees_the_folder()
    {
        using var folder = new TemporaryFolder();
        var server = await Serving.StartAsync(folder.Path);

        Assert.Equal(0, await server.StopAsync());

        Assert.Null(ServerLock.Read(Path.Combine(folder.Path, "server.lock")));
    }

    [Fact]
    public async Task What_a_server_starts_is_marked_with_its_version_so_that_an_older_one_leaves_it_alone()
    {
        using var folder = new TemporaryFolder();
        await using var server = await Serving.StartAsync(folder.Path);
        SQLitePCL.Batteries_V2.Init();
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, "engine.db")};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT group_concat(DISTINCT version) FROM instances";

        var versions = await Eventually.AsyncOf(command.ExecuteScalarAsync, v => v is string, "the first upkeep was started");

        Assert.Equal(typeof(SluiceCommand).Assembly.GetName().Version!.ToString(3), versions);
    }

    [Fact]
    public async Task What_was_traced_and_measured_is_sent_before_the_server_has_stopped()
    {
        using var folder = new TemporaryFolder();
        using var receiver = Receiver.Start();
        folder.Write("sluice.json", $$"""{ "Telemetry": { "OtlpEndpoint": "{{receiver.Url}}" } }""");
        await using (var server = await Serving.StartAsync(folder.Path))
        {
            using var client = new HttpClient();
            (await client.GetAsync($"{server.Url}/health?code=a-secret-in-a-query")).EnsureSuccessStatusCode();
            Assert.Equal(0, await server.StopAsync());
        }

        var (traces, metrics) = (receiver.To("/v1/traces"), receiver.To("/v1/metrics"));
        Assert.Contains("/health", traces, StringComparison.Ordinal);
        Assert.Contains("embedded", traces, StringComparison.Ordinal);
        Assert.Contains("http.server.request.duration", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret-in-a-query", traces + metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_of_a_server_shows_its_checks_and_its_engine_and_that_all_is_well()
    {
        using var folder = new TemporaryFolder();
        await using var server = await Serving.StartAsync(folder.Path);

        var (code, output, error) = await Capture.RunAsync("doctor", "--data", folder.Path);
        var (missing, _, why) = await Capture.RunAsync("doctor", "nobody", "--data", folder.Path);

        Assert.True(code == ExitCode.Ok, output + error);
        Assert.Matches("engine +healthy +.*engine.db: 0 turns and writes under way, 0 activities run and 0 wait", output);
        Assert.Matches("sluice_engine_write_lag_seconds +0 ", output);
        Assert.Contains("0 instances have not ended", output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, missing);
        Assert.Contains("There is no instance 'nobody'", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_found_before_anything_is_made()
    {
        using var folder = new TemporaryFolder();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var (code, error) = await Serving.FailAsync(folder.Path, "--listen", other.LocalEndpoint.ToString()!);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains($"Cannot listen on {other.LocalEndpoint}", error, StringComparison.Ordinal);
        Assert.Equal(["server.lock"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_named()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("a-file", "");

        var (code, error) = await Serving.FailAsync(Path.Combine(file, "data"));

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("cannot be written", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("engine.db")]
    [InlineData("registry.db")]
    [InlineData("catalog.db")]
    public async Task A_corrupt_database_is_left_alone_and_named(string name)
    {
        using var folder = new TemporaryFolder();
        var junk = string.Concat(Enumerable.Repeat("this is no database. ", 500));
        var file = folder.Write(name, junk);

        var (code, error) = await Serving.FailAsync(folder.Path);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains(name, error, StringComparison.Ordinal);
        Assert.Equal(junk, File.ReadAllText(file));
    }

    [Theory]
    [InlineData("engine.db", "UPDATE schema_version SET version = 99")]
    [InlineData("registry.db", "UPDATE schema_version SET version = 99")]
    [InlineData("catalog.db", "UPDATE schema_version SET version = 99")]
    public async Task A_newer_database_is_refused_with_both_numbers(string name, string newer)
    {
        using var folder = new TemporaryFolder();
        await (await Serving.StartAsync(folder.Path)).StopAsync();
        SQLitePCL.Batteries_V2.Init();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, name)};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = newer;
            command.ExecuteNonQuery();
        }

        var (code, error) = await Serving.FailAsync(folder.Path);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("99", error, StringComparison.Ordinal);
        Assert.Contains(name, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_bad_settings_are_named_at_once_from_wherever_they_come()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sluice.json", """{ "Server": { "EventRetentionDays": 0, "Colour": "blue" } }""");

        var (code, error) = await Serving.FailAsync(folder.Path, "--listen", "0.0.0.0:0");

        Assert.Equal(ExitCode.Failed, code);
        Assert.All(["EventRetentionDays", "Colour", "--behind-proxy"], word => Assert.Contains(word, error, StringComparison.Ordinal));
        Assert.Equal(["sluice.json"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_certificate_that_is_none_is_found_before_anything_is_made()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("not-a.pem", "nothing");
        var data = Path.Combine(folder.Path, "data");

        var (code, error) = await Serving.FailAsync(data, "--certificate", file, "--certificate-key", file);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains($"The certificate {file}", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public async Task Settings_that_are_no_json_are_said_to_be()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sluice.json", "{ nonsense");

        var (code, error) = await Serving.FailAsync(folder.Path);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("sluice.json is not JSON", error, StringComparison.Ordinal);
    }
}
