using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Tests.Sources;
using Sluice.CatalogApi;

namespace Sluice.Catalog.Tests.Api;

public sealed class AdminAndHealthTests
{
    private const string Refresh = "/v1/admin/cache/refresh";

    [Fact]
    public async Task The_admin_key_makes_new_rows_visible_at_once()
    {
        await using var api = await TestApi.StartAsync();
        await api.GetAsync("/v1/models?provider=new");
        await api.Store.SaveAsync([Offers.Of("new/model")], default);

        using var answer = await PostAsync(api, "Bearer " + TestApi.AdminKey);

        Assert.Equal(1, (await TestApi.ReadAsync(answer, 200)).GetProperty("dropped").GetInt32());
        Assert.Equal(1, (await api.GetAsync("/v1/models?provider=new")).GetProperty("data").GetArrayLength());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer a-key-for-the-test")]
    [InlineData("Bearer A-KEY-FOR-THE-TESTS")]
    [InlineData("Basic a-key-for-the-tests")]
    public async Task Nothing_but_the_key_opens_the_admin_endpoints(string? authorization)
    {
        await using var api = await TestApi.StartAsync();

        using var answer = await PostAsync(api, authorization);

        await TestApi.ReadAsync(answer, 401);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task Without_a_configured_key_the_admin_endpoints_are_shut_to_everybody()
    {
        await using var api = await TestApi.StartAsync(adminKey: null);

        foreach (var authorization in new[] { null, "Bearer ", "Bearer " + TestApi.AdminKey })
        {
            using var answer = await PostAsync(api, authorization);
            await TestApi.ReadAsync(answer, 503);
        }
    }

    [Fact]
    public async Task Health_names_status_time_and_version()
    {
        await using var api = await TestApi.StartAsync();

        var health = await api.GetAsync("/health");

        Assert.Equal(
            ("ok", "2026-03-01T12:00:00.000Z", "v1.2.3"),
            (health.GetProperty("status").GetString(), health.GetProperty("timestamp").GetString(), health.GetProperty("version").GetString()));
    }

    [Fact]
    public async Task Deep_health_asks_the_database()
    {
        await using var api = await TestApi.StartAsync();

        var database = (await api.GetAsync("/health/deep")).GetProperty("checks").GetProperty("database");

        Assert.Equal(("ok", "sqlite", 60), (database.GetProperty("status").GetString(), database.GetProperty("kind").GetString(), database.GetProperty("models").GetInt32()));
        Assert.True(database.GetProperty("latencyMs").GetDouble() >= 0);
    }

    [Fact]
    public async Task A_database_that_is_gone_is_503_in_deep_health_only()
    {
        await using var api = await TestApi.StartAsync();
        await api.Store.DisposeAsync();

        var deep = await api.GetAsync("/health/deep", 503);

        Assert.Equal("unhealthy", deep.GetProperty("checks").GetProperty("database").GetProperty("status").GetString());
        await api.GetAsync("/health");
    }

    [Fact]
    public async Task Deep_health_has_a_status_and_a_latency_for_everything_the_service_needs()
    {
        await using var api = await TestApi.StartAsync();

        var deep = await api.GetAsync("/health/deep");

        var checks = deep.GetProperty("checks").EnumerateObject().ToList();
        Assert.Equal(["database", "cache", "external", "resources"], checks.Select(check => check.Name));
        Assert.All(checks, check => Assert.True(check.Value.GetProperty("latencyMs").GetDouble() >= 0));
        Assert.Equal(("memory", 0), (checks[1].Value.GetProperty("kind").GetString(), checks[2].Value.GetProperty("sources").GetArrayLength()));
        Assert.True(checks[3].Value.GetProperty("memoryBytes").GetInt64() > 1024 * 1024);
    }

    [Fact]
    public async Task Lists_that_failed_or_are_old_make_the_service_degraded_and_not_dead()
    {
        await using var api = await TestApi.StartAsync();
        await api.SyncAsync("run-1", await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(Rows.OpenRouterRow("x/m", "{}"))));
        Assert.Equal("ok", await ExternalAsync(api, "openrouter"));

        api.Clock.Advance(TimeSpan.FromHours(2));
        await api.SyncAsync("run-2", await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter()));
        Assert.Equal("degraded", await ExternalAsync(api, "openrouter"));

        api.Clock.Advance(TimeSpan.FromHours(6.1));
        Assert.Equal("unhealthy", await ExternalAsync(api, "openrouter"));
        Assert.Equal("degraded", (await api.GetAsync("/health/deep")).GetProperty("status").GetString());
    }

    [Theory]
    [InlineData(10, 10, 20, 100, 0.0, "in use")]
    [InlineData(1, 10, 90, 100, 0.0, "hardly a connection")]
    [InlineData(1, 10, 20, 100, 31.0, "31 s behind")]
    [InlineData(1, 10, 20, 100, 30.0, null)]
    public void A_database_short_of_connections_or_with_a_late_standby_is_degraded(int busy, int limit, long connections, long most, double lag, string? detail)
    {
        var fault = DatabaseHealth.Fault(new DatabaseState(1, busy, limit, connections, most, 1, TimeSpan.FromSeconds(lag)), 1);

        Assert.True(detail is null ? fault is null : fault?.Contains(detail, StringComparison.Ordinal) == true, fault);
        Assert.NotNull(DatabaseHealth.Fault(new DatabaseState(1, null, null, null, null, null, null), 1001));
    }

    [Fact]
    public void Resources_that_are_nearly_used_up_are_named()
    {
        Assert.Null(ResourceHealth.Fault(900, 1000, 1000, null));
        Assert.Contains("Memory", ResourceHealth.Fault(901, 1000, 0, null), StringComparison.Ordinal);
        Assert.Contains("wait for a thread", ResourceHealth.Fault(1, 1000, 1001, null), StringComparison.Ordinal);
        Assert.Contains("disk", ResourceHealth.Fault(1, 1000, 0, 1024), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_that_hangs_is_given_up_in_time()
    {
        var delays = new List<TimeSpan>();
        var time = new RecordingTimers(delays);

        var asked = await HealthEndpoints.AskAsync(_ => new TaskCompletionSource<object>().Task, time);

        Assert.Equal((null, "No answer in 4 s."), (asked.Answer, asked.Fault));
        Assert.Equal(TimeSpan.FromSeconds(4), Assert.Single(delays));
    }

    [Fact]
    public async Task An_unhealthy_release_says_so_and_still_serves()
    {
        await using var api = await TestApi.StartAsync(new FaultSettings(Unhealthy: true));

        Assert.Equal("unhealthy", (await api.GetAsync("/health", 503)).GetProperty("status").GetString());
        await api.GetAsync("/health/deep", 503);
        await api.GetAsync("/v1/models?limit=1");
    }

    private static async Task<HttpResponseMessage> PostAsync(TestApi api, string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Refresh);
        // The seeds' header: it must make no difference.
        request.Headers.Add("x-admin", "true");
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return await api.Http.SendAsync(request);
    }

    private static async Task<string?> ExternalAsync(TestApi api, string name) =>
        (await api.GetAsync("/health/deep")).GetProperty("checks").GetProperty("external").GetProperty("sources").EnumerateArray()
            .Single(source => source.GetProperty("name").GetString() == name).GetProperty("status").GetString();
}
