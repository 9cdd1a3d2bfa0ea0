using Sluice.Cli.CommandLine;

namespace Sluice.Cli.Tests;

/// <summary><c>backup</c> and <c>restore</c> of a whole data folder.</summary>
public sealed class BackupTests
{
    [Fact]
    public async Task A_backup_of_a_running_server_becomes_a_server_that_knows_the_same()
    {
        using var folder = new TemporaryFolder();
        var (data, copy, restored) = (Path.Combine(folder.Path, "data"), Path.Combine(folder.Path, "copy"), Path.Combine(folder.Path, "restored"));
        string before;
        await using (await Serving.StartAsync(data))
        {
            await OkAsync("keys", "add", "ana", "--role", "Deployer", "--data", data);
            before = await OkAsync("keys", "list", "--data", data, "--json");

            await OkAsync("backup", copy, "--data", data);
            var (code, _, error) = await Capture.RunAsync("restore", copy, "--data", data);
            Assert.Equal(ExitCode.Failed, code);
            Assert.Contains("runs on this data folder", error, StringComparison.Ordinal);
        }

        await OkAsync("restore", copy, "--data", restored);
        await using var server = await Serving.StartAsync(restored);

        Assert.Equal(before, await OkAsync("keys", "list", "--data", restored, "--json"));
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(copy));
            Assert.Equal(owner, File.GetUnixFileMode(Path.Combine(copy, "registry.db")));
            Assert.Equal(owner, File.GetUnixFileMode(Path.Combine(copy, "catalog.db")));
            Assert.Equal(owner, File.GetUnixFileMode(Path.Combine(restored, "admin.key")));
        }
    }

    [Fact]
    public async Task Nothing_is_replaced_and_nothing_half_is_left()
    {
        using var folder = new TemporaryFolder();
        var (data, copy) = (Path.Combine(folder.Path, "data"), Path.Combine(folder.Path, "copy"));
        await (await Serving.StartAsync(data)).StopAsync();
        await OkAsync("backup", copy, "--data", data);

        await RefusedAsync("is not empty", "backup", copy, "--data", data);
        await RefusedAsync("is not empty", "restore", copy, "--data", data);
        await RefusedAsync("inside the data folder", "backup", Path.Combine(data, "copy"), "--data", data);
        await RefusedAsync("is no backup", "restore", Path.Combine(folder.Path, "nothing"), "--data", Path.Combine(folder.Path, "other"));
        await RefusedAsync("Is this the data folder", "backup", Path.Combine(folder.Path, "more"), "--data", Path.Combine(folder.Path, "nothing"));
        File.WriteAllText(Path.Combine(copy, "registry.db"), "SQLite format 3\0 and then nothing of the kind");
        var (code, _, _) = await Capture.RunAsync("restore", copy, "--data", Path.Combine(folder.Path, "broken"));

        Assert.Equal(ExitCode.Failed, code);
        Assert.Equal(["copy", "data"], Directory.GetDirectories(folder.Path).Select(Path.GetFileName).Order());
    }

    private static async Task RefusedAsync(string why, params string[] args)
    {
        var (code, _, error) = await Capture.RunAsync(args);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains(why, error, StringComparison.Ordinal);
    }

    private static async Task<string> OkAsync(params string[] args)
    {
        var (code, output, error) = await Capture.RunAsync(args);
        Assert.True(code == ExitCode.Ok, error);
        return output;
    }
}
