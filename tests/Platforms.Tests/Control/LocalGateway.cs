using System.Globalization;
using System.Net;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;
using Sluice.Platforms.Process;
using Sluice.Platforms.Secrets;

namespace Sluice.Platforms.Tests.Control;

/// <summary>A data folder with a gateway program of its own, and the three adapters that speak to it. Ends every process it started.</summary>
internal sealed class LocalGateway : IAsyncDisposable
{
    public static readonly string TestService = Path.Combine(AppContext.BaseDirectory, "Sluice.TestService");

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };
    private long _writes;

    public LocalGateway(string? folder = null)
    {
        Folder = folder ?? Path.Combine(Path.GetTempPath(), "sluice-" + Guid.NewGuid().ToString("N")[..12]);
        Client = NewClient();
        Platform = new ProcessPlatform(Client, new SecretStore(Folder), AppContext.BaseDirectory);
        Router = new GatewayRouter(Client);
        Metrics = new GatewayMetrics(Client);
    }

    public string Folder { get; }

    public string LogOf(string revision) => Path.Combine(Folder, "logs", "shop", "production", revision + ".log");

    public GatewayClient Client { get; }

    public ProcessPlatform Platform { get; }

    public GatewayRouter Router { get; }

    public GatewayMetrics Metrics { get; }

    public EnvironmentTarget Target { get; set; } = Environment();

    public IReadOnlyList<Effect> Effects => EffectsJournal.Read(Path.Combine(Folder, "gateway", "effects.jsonl"));

    /// <summary>Pids of all processes that were ever started, in order.</summary>
    public IReadOnlyList<int> Started => [.. Effects.Where(e => e.Kind == EffectKind.ReplicaStarted).Select(e => e.Pid!.Value)];

    public static EnvironmentTarget Environment(
        string[]? command = null,
        int replicas = 1,
        string listen = "127.0.0.1:0",
        string readyWithin = "20s",
        string stopWithin = "5s",
        string? directory = null,
        params VariableSpec[] variables) =>
        new("shop", new EnvironmentSpec(
            "production",
            new PlatformSpec.Process(
                command ?? [TestService, "serve"], directory ?? ".", "PORT", "/health", Duration(readyWithin), replicas, Duration(stopWithin)),
            new RouterSpec.Gateway(listen, null, null, []),
            new MetricsSpec.Gateway(),
            variables));

    public static Traffic Weights(params (string Revision, int Weight)[] weights) =>
        new(weights.ToDictionary(w => w.Revision, w => w.Weight));

    /// <summary>SIGKILL to a process that a test has started.</summary>
    public static void Kill(int pid)
    {
        using var process = System.Diagnostics.Process.GetProcessById(pid);
        process.Kill();
    }

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

    /// <summary>Pids of all processes whose output goes to the log given, whoever knows of them.</summary>
    public static IReadOnlyList<int> WritersTo(string path) =>
        [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0]))
            .Where(name => (OutputOf(name!) ?? "").StartsWith(path, StringComparison.Ordinal)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))];

    public static Task GoneAsync(int pid) => Eventually.Async(() => Task.FromResult(!IsRunning(pid)), $"process {pid} is gone");

    public GatewayClient NewClient() => new(Folder, new GatewayLaunch([TestService, "gateway"]));

    public Task<RevisionState> StartAsync(string revision, string? key = null) => Platform.EnsureStartedAsync(
        new RevisionRequest(Target, revision, "v1.0.0", null, null, NextFence(), key ?? "start " + revision), default);

    public async Task StartReadyAsync(string revision)
    {
        await StartAsync(revision);
        await WaitForAsync(revision, s => s.Phase == RevisionPhase.Ready);
    }

    public Task<Traffic> SetAsync(params (string Revision, int Weight)[] weights)
    {
        var fence = NextFence();
        return Router.SetAsync(Target, Weights(weights), fence, $"set {fence.Write}", default);
    }

    public Task<RevisionState> StopAsync(string revision) => Platform.EnsureStoppedAsync(Target, revision, NextFence(), default);

    public Task<RevisionState> WaitForAsync(string revision, Func<RevisionState, bool> condition) =>
        Eventually.AsyncOf(() => Platform.GetAsync(Target, revision, default), condition);

    /// <summary>Where users' requests go.</summary>
    public async Task<Uri> AddressAsync() => (await Router.GetProbeEndpointAsync(Target, "", default)).BaseAddress;

    /// <summary>Sends one request as a user does.</summary>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(Uri baseAddress, string path = "/")
    {
        using var answer = await _http.GetAsync(new Uri(baseAddress, path));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Sends one request to a revision, whatever its weight, as our own checks do.</summary>
    public async Task<string> ProbeAsync(string revision, string path = "/")
    {
        var endpoint = await Router.GetProbeEndpointAsync(Target, revision, default);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(endpoint.BaseAddress, path));
        foreach (var (name, value) in endpoint.Headers)
        {
            request.Headers.Add(name, value);
        }

        using var answer = await _http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>Kills the gateway program as the system would: without warning.</summary>
    public async Task KillGatewayAsync()
    {
        var pid = (await Client.EnsureRunningAsync(default)).Pid;
        Kill(pid);
        await GoneAsync(pid);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.ShutdownAsync(null, null, default);
        var left = WritersTo(Folder);
        Client.Dispose();
        _http.Dispose();
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }

        Assert.Empty(left);
    }

    private static string? OutputOf(string pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/fd/1").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static TimeSpan Duration(string text) => Durations.TryParse(text, out var duration) ? duration : throw new FormatException(text);

    private Fence NextFence() => new(1, Interlocked.Increment(ref _writes));
}
