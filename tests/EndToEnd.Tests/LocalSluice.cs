using System.Collections.Concurrent;
using System.Diagnostics;
using Sluice.Api.Rollouts;
using Sluice.Cli.Client;
using Sluice.Cli.Serve;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.KillableServer;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests;

/// <summary>A data folder with a server process on it, the gateway that the server starts, and the services that the gateway runs.</summary>
internal sealed class LocalSluice : IAsyncDisposable
{
    public static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Sluice.KillableServer");

    private readonly GatewayClient _gateway;
    private readonly ConcurrentQueue<string> _said = new();
    private readonly IReadOnlyDictionary<string, string> _settings;
    private Process? _server;
    private SluiceClient? _client;
    private string? _systemKey;

    public LocalSluice(IReadOnlyDictionary<string, string>? settings = null)
    {
        _settings = settings ?? new Dictionary<string, string>();
        Folder = Directory.CreateTempSubdirectory("sluice-e2e-").FullName;
        Data = new DataFolder(Path.Combine(Folder, "data"));
        Port = FreePort.Reserved();
        _gateway = new GatewayClient(Data.Path, new GatewayLaunch([Program, "gateway"]));
    }

    /// <summary>Gone at the end.</summary>
    public string Folder { get; }

    public DataFolder Data { get; }

    /// <summary>Where users come in.</summary>
    public int Port { get; }

    public Uri UsersAddress => new($"http://127.0.0.1:{Port}");

    public GatewayClient Gateway => _gateway;

    /// <summary>The server's process id.</summary>
    public int Pid => _server!.Id;

    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    public IReadOnlyList<Effect> Effects => EffectsJournal.Read(Path.Combine(Data.Path, "gateway", "effects.jsonl"));

    /// <summary>Names of all activities that any server of this folder began, in order.</summary>
    public IReadOnlyList<string> ActivitiesCalled => File.ReadAllLines(KillPoint.ActivitiesIn(Data.Path));

    /// <summary>Lines that its servers wrote.</summary>
    public IReadOnlyList<string> Said => [.. _said];

    /// <summary>A server on a fresh folder, answering.</summary>
    public static async Task<LocalSluice> StartAsync(IReadOnlyDictionary<string, string>? settings = null)
    {
        var sluice = new LocalSluice(settings);
        try
        {
            await sluice.StartServerAsync();
            return sluice;
        }
        catch
        {
            await sluice.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the server, which must not run, and waits until it answers.</summary>
    public async Task StartServerAsync()
    {
        _server?.Dispose();
        _server = Launch("serve", "--data", Data.Path);
        _server.OutputDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _server.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
        await Eventually.AsyncOf(
            async () =>
            {
                Assert.False(_server.HasExited, $"The server ended at its start: {string.Join('\n', _said.TakeLast(20))}");
                return await AnswersAsync() ? "answers" : $"silent: {string.Join(" | ", _said.TakeLast(5))}";
            },
            seen => seen == "answers",
            "the server answers");
        _client?.Dispose();
        _client = new SluiceClient(new Connection(Url, File.ReadAllText(Data.AdminKeyFile).Trim()));
        _systemKey = File.ReadAllText(Data.SystemKeyFile).Trim();
    }

    /// <summary>Has the server kill itself at a moment of its work.</summary>
    public void Arm(KillPoint point)
    {
        // At once for whoever reads it: half a file would be another point.
        var file = KillPoint.FileIn(Data.Path);
        File.WriteAllText(file + ".new", point.ToString());
        File.Move(file + ".new", file);
    }

    /// <summary>SIGKILL to the server.</summary>
    public async Task KillServerAsync()
    {
        _server!.Kill();
        await DiedAsync();
    }

    /// <summary>Waits until the server has died.</summary>
    public async Task DiedAsync()
    {
        using var deadline = new CancellationTokenSource(Eventually.Deadline);
        try
        {
            await _server!.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"The server lives on. Asked for {Asked()}, called {string.Join(' ', ActivitiesCalled.TakeLast(30))}");
        }

        Assert.Equal(137, _server!.ExitCode);

        string Asked() => File.Exists(KillPoint.FileIn(Data.Path)) ? File.ReadAllText(KillPoint.FileIn(Data.Path)) : "nothing";
    }

    /// <summary>SIGKILL to the gateway; its revisions go on.</summary>
    public async Task KillGatewayAsync()
    {
        var pid = (await _gateway.TryGetStatusAsync(default))!.Pid;
        using var process = Process.GetProcessById(pid);
        process.Kill();
        await Eventually.Async(() => !IsRunning(pid), $"gateway {pid} is gone");
    }

    /// <summary>Starts a rollout; insists while the server is down, as a pipeline would.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> BeginAsync(Bundle bundle, string version)
    {
        var key = $"{version}-{Guid.NewGuid():N}";
        var started = await InsistAsync(c => c.PostAsync<RolloutStarted>("/api/rollouts", StartRollout.From(bundle, new Release(version)), key, default));
        return started.Id;
    }

    /// <summary>Waits until a rollout's instance has ended.</summary>
    public Task<RolloutView> EndOfAsync(string id) => WaitForAsync(
        id, v => v.RuntimeStatus is RuntimeStatus.Completed or RuntimeStatus.Failed or RuntimeStatus.Terminated, "it ends");

    public Task<RolloutView> WaitForAsync(string id, Func<RolloutView, bool> condition, string what) =>
        Eventually.AsyncOf(() => GetAsync<RolloutView>($"/api/rollouts/{id}"), condition, $"{id}: {what}");

    public Task<T> GetAsync<T>(string path) => InsistAsync(c => c.GetAsync<T>(path, default));

    public Task<T> PostAsync<T>(string path, object body) => InsistAsync(c => c.PostAsync<T>(path, body, null, default));

    /// <summary>The deployments of the service's production, newest first.</summary>
    public async Task<IReadOnlyList<Deployment>> DeploymentsAsync() =>
        (await GetAsync<Page<Deployment>>("/api/deployments?service=shop&environment=production&limit=100")).Items;

    /// <summary>What a path answers, as text; with the key of the management routes or the admin's.</summary>
    public async Task<string> TextOfAsync(string path, bool management = false)
    {
        using var http = new HttpClient { BaseAddress = Url };
        if (management)
        {
            http.DefaultRequestHeaders.Add("x-functions-key", _systemKey);
        }
        else
        {
            http.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(Data.AdminKeyFile).Trim());
        }

        using var answer = await http.GetAsync(path);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"GET {path}: {(int)answer.StatusCode} {text}");
        return text;
    }

    /// <summary>Runs the command line on this data folder.</summary>
    public async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var process = Launch([.. args, "--data", Data.Path]);
        using var deadline = new CancellationTokenSource(Eventually.Deadline);
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var error = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Pids of all processes that work in this folder or were started for it, whoever knows of them.</summary>
    public IReadOnlyList<int> Processes() =>
        [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0]))
            .Where(name => LinkOf(name!, "fd/1").StartsWith(Folder, StringComparison.Ordinal) || LinkOf(name!, "cwd").StartsWith(Folder, StringComparison.Ordinal))
            .Select(int.Parse!)];

    public static bool IsRunning(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            _server.Kill();
            await _server.WaitForExitAsync();
        }

        _server?.Dispose();
        _client?.Dispose();
        await _gateway.ShutdownAsync(null, null, default);
        _gateway.Dispose();
        var left = Processes();
        Directory.Delete(Folder, recursive: true);
        Assert.Empty(left);
    }

    private static string LinkOf(string pid, string name)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/{name}").LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private Process Launch(params string[] args)
    {
        var start = new ProcessStartInfo(Program, args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Folder,
        };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("SLUICE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["SLUICE__Server__Listen"] = "127.0.0.1:0";

        // A server that lives for seconds gains nothing from measuring itself.
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (name, value) in _settings)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private async Task<bool> AnswersAsync()
    {
        if (ServerLock.Read(Data.LockFile) is not { } owner || owner.Pid != _server!.Id)
        {
            return false;
        }

        Url = new Uri(owner.Url);
        using var http = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var answer = await http.GetAsync("/health");
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private async Task<T> InsistAsync<T>(Func<SluiceClient, Task<T>> ask)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await ask(_client!);
            }
            catch (Exception e) when (
                e is Cli.Client.UnreachableException or HttpRequestException or IOException or ObjectDisposedException && watch.Elapsed < Eventually.Deadline)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }
}
