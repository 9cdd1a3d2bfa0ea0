using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Catalog.Store;
using Sluice.Testing;

namespace Sluice.Cli.Tests;

/// <summary>Syncs of the catalogue in a server process, from lists on this machine.</summary>
public sealed class SyncTests
{
    [Fact]
    public async Task A_sync_by_hand_is_accepted_refused_while_one_is_under_way_and_told_with_counts_and_the_first_of_prices_comes_by_itself()
    {
        using var folder = new TemporaryFolder();
        using var aside = new TemporaryFolder();
        var (asked, released) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var lists = await ServeAsync(async http =>
        {
            if (http.Request.Path == "/models")
            {
                asked.TrySetResult();
                await released.Task;
            }

            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(http.Request.Path == "/models" ? Models(60) : Prices(6));
        });
        await using var server = await Serving.StartAsync(folder.Path, new Dictionary<string, string>
        {
            ["MODEL_SYNC_SOURCES"] = "openrouter",
            ["OPENROUTER_URL"] = $"{lists.Urls.Single()}/models",
            ["PRICING_SYNC_ENABLED"] = "true",
            ["PRICING_SYNC_PROVIDERS"] = "nearai",
            ["NEARAI_URL"] = $"{lists.Urls.Single()}/prices",
        });
        using var client = new HttpClient { BaseAddress = new Uri(server.Url) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(Path.Combine(folder.Path, "admin.key")).Trim());

        var started = await client.PostAsync("/v1/admin/sync", null);
        await asked.Task.WaitAsync(Eventually.Deadline);
        var refused = await client.PostAsync("/v1/admin/sync", null);
        released.SetResult();

        var id = (await JsonAsync(started)).GetProperty("id").GetString()!;
        Assert.Equal((HttpStatusCode.Accepted, $"{server.Url}/v1/admin/sync/runs/{id}"), (started.StatusCode, started.Headers.Location!.ToString()));
        Assert.Equal((HttpStatusCode.Conflict, id), (refused.StatusCode, (await JsonAsync(refused)).GetProperty("syncId").GetString()));
        var models = await EndedAsync(client, "models");
        Assert.Equal((id, "completed", "admin"), (Text(models, "id"), Text(models, "status"), Text(models, "startedBy")));
        var source = models.GetProperty("sources").EnumerateArray().Single();
        Assert.Equal(("openrouter", 60, 60, 0), (Text(source, "source"), Count(source, "fetched"), Count(source, "stored"), Count(source, "quarantined")));

        var prices = await EndedAsync(client, "prices");
        Assert.Equal(("completed", "schedule"), (Text(prices, "status"), Text(prices, "startedBy")));
        Assert.Equal(6, Count(prices.GetProperty("sources").EnumerateArray().Single(), "stored"));
        Assert.True(prices.GetProperty("startedAt").GetDateTimeOffset() >= server.StartedAt + TimeSpan.FromSeconds(30));

        var (copy, restored) = (Path.Combine(aside.Path, "copy"), Path.Combine(aside.Path, "restored"));
        foreach (var command in new string[][] { ["backup", copy, "--data", folder.Path], ["restore", copy, "--data", restored] })
        {
            var (code, output, error) = await Capture.RunAsync(command);
            Assert.True(code == 0, output + error);
        }

        await using var catalogue = await CatalogStore.OpenAsync(new DatabaseAddress.SqliteFile(Path.Combine(restored, "catalog.db")), default);
        Assert.Equal(60, (await catalogue.ListAsync(new OfferFilter { Provider = "openrouter" }, null, 1000, default)).Offers.Count);
    }

    [Fact]
    public async Task Wrong_settings_of_syncs_are_named_at_the_start_with_all_others()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sluice.json", """{ "Server": { "Colour": "blue" }, "Syncs": { "PRICING_SYNC_PROVIDERS": ["nearai", "elsewhere"], "PRICING_SYNC": "true" } }""");

        var (code, error) = await Serving.FailAsync(folder.Path, new Dictionary<string, string>
        {
            ["MODEL_SYNC_INTERVAL_HOURS"] = "2h",
            ["OPENROUTER_URL"] = "http://elsewhere.example/models",
        });

        Assert.Equal(1, code);
        Assert.All(
            ["Colour", "elsewhere", "Syncs:PRICING_SYNC is not known", "MODEL_SYNC_INTERVAL_HOURS", "OPENROUTER_URL"],
            word => Assert.Contains(word, error, StringComparison.Ordinal));
        Assert.Equal(["sluice.json"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Settings_of_syncs_are_read_again_each_time_and_the_environment_goes_before_the_file()
    {
        using var folder = new TemporaryFolder();
        var data = new Serve.DataFolder(folder.Path);

        Assert.True(string.IsNullOrEmpty(Serve.ServerSettingsFile.SyncVariables(data)("PRICING_SYNC_PROVIDERS")));
        folder.Write("sluice.json", """{ "Syncs": { "PRICING_SYNC_PROVIDERS": ["nearai", "featherless"], "PATH": "not this" } }""");

        Assert.Equal("nearai,featherless", Serve.ServerSettingsFile.SyncVariables(data)("PRICING_SYNC_PROVIDERS"));
        Assert.Equal(Environment.GetEnvironmentVariable("PATH"), Serve.ServerSettingsFile.SyncVariables(data)("PATH"));
        folder.Write("sluice.json", "{");
        Assert.Contains("is not JSON", Assert.Throws<FormatException>(() => Serve.ServerSettingsFile.SyncVariables(data)).Message, StringComparison.Ordinal);
    }

    private static Task<JsonElement> EndedAsync(HttpClient client, string kind) => Eventually.AsyncOf(
        async () =>
        {
            var runs = (await JsonAsync(await client.GetAsync($"/v1/admin/sync/history?limit=5&kind={kind}"))).GetProperty("items");
            return runs.GetArrayLength() == 0 ? default : runs[0];
        },
        run => run.ValueKind == JsonValueKind.Object && Text(run, "status") != "running",
        $"the sync of {kind} has ended");

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static int Count(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static string Models(int count) => JsonSerializer.Serialize(new
    {
        data = Enumerable.Range(0, count).Select(i => new
        {
            id = $"lab/model-{i}",
            canonical_slug = $"lab/model-{i}",
            name = $"Model {i}",
            created = 1_750_000_000,
            context_length = 8192,
            pricing = new { prompt = "0.0000004", completion = "0.0000012" },
        }),
    });

    private static string Prices(int count) => JsonSerializer.Serialize(new
    {
        models = Enumerable.Range(0, count).Select(i => new
        {
            modelId = $"lab/model-{i}",
            inputCostPerToken = new { amount = 4, scale = 7, currency = "USD" },
            outputCostPerToken = new { amount = 12, scale = 7, currency = "USD" },
            metadata = new { modelDisplayName = $"Model {i}", contextLength = 8192 },
        }),
        total = count,
    });

    private static async Task<WebApplication> ServeAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return app;
    }
}
