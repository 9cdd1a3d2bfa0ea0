using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Sluice.Testing;

/// <summary>A Redis of the machine's own on a free port of the loopback address. It keeps nothing on disk and is gone at the end.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly string? Program = Environment.GetEnvironmentVariable("SLUICE_TEST_REDIS") is { Length: > 0 } set
        ? set
        : new[] { "/usr/bin/redis-server", "/usr/local/bin/redis-server" }.FirstOrDefault(File.Exists);

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-redis-").FullName;
    private readonly string[] _options;
    private Process? _process;

    private RedisServer(string[] options) => _options = options;

    /// <summary>Where it answers.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>Whether the machine has one.</summary>
    public static bool IsInstalled => Program is not null;

    /// <summary>Said when it has none.</summary>
    public static string Missing => "NEEDS REDIS: install the package redis-server, or set SLUICE_TEST_REDIS to its program; without it nothing is known about the shared cache.";

    /// <summary>Starts one and waits until it takes connections.</summary>
    /// <param name="options">More of its options, such as <c>--requirepass secret</c>.</param>
    public static async Task<RedisServer> StartAsync(params string[] options)
    {
        var server = new RedisServer(options);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it, again after <see cref="Kill"/>, on the same port and empty.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(Program!) { UseShellExecute = false, RedirectStandardOutput = true };
        string[] ports = _options.Contains("--tls-cert-file") ? ["--port", "0", "--tls-port", $"{Port}"] : ["--port", $"{Port}"];
        string[] usual = [.. ports, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder];
        foreach (var option in usual.Concat(_options))
        {
            start.ArgumentList.Add(option);
        }

        _process = Process.Start(start)!;
        var said = new ConcurrentQueue<string?>();
        _process.OutputDataReceived += (_, line) => said.Enqueue(line.Data);
        _process.BeginOutputReadLine();
        await Eventually.Async(() => _process.HasExited || Answers(), "Redis takes connections");
        Assert.False(_process.HasExited, string.Join(Environment.NewLine, said));
    }

    /// <summary>Ends it at once.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Stops it from answering while its connections stay open, or lets it go on.</summary>
    /// <param name="on">Whether it stands still.</param>
    public void Freeze(bool on)
    {
        using var kill = Process.Start("kill", [on ? "-STOP" : "-CONT", $"{_process!.Id}"]);
        kill.WaitForExit();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            Kill();
        }

        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private bool Answers()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
