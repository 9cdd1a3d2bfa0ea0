using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Catalog;
using Sluice.Catalog.Store;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests;

/// <summary>The server dies in the middle of a sync: one source is merged, the other is still being read.</summary>
public sealed class SyncKillTests
{
    [Fact]
    public async Task Old_data_stay_the_history_tells_the_truth_and_the_run_is_ended_by_the_next_process()
    {
        var (price, asked, released) = (1, new TaskCompletionSource(), new TaskCompletionSource());
        released.SetResult();
        await using var lists = await LocalHttp.ServeAsync(async http =>
        {
            if (http.Request.Path == "/slow")
            {
                asked.TrySetResult();
                await released.Task.WaitAsync(http.RequestAborted);
            }

            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(http.Request.Path == "/slow" ? Featherless(price) : OpenRouter(price));
        });
        await using var sluice = await LocalSluice.StartAsync(new Dictionary<string, string>
        {
            ["PRICING_SYNC_PROVIDERS"] = "openrouter,featherless",
            ["OPENROUTER_URL"] = $"{lists.Urls.Single()}/fast",
            ["FEATHERLESS_URL"] = $"{lists.Urls.Single()}/slow",
        });
        await StartAsync(sluice);
        Assert.Equal("completed", (await EndedAsync(sluice, 1)).GetProperty("status").GetString());
        (price, asked, released) = (2, new TaskCompletionSource(), new TaskCompletionSource());

        var id = await StartAsync(sluice);
        await asked.Task.WaitAsync(Eventually.Deadline);
        await Eventually.AsyncOf(() => LastAsync(sluice), run => run.GetProperty("sources").GetArrayLength() == 1, "the fast source is merged");
        await sluice.KillServerAsync();

        await using (var catalogue = await CatalogStore.OpenAsync(new DatabaseAddress.SqliteFile(Path.Combine(sluice.Data.Path, "catalog.db")), default))
        {
            // What was merged is there as a whole, the rest as it was before.
            Assert.Equal(2, (await catalogue.FindAsync(new OfferId("openrouter", "lab/model-0"), default))!.Pricing.Input);
            Assert.Equal(1, (await catalogue.FindAsync(new OfferId("featherless", "lab/model-0"), default))!.Pricing.Input);
        }

        released.SetResult();
        await sluice.StartServerAsync();
        var run = await EndedAsync(sluice, 2);

        Assert.Equal((id, "completed"), (run.GetProperty("id").GetString(), run.GetProperty("status").GetString()));
        Assert.Equal("healthy", run.GetProperty("health").GetProperty("status").GetString());
        Assert.Equal([60, 60], run.GetProperty("sources").EnumerateArray().Select(source => source.GetProperty("priceChanges").GetInt32()));
    }

    private static async Task<string> StartAsync(LocalSluice sluice)
    {
        using var http = Client(sluice);
        var answer = await http.PostAsync("/v1/admin/pricing/scheduler/trigger", null);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("id").GetString()!;
    }

    private static Task<JsonElement> EndedAsync(LocalSluice sluice, int runs) => Eventually.AsyncOf(
        () => LastAsync(sluice, runs),
        run => run.ValueKind == JsonValueKind.Object && run.GetProperty("status").GetString() != "running",
        $"the end of run {runs}");

    private static async Task<JsonElement> LastAsync(LocalSluice sluice, int runs = 1)
    {
        using var http = Client(sluice);
        var items = JsonElement.Parse(await http.GetStringAsync("/v1/admin/sync/history?kind=prices")).GetProperty("items");
        return items.GetArrayLength() < runs ? default : items[0];
    }

    private static HttpClient Client(LocalSluice sluice)
    {
        var http = new HttpClient { BaseAddress = sluice.Url };
        http.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(sluice.Data.AdminKeyFile).Trim());
        return http;
    }

    private static string OpenRouter(int price) => JsonSerializer.Serialize(new
    {
        data = Enumerable.Range(0, 60).Select(i => new
        {
            id = $"lab/model-{i}",
            canonical_slug = $"lab/model-{i}",
            name = $"Model {i}",
            created = 1_750_000_000,
            context_length = 8192,
            pricing = new { prompt = $"0.00000{price}", completion = $"0.00000{price}" },
        }),
    });

    private static string Featherless(int price) => JsonSerializer.Serialize(new
    {
        data = Enumerable.Range(0, 60).Select(i => new
        {
            id = $"lab/model-{i}",
            is_gated = false,
            created = 1_750_000_000,
            model_class = "x",
            owned_by = "lab",
            context_length = 8192,
            pricing = new { input = price, output = price },
        }),
    });
}
