using Sluice.Catalog.Cache;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Tests.Cache;
using Sluice.Catalog.Tests.Sources;
using Sluice.CatalogApi;
using Sluice.Testing;

namespace Sluice.Catalog.Tests.Api;

/// <summary>Answers that are kept: in a process, by a sync's end, and among replicas.</summary>
public sealed class CacheTests
{
    [Fact]
    public async Task The_end_of_a_sync_makes_its_rows_visible_within_seconds_and_nothing_before_it()
    {
        await using var api = await TestApi.StartAsync();
        Assert.Equal(60, (await api.ListAsync("")).Count);
        await api.Store.SaveAsync([Offers.Of("aaa/unseen")], default);
        api.Clock.Advance(Generation.Freshness);
        Assert.Equal(60, (await api.ListAsync("")).Count);

        await SyncAsync(api, "run-1");
        api.Clock.Advance(Generation.Freshness);

        Assert.Equal(["aaa/unseen", "openrouter/x/m"], await api.ListAsync(""));
    }

    [Fact]
    public async Task Hits_and_misses_are_counted()
    {
        await using var api = await TestApi.StartAsync();
        Assert.Null(await api.FigureAsync("catalog_cache_hit_ratio"));
        await api.GetAsync("/v1/models?limit=20");
        await api.GetAsync("/v1/models");
        await api.GetAsync("/v1/models?limit=1");
        await api.GetAsync("/v1/models");
        await api.GetAsync("/v1/models?limit=0", 400);

        Assert.Equal((2, 2, 0.5), (await FromAsync(api, "memory"), await FromAsync(api, "database"), await api.FigureAsync("catalog_cache_hit_ratio")));
        Assert.Equal((4, 1), (await api.FigureAsync("catalog_http_requests_total{status=\"2xx\"}"), await api.FigureAsync("catalog_http_requests_total{status=\"4xx\"}")));
        Assert.Equal((2, 5), (await api.FigureAsync("catalog_cache_entries"), await api.FigureAsync("catalog_http_request_duration_seconds_count")));
        Assert.Null(await api.FigureAsync("catalog_shared_cache_failures_total"));
    }

    [Fact]
    public async Task Over_upstash_replicas_of_one_release_share_answers_and_another_release_has_its_own()
    {
        using var folder = new TemporaryFolder();
        await using var upstash = await UpstashServer.StartAsync();
        await using var first = await TestApi.StartAsync(Database(folder), upstash.Address);
        await using var second = await TestApi.StartAsync(Database(folder), upstash.Address);
        await using var newer = await TestApi.StartAsync(Database(folder), upstash.Address, version: "v2");

        await ShareAsync(first, second);
        Assert.Equal(60, (await newer.ListAsync("")).Count);
        Assert.Equal(1, await FromAsync(newer, "database"));
    }

    [Fact]
    public async Task Over_redis_replicas_share_answers_and_a_refresh_reaches_them_all()
    {
        using var folder = new TemporaryFolder();
        await using var redis = await StartRedisAsync();
        await using var first = await TestApi.StartAsync(Database(folder), Address(redis));
        await using var second = await TestApi.StartAsync(Database(folder), Address(redis));
        await ShareAsync(first, second);

        await first.Store.SaveAsync([Offers.Of("aaa/new")], default);
        await first.PostRefreshAsync();
        second.Clock.Advance(Generation.Freshness);

        Assert.Contains("aaa/new", await first.ListAsync(""));
        Assert.Contains("aaa/new", await second.ListAsync(""));
    }

    [Fact]
    public async Task An_answer_is_an_hour_old_at_most_wherever_it_was_kept()
    {
        using var folder = new TemporaryFolder();
        await using var upstash = await UpstashServer.StartAsync();
        await using var first = await TestApi.StartAsync(Database(folder), upstash.Address);
        await using var second = await TestApi.StartAsync(Database(folder), upstash.Address);
        await first.ListAsync("");
        await first.Store.SaveAsync([Offers.Of("aaa/new")], default);

        second.Clock.Advance(TimeSpan.FromMinutes(59));
        using (var answer = await second.Http.GetAsync("/v1/models?limit=100&"))
        {
            Assert.Equal("3540", answer.Headers.GetValues("Age").Single());
        }

        second.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("aaa/new", await second.ListAsync(""));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_redis_that_dies_or_hangs_costs_no_answer_and_no_sync_is_missed(bool hangs)
    {
        using var folder = new TemporaryFolder();
        await using var redis = await StartRedisAsync();
        await using var api = await TestApi.StartAsync(Database(folder), Address(redis));
        Assert.Equal(60, (await api.ListAsync("")).Count);
        Assert.Equal("ok", await CacheHealthAsync(api));

        if (hangs)
        {
            redis.Freeze(true);
        }
        else
        {
            redis.Kill();
        }

        for (var n = 1; n <= 20; n++)
        {
            Assert.Single((await api.GetAsync($"/v1/models?limit=1&minContext={n}")).GetProperty("data").EnumerateArray());
        }

        await SyncAsync(api, "run-1");
        api.Clock.Advance(Generation.Freshness);
        await Eventually.AsyncOf(() => api.ListAsync(""), ids => ids.Contains("openrouter/x/m"), "the new rows are seen without Redis");
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("degraded", await CacheHealthAsync(api));
        Assert.True(await api.FigureAsync("catalog_shared_cache_failures_total") > 0);

        if (hangs)
        {
            redis.Freeze(false);
        }
        else
        {
            await redis.StartAsync();
        }

        api.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("ok", await CacheHealthAsync(api));
    }

    [Fact]
    public async Task What_lies_under_our_key_and_is_no_answer_of_ours_is_a_miss()
    {
        using var folder = new TemporaryFolder();
        await using var upstash = await UpstashServer.StartAsync();
        upstash.Instead = async http =>
        {
            http.Response.ContentType = "application/json";
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(http.Response, """{"result":"[]"}""");
        };
        await using var api = await TestApi.StartAsync(Database(folder), upstash.Address);

        Assert.Equal(60, (await api.ListAsync("")).Count);
    }

    private static async Task ShareAsync(TestApi first, TestApi second)
    {
        Assert.Equal(60, (await first.ListAsync("")).Count);
        Assert.Equal(60, (await second.ListAsync("")).Count);
        Assert.Equal((1, 0), (await FromAsync(first, "database"), await FromAsync(first, "shared")));
        Assert.Equal((0, 1), (await FromAsync(second, "database"), await FromAsync(second, "shared")));
    }

    private static async Task SyncAsync(TestApi api, string run) => await api.SyncAsync(
        run, await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(Rows.OpenRouterRow("x/m", """{ "prompt": "1e-6", "completion": "2e-6" }"""))));

    private static Task<double?> FromAsync(TestApi api, string source) => api.FigureAsync($"catalog_cache_requests_total{{from=\"{source}\"}}");

    private static async Task<string?> CacheHealthAsync(TestApi api) =>
        (await api.GetAsync("/health/deep")).GetProperty("checks").GetProperty("cache").GetProperty("status").GetString();

    private static DatabaseAddress.SqliteFile Database(TemporaryFolder folder) => new(folder.File("catalog.db"));

    private static RedisAddress Address(RedisServer redis) => RedisAddress.Read(name => name == "REDIS_URL" ? $"redis://127.0.0.1:{redis.Port}" : null, [])!;

    private static Task<RedisServer> StartRedisAsync()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, RedisServer.Missing);
        return RedisServer.StartAsync();
    }
}
