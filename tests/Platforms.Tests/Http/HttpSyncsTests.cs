using Microsoft.AspNetCore.Http;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Http;
using Sluice.Platforms.Tests.Prometheus;

namespace Sluice.Platforms.Tests.Http;

/// <summary>The syncs of a server over HTTP, by what a server may answer; against a real one they are tested with the API.</summary>
public sealed class HttpSyncsTests
{
    private const string On = """{"enabled":true,"intervalHours":6,"providers":["openrouter","nearai"]}""";
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_history_is_read_back_to_the_moment_page_by_page_and_no_further()
    {
        var asked = new List<string>();
        await using var server = await TestServer.StartAsync(async http =>
        {
            asked.Add(http.Request.Path + http.Request.QueryString);
            await http.Response.WriteAsync(
                http.Request.Path == "/ops/v1/admin/sync/scheduler/status" ? On
                : http.Request.Query["cursor"] == "b" ? History("c", Run("c", 0), Run("old", -1))
                : History("b", Run("a", 2), Run("b", 1)));
        });

        var seen = await Syncs().ReadAsync(Access(server, "ops/"), SyncKind.Models, Noon, default);

        Assert.Equal((true, TimeSpan.FromHours(6)), (seen.Enabled, seen.Interval));
        Assert.Equal(["a", "b", "c"], seen.Runs.Select(run => run.Id));
        Assert.Equal((110, 3, "models.dev: It is away."), (seen.Runs[0].Fetched, seen.Runs[0].Quarantined, seen.Runs[0].Errors[0]));
        Assert.Equal(["/ops/v1/admin/sync/scheduler/status", "/ops/v1/admin/sync/history?kind=models&limit=100", "/ops/v1/admin/sync/history?kind=models&limit=100&cursor=b"], asked);
    }

    [Theory]
    [InlineData(401, "{}", PlatformError.Unauthorized)]
    [InlineData(403, "{}", PlatformError.Unauthorized)]
    [InlineData(404, "{}", PlatformError.NotFound)]
    [InlineData(429, "{}", PlatformError.Throttled)]
    [InlineData(503, "{}", PlatformError.Unreachable)]
    [InlineData(400, "{}", PlatformError.Invalid)]
    [InlineData(302, "", PlatformError.Invalid)]
    [InlineData(200, "<html>", PlatformError.Invalid)]
    [InlineData(200, "{}", PlatformError.Invalid)]
    [InlineData(200, "null", PlatformError.Invalid)]
    public async Task Every_other_answer_is_a_failure_that_says_what_came_and_repeats_no_key(int status, string body, PlatformError error)
    {
        await using var server = await TestServer.StartAsync(async http =>
        {
            http.Response.StatusCode = status;
            await http.Response.WriteAsync(body + (status == 400 ? http.Request.Headers.Authorization.ToString() : ""));
        });

        var failure = await Assert.ThrowsAsync<PlatformException>(() => Syncs().ReadAsync(Access(server), SyncKind.Prices, Noon, default));

        Assert.Equal(error, failure.Error);
        Assert.Contains("GET http://127.0.0.1", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-value", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_away_is_unreachable_and_a_secret_that_is_not_there_is_told()
    {
        await using var server = await TestServer.StartAsync(_ => Task.CompletedTask);
        var away = Access(server);
        await server.DisposeAsync();

        Assert.Equal(PlatformError.Unreachable, (await Assert.ThrowsAsync<PlatformException>(() => Syncs().ReadAsync(away, SyncKind.Prices, Noon, default))).Error);
        var nameless = away with { BearerSecret = "nothing" };
        Assert.Contains("There is no secret 'nothing'", (await Assert.ThrowsAsync<PlatformException>(() => Syncs().ReadAsync(nameless, SyncKind.Prices, Noon, default))).Message);
    }

    [Fact]
    public async Task A_change_that_is_taken_and_does_not_show_was_not_applied_and_a_schedule_that_takes_none_is_told()
    {
        var puts = 0;
        await using var deaf = await TestServer.StartAsync(async http =>
        {
            puts += http.Request.Method == "PUT" ? 1 : 0;
            await http.Response.WriteAsync(On);
        });
        await using var fixedOne = await TestServer.StartAsync(async http =>
        {
            http.Response.StatusCode = http.Request.Method == "PUT" ? 405 : 200;
            await http.Response.WriteAsync(On);
        });
        var off = new SyncFailureAction(SyncFailureKind.Disable, null, []);

        Assert.Equal(PlatformError.NotApplied, (await Assert.ThrowsAsync<PlatformException>(() => Syncs().EnsureLimitedAsync(Access(deaf), SyncKind.Prices, off, "why", default))).Error);
        Assert.Equal(PlatformError.NotFound, (await Assert.ThrowsAsync<PlatformException>(() => Syncs().EnsureLimitedAsync(Access(fixedOne), SyncKind.Prices, off, "why", default))).Error);
        Assert.Equal(1, puts);
        var none = new SyncFailureAction(SyncFailureKind.Providers, null, ["alibaba-cloud"]);
        Assert.Contains("None of alibaba-cloud is synced", (await Assert.ThrowsAsync<PlatformException>(() => Syncs().EnsureLimitedAsync(Access(deaf), SyncKind.Prices, none, "why", default))).Message);
    }

    private static HttpSyncs Syncs() => new(new OneSecret());

    private static HttpAccess Access(TestServer server, string path = "") => new(server.Endpoint.BaseAddress + path) { BearerSecret = "token" };

    private static string History(string? cursor, params string[] runs) => $$"""{"items":[{{string.Join(',', runs)}}],"cursor":{{(cursor is null ? "null" : $"\"{cursor}\"")}}}""";

    private static string Run(string id, int hours) => $$"""
        {"id":"{{id}}","status":"partial","startedBy":"schedule","startedAt":"{{Noon.AddHours(hours):yyyy-MM-ddTHH:mm:ssZ}}","endedAt":"{{Noon.AddHours(hours):yyyy-MM-ddTHH:mm:ssZ}}","health":{},
         "sources":[{"source":"models.dev","fetched":100,"quarantined":1,"errors":["It is away."]},{"source":"openrouter","fetched":10,"quarantined":2}]}
        """;
}
