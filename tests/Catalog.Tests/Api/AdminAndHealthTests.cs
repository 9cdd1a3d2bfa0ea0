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
}
