using Microsoft.AspNetCore.Http;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Platforms.Tests.Http;
using Sluice.Platforms.Tests.Prometheus;

namespace Sluice.Platforms.Tests.Json;

public sealed class JsonQueriesTests
{
    private const string Answer = """
        { "errorRate": 0.02, "text": "1.5", "none": null, "list": [1, 2.5], "ok": true, "word": "fine", "deep": { "v2": { "errors": 3 } }, "mixed": [1, {}] }
        """;

    [Theory]
    [InlineData("$.errorRate", new[] { 0.02 })]
    [InlineData("$.text", new[] { 1.5 })]
    [InlineData("$.none", new double[0])]
    [InlineData("$.list", new[] { 1, 2.5 })]
    [InlineData("$.list[1]", new[] { 2.5 })]
    [InlineData("$['deep']['{revision}'].errors", new double[] { 3 })]
    public async Task A_path_finds_numbers(string path, double[] values)
    {
        var result = await AskAsync(path);

        Assert.Null(result.Error);
        Assert.Equal(values, result.Values);
    }

    [Theory]
    [InlineData("$.missing", "there is no $.missing in the answer")]
    [InlineData("$.ok", "$.ok is true or false, and a number, or a list of numbers, is needed")]
    [InlineData("$.word", "$.word is a text")]
    [InlineData("$.deep", "$.deep is an object")]
    [InlineData("$.mixed", "$.mixed is an object")]
    public async Task What_is_no_number_is_told(string path, string says)
    {
        var result = await AskAsync(path);

        Assert.Empty(result.Values);
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(503, "away for s3cret-value", "answered 503: away for ***")]
    [InlineData(302, "", "answered 302")]
    [InlineData(200, "<html>", "answered something that is not JSON")]
    public async Task An_answer_that_is_none_is_told_without_secret_and_query(int status, string body, string says)
    {
        var result = await AskAsync("$.errorRate", status, body);

        Assert.Contains(says, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", result.Error, StringComparison.Ordinal);
    }

    private static async Task<QueryResult> AskAsync(string path, int status = 200, string body = Answer)
    {
        string? key = null;
        string? asked = null;
        await using var server = await TestServer.StartAsync(async http =>
        {
            key = http.Request.Headers["X-Key"];
            asked = http.Request.Path + http.Request.QueryString;
            http.Response.StatusCode = status;
            await http.Response.WriteAsync(body);
        });
        var provider = new ProviderSpec.Json
        {
            Name = "stats",
            Access = new HttpAccess(server.Endpoint.BaseAddress + "stats/{service}?of={revision}&key=hidden") { SecretHeaders = new Dictionary<string, string> { ["X-Key"] = "token" } },
        };

        var result = await new MetricAdapters(new OneSecret(), TimeProvider.System).Queries(provider).AskAsync(provider, path, new QueryArguments("v2", "v1", "production", "shop"), default);

        Assert.Equal(("s3cret-value", "/stats/shop?of=v2&key=hidden"), (key, asked));
        return result;
    }
}
