using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Sluice.Catalog.Sample;
using Sluice.Catalog.Store;
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

    public static async Task<TestApi> StartAsync(FaultSettings? faults = null, string? adminKey = AdminKey)
    {
        var settings = new ApiSettings(0, new DatabaseAddress.SqliteMemory(), "v1.2.3", adminKey, faults ?? new FaultSettings());
        var store = await CatalogStore.OpenAsync(settings.Database, default);
        await store.SeedAsync(SampleCatalogue.Read, default);
        var clock = new ManualClock();
        TestApi? api = null;
        var app = CatalogServer.Build(settings, store, clock, () => api!.Crashes++);
        await app.ListenAsync(settings, store);
        return api = new TestApi(app, store) { Clock = clock };
    }

    public async Task<JsonElement> GetAsync(string path, int status = 200)
    {
        using var answer = await Http.GetAsync(path);
        return await ReadAsync(answer, status);
    }

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
}
