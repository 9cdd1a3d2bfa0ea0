using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Sluice.Api.Http;
using Sluice.Api.Rollouts;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>The product on a Functions host over Azurite, with a gateway and services of this machine. Started by the first test that needs it.</summary>
public class LocalAzure : IAsyncLifetime
{
    /// <summary>What it runs, a service or a gateway.</summary>
    internal static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Sluice.TestService");

    private const string AdminKey = "only-for-tests-0123456789-abcdefghij";

    private readonly GatewayClient _gateway;
    private readonly List<FunctionsApp> _apps = [];
    private bool _stored;

    public LocalAzure()
    {
        // Short: the gateway's socket is in it.
        Folder = Directory.CreateTempSubdirectory("slz-").FullName;
        _gateway = new GatewayClient(Data, new GatewayLaunch([Program, "gateway"]));
    }

    internal string Folder { get; }

    internal string Data => Path.Combine(Folder, "data");

    internal Azurite Storage => field ??= new Azurite(Path.Combine(Folder, "azurite"));

    /// <summary>The host that is spoken to: the first, unless a test chose another.</summary>
    internal FunctionsApp App
    {
        get => field ?? _apps[0];
        set;
    }

    /// <summary>What one more host of this hub is set to, besides what all are.</summary>
    protected virtual IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>();

    /// <summary>Project of the app.</summary>
    protected virtual string Project => "Functions";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Storage and host run and answer.</summary>
    internal async Task StartedAsync()
    {
        await StorageStartedAsync();
        if (_apps.Count == 0)
        {
            await NewApp().StartAsync();
        }
    }

    /// <summary>Storage runs; hosts are the test's to start.</summary>
    internal async Task StorageStartedAsync()
    {
        Tools.Demand();
        if (!_stored)
        {
            await Storage.StartAsync();
            _stored = true;
        }
    }

    /// <summary>A host on the same storage, data and hub, not started; ended with the fixture.</summary>
    internal FunctionsApp NewApp(IReadOnlyDictionary<string, string>? settings = null)
    {
        var all = new Dictionary<string, string>
        {
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
            ["AzureWebJobsStorage"] = Storage.ConnectionString,
            ["AzureFunctionsWebHost__hostid"] = "sluicetest",
            ["AzureFunctionsJobHost__extensions__durableTask__hubName"] = "SluiceTest",
            ["AzureFunctionsJobHost__extensions__durableTask__storageProvider__maxQueuePollingInterval"] = "00:00:01",
            ["SLUICE__Azure__AdminKey"] = AdminKey,
            ["SLUICE__Azure__DataFolder"] = Data,
            ["SLUICE__Azure__Program"] = Program,
            ["SLUICE__Azure__TablePrefix"] = "test",
        };
        foreach (var (name, value) in Settings.Concat(settings ?? new Dictionary<string, string>()))
        {
            all[name] = value;
        }

        var app = new FunctionsApp(Project, Path.Combine(Folder, $"app-{Guid.NewGuid():N}"), all);
        _apps.Add(app);
        app.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
        app.Http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return app;
    }

    /// <summary>What the gateway did for a service.</summary>
    internal IReadOnlyList<Effect> EffectsOf(string service) =>
        [.. EffectsJournal.Read(Path.Combine(Data, "gateway", "effects.jsonl")).Where(e => e.Service == service)];

    /// <summary>Weights of a version's revision in the order in which they were set, without those that took it all away.</summary>
    internal IReadOnlyList<int> WeightsOf(string service, string version) =>
    [
        .. EffectsOf(service).SelectMany(e => e.Weights ?? new Dictionary<string, int>())
            .Where(w => w.Key.StartsWith(version + "-", StringComparison.Ordinal)).Select(w => w.Value),
    ];

    internal async Task<T> GetAsync<T>(string path)
    {
        using var answer = await SendAsync(() => App.Http.GetAsync(path));
        return await ReadAsync<T>(answer);
    }

    internal async Task<HttpResponseMessage> StartAsync(Bundle bundle, string version, string key)
    {
        return await SendAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/rollouts")
            {
                Content = JsonContent.Create(StartRollout.From(bundle, new Release(version)), options: ApiJson.Options),
                Headers = { { "Idempotency-Key", key } },
            };
            return await App.Http.SendAsync(request);
        });
    }

    /// <summary>Starts a rollout.</summary>
    /// <returns>Its id.</returns>
    internal async Task<string> BeginAsync(Bundle bundle, string version)
    {
        using var answer = await StartAsync(bundle, version, $"{version}-{Guid.NewGuid():N}");
        return (await ReadAsync<RolloutStarted>(answer)).Id;
    }

    /// <summary>The first release of a service, with all traffic.</summary>
    internal async Task FirstReleaseAsync(HostPlan plan) =>
        Assert.Equal(Outcome.Promoted, (await EndOfAsync(await BeginAsync(plan.First(), "v1.0.0"))).Status.Outcome);

    /// <summary>Tells a rollout something.</summary>
    internal async Task TellAsync(string id, string verb, string? key = null)
    {
        using var answer = await SendAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/rollouts/{id}/{verb}");
            if (key is not null)
            {
                request.Headers.Add("Idempotency-Key", key);
            }

            return await App.Http.SendAsync(request);
        });
        await ReadAsync<RolloutTold>(answer);
    }

    internal Task<RolloutView> EndOfAsync(string id, TimeSpan? within = null) => WaitForAsync(
        id, v => v.RuntimeStatus is RuntimeStatus.Completed or RuntimeStatus.Failed or RuntimeStatus.Terminated, "it ends", within);

    internal Task<RolloutView> WaitForAsync(string id, Func<RolloutView, bool> condition, string what, TimeSpan? within = null) =>
        Eventually.AsyncOf(() => GetAsync<RolloutView>($"/api/rollouts/{id}"), condition, $"{id}: {what}", within ?? TimeSpan.FromMinutes(4));

    internal async Task<IReadOnlyList<DeploymentEvent>> EventsOfAsync(string id) =>
        (await GetAsync<Page<DeploymentEvent>>($"/api/rollouts/{id}/events?limit=1000")).Items;

    internal Task<EnvironmentView> EnvironmentAsync(string service) => GetAsync<EnvironmentView>($"/api/services/{service}/environments/production");

    /// <summary>What the extension's own route says of an instance; null when there is none.</summary>
    internal async Task<JsonElement?> InstanceAsync(string id)
    {
        using var answer = await SendAsync(() => App.Http.GetAsync($"/runtime/webhooks/durabletask/instances/{Uri.EscapeDataString(id)}"));
        return answer.StatusCode == System.Net.HttpStatusCode.NotFound ? null : await ReadAsync<JsonElement>(answer);
    }

    internal static async Task<T> ReadAsync<T>(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri!.AbsolutePath}: {(int)answer.StatusCode} {text}");
        return JsonSerializer.Deserialize<T>(text, ApiJson.Options)!;
    }

    // Insists while no host answers, as a pipeline would.
    private static async Task<HttpResponseMessage> SendAsync(Func<Task<HttpResponseMessage>> send)
    {
        HttpResponseMessage? answer = null;
        await Eventually.AsyncOf(
            async () =>
            {
                try
                {
                    answer = await send();
                    return "";
                }
                catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
                {
                    return e.Message;
                }
            },
            fault => fault.Length == 0,
            "the host answers",
            Tools.StartsWithin);
        return answer!;
    }

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var app in _apps)
        {
            await app.DisposeAsync();
        }

        await _gateway.ShutdownAsync(null, null, default);
        _gateway.Dispose();
        await Storage.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
