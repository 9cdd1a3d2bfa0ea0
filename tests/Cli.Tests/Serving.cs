using System.Diagnostics;
using System.Text.RegularExpressions;
using Sluice.Cli.CommandLine;

namespace Sluice.Cli.Tests;

/// <summary>A server process.</summary>
internal sealed partial class Serving : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process _process;
    private readonly Task<string> _error;

    private Serving(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    public string Output { get; private set; } = "";

    public int Pid => _process.Id;

    public string Url => UrlPattern().Match(Output).Value;

    /// <summary>Starts one, with further variables of the environment.</summary>
    public static async Task<Serving> StartAsync(string data, IReadOnlyDictionary<string, string>? variables = null)
    {
        var server = new Serving(Launch(data, variables, "--listen", "127.0.0.1:0"));
        using var deadline = new CancellationTokenSource(Patience);
        while (!server.Output.Contains("registry", StringComparison.Ordinal))
        {
            var line = await server._process.StandardOutput.ReadLineAsync(deadline.Token);
            Assert.True(line is not null, $"The server ended: {(line is null ? await server._error : "")}");
            server.Output += line + "\n";
        }

        // The key follows where there is one; nothing follows it that a test waits for.
        while (File.GetLastWriteTimeUtc(Path.Combine(data, "admin.key")) >= server._process.StartTime.ToUniversalTime()
            && !server.Output.Contains("shown this once", StringComparison.Ordinal))
        {
            server.Output += await server._process.StandardOutput.ReadLineAsync(deadline.Token) + "\n";
        }

        return server;
    }

    public static Task<(int Code, string Error)> FailAsync(string data, params string[] args) => FailAsync(data, null, args);

    public static async Task<(int Code, string Error)> FailAsync(string data, IReadOnlyDictionary<string, string>? variables, params string[] args)
    {
        using var process = Launch(data, variables, args.Length > 0 ? args : ["--listen", "127.0.0.1:0"]);
        using var deadline = new CancellationTokenSource(Patience);
        var error = await process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        return (process.ExitCode, error);
    }

    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        using var deadline = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await StopAsync();
        }

        _process.Dispose();
    }

    private static Process Launch(string data, IReadOnlyDictionary<string, string>? variables, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in (string[])[typeof(ExitCode).Assembly.Location, "serve", "--data", data, .. args])
        {
            start.ArgumentList.Add(word);
        }

        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    [GeneratedRegex("http://[0-9.:]+", RegexOptions.NonBacktracking)]
    private static partial Regex UrlPattern();
}
