using System.Diagnostics;
using System.Globalization;
using Sluice.Catalog.Store;
using Sluice.Testing;

namespace Sluice.Catalog.Tests.Store;

/// <summary>A PostgreSQL server of a test's own, on a free port of the loopback address, that it may kill, or follow. Gone with its data at the end.</summary>
internal sealed class OwnPostgres : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("catalog-postgres-").FullName;
    private readonly string _programs;
    private readonly string _port = FreePort.Reserved().ToString(CultureInfo.InvariantCulture);

    private OwnPostgres(string programs) => _programs = programs;

    // A busy machine answers late.
    public DatabaseAddress.Postgres Address => new($"Host=127.0.0.1;Port={_port};Username=sluice;Database=postgres;Timeout=60");

    private string Data => Path.Combine(_folder, "data");

    public static async Task<OwnPostgres> StartAsync()
    {
        var programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).LastOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")))
            : null;
        Assert.SkipWhen(programs is null, "Needs the programs of a PostgreSQL server under /usr/lib/postgresql: install the package postgresql.");
        return await StartAsync(
            programs!, server => server.RunOwnAsync("initdb", "-D", server.Data, "-U", "sluice", "--auth=trust", "--no-sync", "--encoding=UTF8"));
    }

    /// <summary>A standby of this server: it receives what is written here, and answers whoever only reads.</summary>
    public Task<OwnPostgres> FollowAsync() => StartAsync(
        _programs,
        standby => standby.RunOwnAsync(
            "pg_basebackup", "-h", "127.0.0.1", "-p", _port, "-U", "sluice", "-D", standby.Data, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"));

    private static async Task<OwnPostgres> StartAsync(string programs, Func<OwnPostgres, Task> fill)
    {
        var server = new OwnPostgres(programs);
        try
        {
            if (Environment.IsPrivilegedProcess)
            {
                // PostgreSQL refuses to run as root.
                await RunAsync("chown", "postgres", server._folder);
            }

            await fill(server);
            await server.ControlAsync("start");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends every process of the server at once, as a power failure would, and starts it again.</summary>
    public Task RestartAsync() => ControlAsync("restart");

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await RunOwnAsync("pg_ctl", "stop", "-D", Data, "-m", "immediate", "-w");
        }

        Directory.Delete(_folder, recursive: true);
    }

    private Task ControlAsync(string what) => RunOwnAsync(
        "pg_ctl", what, "-D", Data, "-m", "immediate", "-w", "-l", Path.Combine(_folder, "log"),
        "-o", $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''");

    private Task RunOwnAsync(string program, params string[] arguments) => Environment.IsPrivilegedProcess
        ? RunAsync("runuser", ["-u", "postgres", "--", Path.Combine(_programs, program), .. arguments])
        : RunAsync(Path.Combine(_programs, program), arguments);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
        using var deadline = new CancellationTokenSource(Patience);
        var said = process.StandardError.ReadToEndAsync(deadline.Token);
        await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await said}");
    }
}
