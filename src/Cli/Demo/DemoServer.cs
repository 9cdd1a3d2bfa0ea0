using System.Collections;
using System.Diagnostics;
using Sluice.Cli.Client;
using Sluice.Cli.Serve;
using Sluice.Platforms.Gateway.Control;
using Sluice.Platforms.Process;

namespace Sluice.Cli.Demo;

/// <summary>The demo's own server: another process of this very program, so that it can be killed and started again.</summary>
internal sealed class DemoServer(DemoFolder folder, TimeProvider time)
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly DataFolder _data = new(folder.Data);
    private int? _pid;
    private int _port;

    /// <summary>Its process id while it runs.</summary>
    public int Pid => _pid ?? throw new InvalidOperationException("The demo's server does not run.");

    /// <summary>Where it answers.</summary>
    public Uri Url => new($"http://127.0.0.1:{_port}");

    /// <summary>Where it writes.</summary>
    public string Log => Path.Combine(folder.Data, "logs", "server.log");

    /// <summary>Starts it and waits until it answers.</summary>
    /// <exception cref="CannotServeException">It ended or did not answer in time; holds the last lines of its log.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Log)!);
        var command = GatewayLaunch.ThisProgram().Command;
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(v => !((string)v.Key).StartsWith("SLUICE_", StringComparison.Ordinal))
            .ToDictionary(v => (string)v.Key, v => (string)v.Value!);
        _pid = Detached.Start(new DetachedProgram(
            command[0],
            [.. command.Skip(1).Where(word => word != "gateway"), "serve", "--data", folder.Data, "--listen", $"127.0.0.1:{_port}"],
            folder.Path,
            environment,
            Log));

        var began = time.GetTimestamp();
        while (!await AnswersAsync(cancellationToken))
        {
            if (Detached.HasEnded(_pid.Value, out var how) == true)
            {
                _pid = null;
                throw new CannotServeException($"The demo's server ended ({how}): {Tail()}");
            }

            if (time.GetElapsedTime(began) > StartWithin)
            {
                throw new CannotServeException($"The demo's server does not answer after {StartWithin.TotalSeconds} s: {Tail()}");
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }
    }

    /// <summary>Kills it with SIGKILL, as a power cut would.</summary>
    public async Task KillAsync()
    {
        using (var process = Process.GetProcessById(Pid))
        {
            process.Kill();
        }

        await EndedAsync(Timeout.InfiniteTimeSpan);
    }

    /// <summary>Tells it to stop, and kills it when it does not.</summary>
    public async Task StopAsync()
    {
        if (_pid is not { } pid)
        {
            return;
        }

        Detached.Terminate(pid);
        if (!await EndedAsync(StopWithin))
        {
            await KillAsync();
        }
    }

    /// <summary>A client with the admin's key or another.</summary>
    public SluiceClient Client(string? key = null) => new(new Connection(Url, key ?? File.ReadAllText(_data.AdminKeyFile).Trim()));

    private async Task<bool> EndedAsync(TimeSpan within)
    {
        var began = time.GetTimestamp();
        while (Detached.HasEnded(Pid, out _) == false)
        {
            if (within != Timeout.InfiniteTimeSpan && time.GetElapsedTime(began) > within)
            {
                return false;
            }

            await Task.Delay(LookEvery, time);
        }

        _pid = null;
        return true;
    }

    // The lock file says where it listens; a port chosen once is kept across restarts, so that links stay right.
    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        if (ServerLock.Read(_data.LockFile) is not { } owner || owner.Pid != _pid)
        {
            return false;
        }

        _port = new Uri(owner.Url).Port;
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var answer = await http.GetAsync(new Uri(Url, "/health"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private string Tail() => File.Exists(Log) ? string.Join(" | ", File.ReadAllLines(Log).TakeLast(3)) : "it wrote nothing";
}
