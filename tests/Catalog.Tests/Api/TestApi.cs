using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Catalog.Cache;
using Sluice.Catalog.Sample;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.CatalogApi;

namespace Sluice.Catalog.Tests.Api;

/// <summary>The service on a real socket, with the sample catalogue in memory and a clock that the test moves.</summary>
internal sealed class TestApi : IAsyncDisposable
{
    public const string AdminKey = "a-key-for-the-tests";
    private readonly WebApplication _app;

    private TestApi(WebApplication app, CatalogStore store)
    {
        _app = app;
        Store = store;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Http { get; }

    public CatalogStore Store { get; }

    public ManualClock Clock { get; private init; } = null!;

    public int Crashes { get; private set; }

    public IEnumerable<RouteEndpoint> Routes => _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    public static Task<TestApi> StartAsync(FaultSettings? faults = null, string? adminKey = AdminKey) =>
        StartAsync(new ApiSettings(0, new DatabaseAddress.SqliteMemory(), "v1.2.3", adminKey, faults ?? new FaultSettings()));

    /// <summary>A replica on a database and a Redis that it shares with others.</summary>
    public static Task<TestApi> StartAsync(DatabaseAddress database, RedisAddress? redis = null, string version = "v1.2.3") =>
        StartAsync(new ApiSettings(0, database, version, AdminKey, new FaultSettings()) { Redis = redis });

    public async Task<JsonElement> GetAsync(string path, int status = 200)
    {
        using var answer = await Http.GetAsync(path);
        return await ReadAsync(answer, status);
    }

    /// <summary>The ids of a list's rows.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string query) => Ids(await GetAsync($"/v1/models?limit=100&{query}"), "data");

    /// <summary>A figure of <c>/metrics</c>; null when there is none.</summary>
    public async Task<double?> FigureAsync(string name) =>
        (await Http.GetStringAsync("/metrics")).Split('\n').FirstOrDefault(line => line.StartsWith(name + " ", StringComparison.Ordinal)) is { } line
            ? double.Parse(line.Split(' ')[^1])
            : null;

    public async Task PostRefreshAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/admin/cache/refresh");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + AdminKey);
        using var answer = await Http.SendAsync(request);
        await ReadAsync(answer, 200);
    }

    /// <summary>One run of syncs at the clock's time.</summary>
    public async Task SyncAsync(string id, params SourceSnapshot[] reads)
    {
        var syncs = new SyncStore(Store, new SyncThresholds { FewestRows = new Dictionary<string, int>() });
        await syncs.BeginAsync(new SyncBeginning(id, SyncKinds.Models, "schedule", false, Clock.GetUtcNow()), TimeSpan.FromHours(1), default);
        foreach (var read in reads)
        {
            await syncs.MergeAsync(read, new MergeRequest(id, Clock.GetUtcNow(), $"sync:{read.Source} by ana"), default);
        }

        await syncs.EndAsync(id, null, Clock.GetUtcNow(), default);
    }

    public static IReadOnlyList<string> Ids(JsonElement answer, string list) =>
        [.. answer.GetProperty(list).EnumerateArray().Select(row => row.GetProperty("id").GetString()!)];

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, int status)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"Expected {status}, got {(int)answer.StatusCode}: {body}");
        return JsonElement.Parse(body);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        await Store.DisposeAsync();
    }

    private static async Task<TestApi> StartAsync(ApiSettings settings)
    {
        var store = await CatalogStore.OpenAsync(settings.Database, default);
        await store.SeedAsync(SampleCatalogue.Read, default);
        var clock = new ManualClock();
        TestApi? api = null;
        var app = CatalogServer.Build(settings, store, clock, () => api!.Crashes++);
        await app.ListenAsync(settings, store);
        return api = new TestApi(app, store) { Clock = clock };
    }
}
