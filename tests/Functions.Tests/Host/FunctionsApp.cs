using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>A Functions host with its worker, on a copy of an app's build output.</summary>
internal sealed class FunctionsApp : IAsyncDisposable
{
    private readonly string _folder;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly ConcurrentQueue<string> _said = new();
    private Process? _host;

    /// <summary>Copies the app; starts nothing.</summary>
    /// <param name="project">Whose build output is run.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="settings">Its environment.</param>
    public FunctionsApp(string project, string folder, IReadOnlyDictionary<string, string> settings)
    {
        _settings = settings;
        _folder = folder;
        Url = new Uri($"http://localhost:{FreePort.Reserved()}");
        Http = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(100) };

        // .artifacts/bin/PROJECT/azure, seen from the same place of these tests.
        var output = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", project, new DirectoryInfo(AppContext.BaseDirectory).Name));
        Assert.True(File.Exists(Path.Combine(output, "host.json")), $"{output} is not the build output of a Functions app.");
        foreach (var file in Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(output, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        File.WriteAllText(
            Path.Combine(folder, "local.settings.json"), """{ "IsEncrypted": false, "Values": { "FUNCTIONS_WORKER_RUNTIME": "dotnet-isolated" } }""");
    }

    /// <summary>As clients are told.</summary>
    public Uri Url { get; }

    public HttpClient Http { get; }

    /// <summary>Lines that host and worker wrote.</summary>
    public IReadOnlyList<string> Said => [.. _said];

    /// <summary>Starts the host, which must not run, and waits until a function of the worker answers.</summary>
    public async Task StartAsync()
    {
        Launch();
        await Eventually.AsyncOf(
            async () =>
            {
                Assert.False(_host!.HasExited, $"The host ended at its start: {Tail()}");
                return await AnswersAsync() ? "answers" : Tail();
            },
            seen => seen == "answers",
            "the app answers",
            Tools.StartsWithin);
    }

    /// <summary>Starts the host and waits for nothing.</summary>
    public void Launch()
    {
        _host?.Dispose();
        var start = new ProcessStartInfo(Tools.Demand().Func, ["start", "--port", $"{Url.Port}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = _folder,
        };
        string[] foreign = ["SLUICE_", "OTEL_", "AzureWebJobs", "AzureFunctions", "APPLICATIONINSIGHTS_", "FUNCTIONS_"];
        foreach (var name in start.Environment.Keys.Where(k => foreign.Any(f => k.StartsWith(f, StringComparison.OrdinalIgnoreCase))).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in _settings)
        {
            start.Environment[name] = value;
        }

        _host = Process.Start(start)!;
        _host.OutputDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _host.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _host.BeginOutputReadLine();
        _host.BeginErrorReadLine();
    }

    /// <summary>SIGKILL to host and worker; what they started for a rollout lives on.</summary>
    public async Task KillAsync()
    {
        var family = Family(_host!.Id);
        foreach (var pid in family)
        {
            try
            {
                Process.GetProcessById(pid).Kill();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It went with its parent.
            }
        }

        await _host.WaitForExitAsync();
        await Eventually.Async(() => !family.Exists(IsRunning), "host and worker are gone");
    }

    /// <summary>SIGTERM to the host, as a deployment does it.</summary>
    public async Task StopAsync()
    {
        var family = Family(_host!.Id);
        await Tools.TerminateAsync(_host);
        await Eventually.Async(() => !family.Exists(IsRunning), "host and worker are gone");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_host is { HasExited: false })
        {
            await KillAsync();
        }

        _host?.Dispose();
    }

    /// <summary>Whether the worker answers.</summary>
    public async Task<bool> AnswersAsync()
    {
        try
        {
            using var answer = await Http.GetAsync("/health");
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>The last that was said.</summary>
    public string Tail() => string.Join("\n  ", _said.Where(line => line.Length > 0).TakeLast(15));

    // The host and all it started, without gateways and what those started.
    private static List<int> Family(int host)
    {
        var children = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0]))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
            .Select(pid => (Pid: pid, Stat: StatOf(pid)))
            .Where(p => p.Stat.Length > 0)
            .ToLookup(p => int.Parse(p.Stat.Split(' ')[1], CultureInfo.InvariantCulture), p => p.Pid);
        List<int> found = [host];
        for (var i = 0; i < found.Count; i++)
        {
            found.AddRange(children[found[i]].Where(pid => !CommandOf(pid).Contains("\0gateway\0", StringComparison.Ordinal)));
        }

        return found;
    }

    private static bool IsRunning(int pid) => StatOf(pid) is { Length: > 0 } stat && stat[0] is not ('Z' or 'X');

    // "S 1234 …": state and parent, after the name in parentheses.
    private static string StatOf(int pid) => Read($"/proc/{pid}/stat") is { Length: > 0 } stat ? stat[(stat.LastIndexOf(')') + 2)..] : "";

    private static string CommandOf(int pid) => Read($"/proc/{pid}/cmdline");

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
