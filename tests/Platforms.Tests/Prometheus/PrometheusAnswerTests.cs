using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Domain.Analysis;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Engine.VirtualTime;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Tests.Http;

namespace Sluice.Platforms.Tests.Prometheus;

/// <summary>Answers as Prometheus writes them, good and bad, from a server that says what it is told.</summary>
public sealed class PrometheusAnswerTests
{
    private static readonly QueryArguments Arguments = new("v2", "v1", "production", "shop");

    [Theory]
    [InlineData("""{"resultType":"scalar","result":[1435781451.781,"1.5"]}""", new[] { 1.5 })]
    [InlineData("""{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1,"1e+00"]},{"metric":{},"value":[1,"+Inf"]}]}""", new[] { 1, double.PositiveInfinity })]
    [InlineData("""{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]},{"metric":{},"value":[1,"-Inf"]}]}""", new[] { double.NaN, double.NegativeInfinity })]
    [InlineData("""{"resultType":"vector","result":[]}""", new double[0])]
    public async Task Numbers_are_read_as_they_are_written(string data, double[] values)
    {
        var result = await AskAsync(200, $$"""{"status":"success","data":{{data}},"infos":["metric might not be a counter"]}""");

        Assert.Null(result.Error);
        Assert.Equal(values, result.Values);
    }

    [Theory]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[]}}""", "the query returns a matrix, and numbers are needed: wrap it")]
    [InlineData(200, """{"status":"success","data":{"resultType":"string","result":[1,"x"]}}""", "the query returns a string, and numbers are needed")]
    [InlineData(200, """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{}]}]}}""", "native histogram")]
    [InlineData(200, """{"status":"success","data":{"resultType":"vector","result":[]},"warnings":["remote read: store is away"]}""", "may be partial: remote read: store is away")]
    [InlineData(400, """{"status":"error","errorType":"bad_data","error":"1:5: parse error: unexpected end"}""", "Invalid: ", "answered 400 bad_data: 1:5: parse error: unexpected end")]
    [InlineData(422, """{"status":"error","errorType":"execution","error":"too many samples"}""", "Invalid: ", "422 execution: too many samples")]
    [InlineData(503, """{"status":"error","errorType":"timeout","error":"query timed out"}""", "Unreachable: ", "503 timeout: query timed out")]
    [InlineData(500, """{"status":"error","errorType":"internal","error":"boom","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}}""", "500 internal: boom")]
    [InlineData(502, "<html><body>Bad\nGateway</body></html>", "Unreachable: ", "answered 502, and not as a Prometheus does: <html><body>Bad Gateway</body></html>")]
    [InlineData(401, "Unauthorized", "Unauthorized: ", "answered 401")]
    [InlineData(429, "slow down", "Throttled: ", "answered 429")]
    [InlineData(200, "[]", "not as a Prometheus does: []")]
    [InlineData(200, """{"status":"success","data":{"resultType":"scalar","result":[1,"x"]}}""", "not as a Prometheus does")]
    public async Task What_is_no_answer_is_told_in_the_servers_words(int status, string answer, params string[] says)
    {
        var result = await AskAsync(status, answer);

        Assert.Empty(result.Values);
        Assert.All(says, text => Assert.Contains(text, result.Error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_query_is_posted_with_its_arguments_a_time_and_a_time_limit()
    {
        IFormCollection? form = null;
        PathString path = default;
        await using var server = await TestServer.StartAsync(async http =>
        {
            path = http.Request.Path;
            form = await http.Request.ReadFormAsync();
            await http.Response.WriteAsync("""{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}""");
        });

        await AskAsync(new HttpAccess(server.Endpoint.BaseAddress + "prometheus/"), """up{revision="{revision}",stable="{stable}"}""");

        Assert.Equal("/prometheus/api/v1/query", path);
        Assert.Equal("""up{revision="v2",stable="v1"}""", form!["query"]);
        Assert.Equal("1767225600.5", form["time"]);
        Assert.Equal("10000ms", form["timeout"]);
    }

    [Theory]
    [InlineData("bearer", "Bearer s3cret-value")]
    [InlineData("basic", "Basic bWU6czNjcmV0LXZhbHVl")]
    [InlineData("header", "s3cret-value")]
    public async Task Secrets_are_sent_and_are_in_no_message(string kind, string sent)
    {
        string? seen = null;
        await using var server = await TestServer.StartAsync(async http =>
        {
            seen = http.Request.Headers.Authorization.ToString() + http.Request.Headers["X-Key"];
            http.Response.StatusCode = 400;
            await http.Response.WriteAsync($$"""{"status":"error","errorType":"bad_data","error":"you said {{seen}}"}""");
        });
        var access = new HttpAccess(server.Endpoint.BaseAddress.ToString()) { Headers = new Dictionary<string, string> { ["X-Scope-OrgID"] = "shop" } };

        var result = await AskAsync(kind switch
        {
            "bearer" => access with { BearerSecret = "token" },
            "basic" => access with { User = "me", PasswordSecret = "token" },
            _ => access with { SecretHeaders = new Dictionary<string, string> { ["X-Key"] = "token" } },
        });

        Assert.Equal(sent, seen);
        Assert.Contains("***", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("bWU6", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_does_not_exist_is_named()
    {
        var result = await AskAsync(new HttpAccess("http://127.0.0.1:1") { BearerSecret = "other" });

        Assert.Equal("Invalid: There is no secret 'other', which http://127.0.0.1:1/api/v1/query needs.", result.Error);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable()
    {
        var result = await AskAsync(new HttpAccess("http://127.0.0.1:1"));

        Assert.StartsWith("Unreachable: http://127.0.0.1:1/api/v1/query could not be asked: ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_time_is_unreachable()
    {
        await using var server = await TestServer.StartAsync(http => Task.Delay(Timeout.Infinite, http.RequestAborted));

        var result = await AskAsync(new HttpAccess(server.Endpoint.BaseAddress.ToString()) { Timeout = TimeSpan.FromMilliseconds(-1900) });

        Assert.Contains("did not answer within 100ms", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Counters_by_revision_are_one_reading_of_one_moment()
    {
        var times = new HashSet<string>();
        await using var server = await TestServer.StartAsync(async http =>
        {
            var form = await http.Request.ReadFormAsync();
            lock (times)
            {
                times.Add(form["time"].ToString());
            }

            await http.Response.WriteAsync("""{"status":"success","data":{"resultType":"vector","result":""" + form["query"].ToString() switch
            {
                "requests{s=\"shop\"}" => """[{"metric":{"rev":"v1"},"value":[1,"1000"]},{"metric":{"rev":"v2"},"value":[1,"99.6"]}]""",
                "errors" => """[{"metric":{"rev":"v2"},"value":[1,"7"]}]""",
                _ => """[{"metric":{"rev":"v2","le":"0.1"},"value":[1,"60"]},{"metric":{"rev":"v2","le":"+Inf"},"value":[1,"100"]},{"metric":{"rev":"v2","le":"0.5"},"value":[1,"90"]}]""",
            } + "}}");
        });

        var reading = await ReadAsync(new MetricsSpec.Prometheus(
            new HttpAccess(server.Endpoint.BaseAddress.ToString()), "rev", "requests{s=\"{service}\"}", "errors", "latency", TimeSpan.FromSeconds(30)));

        Assert.Equal(["1767225570.5"], times);
        Assert.Equal(Now - TimeSpan.FromSeconds(30), reading.At);
        Assert.Equal((1000, 0), (reading.Revisions["v1"].Requests, reading.Revisions["v1"].Errors));
        Assert.Equal((100, 7), (reading.Revisions["v2"].Requests, reading.Revisions["v2"].Errors));
        Assert.InRange(LatencyBuckets.Quantile(reading.Revisions["v2"].Latency, 0.5)!.Value, 0.1, 0.11);
        Assert.InRange(LatencyBuckets.Quantile(reading.Revisions["v2"].Latency, 0.9)!.Value, 0.5, 0.55);
        Assert.Equal(10, reading.Revisions["v2"].Latency[^1]);
        Assert.Equal(100, reading.Revisions["v2"].Latency.Sum());
    }

    [Theory]
    [InlineData("""[{"metric":{"job":"a"},"value":[1,"5"]}]""", "without the label 'rev'")]
    [InlineData("""[{"metric":{"rev":"v1"},"value":[1,"NaN"]}]""", "returns NaN: expected a counter")]
    [InlineData("""[{"metric":{"rev":"v1"},"value":[1,"-1"]}]""", "returns -1: expected a counter")]
    public async Task What_is_no_counter_by_revision_is_refused(string result, string says)
    {
        await using var server = await TestServer.StartAsync(http =>
            http.Response.WriteAsync($$$"""{"status":"success","data":{"resultType":"vector","result":{{{result}}}}}"""));

        var exception = await Assert.ThrowsAsync<PlatformException>(() => ReadAsync(
            new MetricsSpec.Prometheus(new HttpAccess(server.Endpoint.BaseAddress.ToString()), "rev", "requests", "errors", null, TimeSpan.Zero)));

        Assert.Equal(PlatformError.Invalid, exception.Error);
        Assert.Contains(says, exception.Message, StringComparison.Ordinal);
    }

    private static DateTimeOffset Now { get; } = DateTimeOffset.Parse("2026-01-01T00:00:00.5Z", CultureInfo.InvariantCulture);

    private static MetricAdapters Adapters { get; } = new(new OneSecret(), new ManualTimeProvider(Now));

    private static async Task<QueryResult> AskAsync(int status, string answer)
    {
        await using var server = await TestServer.StartAsync(async http =>
        {
            http.Response.StatusCode = status;
            await http.Response.WriteAsync(answer);
        });
        return await AskAsync(new HttpAccess(server.Endpoint.BaseAddress.ToString()));
    }

    private static Task<QueryResult> AskAsync(HttpAccess access, string query = "up")
    {
        var provider = new ProviderSpec.Prometheus { Name = "p", Access = access };
        return Adapters.Queries(provider).AskAsync(provider, query, Arguments, default);
    }

    private static Task<MetricReading> ReadAsync(MetricsSpec.Prometheus source) => Adapters.Counters.ReadAsync(
        new EnvironmentTarget("shop", new EnvironmentSpec("production", new PlatformSpec.Process(["x"], ".", "PORT", "/", TimeSpan.Zero, 1, TimeSpan.Zero), new RouterSpec.None(), source, [])), default);
}

/// <summary>One secret.</summary>
internal sealed class OneSecret : ISecretStore
{
    public Task<string?> GetAsync(string name, CancellationToken cancellationToken) => Task.FromResult(name == "token" ? "s3cret-value" : null);
}
