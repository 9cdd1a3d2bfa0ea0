using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Tests.Sources;

/// <summary>What a source's server can do to us, and what we do then.</summary>
public sealed class SourceHttpTests
{
    private const string Path = "/api/v1/models";
    private static readonly string Good = Rows.OpenRouter(Rows.OpenRouterRow("x/m", """{ "prompt": "1", "completion": "1" }"""));

    [Theory]
    [InlineData(400, 1)]
    [InlineData(401, 1)]
    [InlineData(403, 1)]
    [InlineData(404, 1)]
    [InlineData(408, 3)]
    [InlineData(429, 3)]
    [InlineData(500, 3)]
    [InlineData(503, 3)]
    public async Task Three_tries_are_made_where_another_can_help_and_one_where_not(int status, int tries)
    {
        await using var server = await ListServer.StartAsync();
        server.Json(Path, "{}", status);

        var failure = await FailureAsync(server);

        Assert.Equal(tries, server.Requests.Count);
        Assert.Contains(status.ToString(CultureInfo.InvariantCulture), failure.Message);
    }

    [Fact]
    public async Task A_server_that_recovers_is_read()
    {
        await using var server = await ListServer.StartAsync();
        server.On(Path, http =>
        {
            if (server.Requests.Count < 3)
            {
                http.Response.StatusCode = 503;
                return Task.CompletedTask;
            }

            return http.Response.WriteAsync(Good);
        });

        Assert.Single((await Reading.From(server, SourceNames.OpenRouter).ReadAsync()).Listings);
    }

    [Fact]
    public async Task A_wait_that_the_server_asks_for_is_waited_and_one_that_is_too_long_is_not()
    {
        await using var server = await ListServer.StartAsync();
        server.On(Path, http =>
        {
            http.Response.StatusCode = 429;
            http.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });

        var failure = await FailureAsync(server);

        Assert.Single(server.Requests);
        Assert.Equal(TimeSpan.FromHours(1), failure.RetryAfter);

        server.Requests.Clear();
        var began = TimeProvider.System.GetTimestamp();
        server.On(Path, http =>
        {
            http.Response.StatusCode = 503;
            http.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        });
        await Assert.ThrowsAsync<SourceException>(() => Reading.From(server, SourceNames.OpenRouter)
            .ReadAsync(new SourceLimits { Tries = 2, FirstWait = TimeSpan.FromMilliseconds(1) }));
        Assert.Equal(2, server.Requests.Count);
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(900));
    }

    [Fact]
    public async Task A_slow_server_is_given_up_and_tried_again()
    {
        await using var server = await ListServer.StartAsync();
        server.On(Path, http => Task.Delay(Timeout.Infinite, http.RequestAborted));

        var failure = await FailureAsync(server, new SourceLimits { Timeout = TimeSpan.FromMilliseconds(50), FirstWait = TimeSpan.FromMilliseconds(1) });

        Assert.Equal(3, server.Requests.Count);
        Assert.Contains("did not send its list within 0.05 s", failure.Message);
    }

    [Fact]
    public async Task A_body_that_breaks_off_is_tried_again()
    {
        await using var server = await ListServer.StartAsync();
        server.On(Path, async http =>
        {
            http.Response.ContentType = "application/octet-stream";
            http.Response.ContentLength = Good.Length;
            await http.Response.WriteAsync(Good[..^20]);
            if (server.Requests.Count < 3)
            {
                http.Abort();
                return;
            }

            await http.Response.WriteAsync(Good[^20..]);
        });

        Assert.Single((await Reading.From(server, SourceNames.OpenRouter).ReadAsync()).Listings);
        Assert.Equal(3, server.Requests.Count);
    }

    [Theory]
    [InlineData("application/json", """{ "data": [ { "id": "x" """)]
    [InlineData("application/json", "")]
    [InlineData("text/plain", "<html><body>Sign in</body></html>")]
    public async Task What_is_not_json_is_refused(string type, string body)
    {
        await using var server = await ListServer.StartAsync();
        server.On(Path, http =>
        {
            http.Response.ContentType = type;
            return http.Response.WriteAsync(body);
        });

        Assert.Contains("not JSON", (await FailureAsync(server)).Message);
    }

    [Fact]
    public async Task A_page_for_people_is_refused_at_once()
    {
        await using var server = await ListServer.StartAsync();
        server.On(Path, http =>
        {
            http.Response.ContentType = "text/html; charset=utf-8";
            return http.Response.WriteAsync("<html>");
        });

        Assert.Contains("a page for people", (await FailureAsync(server)).Message);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_long_is_not_read_to_its_end(bool announced)
    {
        await using var server = await ListServer.StartAsync();
        var sent = 0L;
        var chunk = new byte[64 * 1024];
        Array.Fill(chunk, (byte)' ');
        server.On(Path, async http =>
        {
            http.Response.ContentType = "application/octet-stream";
            http.Response.ContentLength = announced ? 1L << 30 : null;
            while (!http.RequestAborted.IsCancellationRequested && sent < 1L << 30)
            {
                await http.Response.Body.WriteAsync(chunk, http.RequestAborted);
                sent += chunk.Length;
            }
        });

        var failure = await FailureAsync(server, new SourceLimits { MostBytes = 2 * 1024 * 1024 });

        Assert.Contains("more than 2 MB", failure.Message);
        Assert.True(sent < 1L << 30, $"{sent} bytes were taken");
    }

    [Fact]
    public async Task A_compressed_body_counts_with_its_size_when_unpacked()
    {
        await using var server = await ListServer.StartAsync();
        server.Json(Path, new string(' ', 3 * 1024 * 1024));

        Assert.Contains("more than 2 MB", (await FailureAsync(server, new SourceLimits { MostBytes = 2 * 1024 * 1024 })).Message);
        Assert.Contains("gzip", server.LastHeaders.AcceptEncoding.ToString());
    }

    [Fact]
    public async Task A_redirect_to_another_host_is_not_followed_and_one_to_the_same_is()
    {
        await using var server = await ListServer.StartAsync();
        await using var other = await ListServer.StartAsync();
        other.Json(Path, Good);
        server.Json("/moved", Good);
        server.On(Path, Redirect(other.Url(Path)));
        Assert.Contains("another host", (await FailureAsync(server)).Message);
        Assert.Empty(other.Requests);

        server.On(Path, Redirect(server.Url("/moved")));
        Assert.Single((await Reading.From(server, SourceNames.OpenRouter).ReadAsync()).Listings);

        server.On(Path, Redirect(server.Url(Path)));
        Assert.Contains("in a circle", (await FailureAsync(server)).Message);

        static RequestDelegate Redirect(Uri to) => http =>
        {
            http.Response.Redirect(to.ToString());
            return Task.CompletedTask;
        };
    }

    [Theory]
    [InlineData("""{ "error": "busy" }""")]
    [InlineData("""{ "data": {} }""")]
    [InlineData("[]")]
    [InlineData("17")]
    public async Task Another_shape_has_no_rows(string body) => Assert.Equal(0, (await Reading.OfAsync(SourceNames.OpenRouter, body)).Fetched);

    [Theory]
    [InlineData("17")]
    [InlineData("""{ "id": 17 }""")]
    [InlineData("""{ "name": "no id" }""")]
    [InlineData("""{ "id": "x/m", "name": "x", "pricing": [] }""")]
    [InlineData("""{ "id": "x/m" }""")]
    [InlineData("""{ "id": "x/\u0000", "name": "x", "pricing": {} }""")]
    public async Task A_row_of_another_shape_is_refused_alone(string row)
    {
        var read = await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(row, Rows.OpenRouterRow("x/good", "{}", """, "unheard_of": { "a": [1] }""")));

        Assert.Equal((2, "openrouter/x/good"), (read.Fetched, read.Listings.Single().Id.ToString()));
        Assert.Single(read.Faults);
    }

    [Fact]
    public async Task Every_request_says_who_asks_and_for_what_and_a_key_goes_along()
    {
        await using var server = await ListServer.StartAsync();
        server.Json("/api/v2/data/llms/models", Rows.ArtificialAnalysis(("1", "A", "1", "1", "1")));

        await Reading.From(server, SourceNames.ArtificialAnalysis).ReadAsync();

        Assert.StartsWith("sluice-catalog/", server.LastHeaders.UserAgent.ToString());
        Assert.Equal("application/json", server.LastHeaders.Accept.ToString());
        Assert.Equal("a-key", server.LastHeaders["x-api-key"].ToString());
    }

    [Fact]
    public async Task Pages_are_read_to_the_last_by_each_sources_own_way()
    {
        await using var server = await ListServer.StartAsync();
        var row = Rows.OpenRouterRow("x/1", "{}");
        server.Json(Path, $$"""{ "data": [{{row}}], "links": { "next": "/page/2" } }""");
        server.Json("/page/2", Rows.OpenRouter(Rows.OpenRouterRow("x/2", "{}")));
        Assert.Equal(2, (await Reading.From(server, SourceNames.OpenRouter).ReadAsync()).Listings.Count);

        server.On("/api/models", http =>
        {
            var second = http.Request.Query.ContainsKey("cursor");
            http.Response.Headers.Link = second ? "" : $"<{server.Url("/api/models?cursor=abc")}>; rel=\"next\"";
            return http.Response.WriteAsync($$"""[{ "id": "a/{{(second ? 2 : 1)}}", "downloads": 5, "likes": 1 }]""");
        });
        Assert.Equal(["a/1", "a/2"], (await Reading.From(server, SourceNames.HuggingFace).ReadAsync()).Popularity.Select(p => p.Id));

        server.On("/v1/models", http => http.Response.WriteAsync(
            $$"""{ "data": [{ "id": "a/{{http.Request.Query["page"]}}" }], "pagination": { "current_page": 1, "total_pages": 3, "total_items": 3 } }"""));
        Assert.Equal(3, (await Reading.From(server, SourceNames.Featherless).ReadAsync()).Listings.Count);

        server.On("/v1/model/list", http => http.Response.WriteAsync(
            $$"""{ "models": [{ "modelId": "a/{{http.Request.Query["offset"]}}" }], "total": 3 }"""));
        Assert.Equal(3, (await Reading.From(server, SourceNames.NearAi).ReadAsync()).Listings.Count);
    }

    [Fact]
    public async Task A_next_page_on_another_host_is_not_asked_for()
    {
        await using var server = await ListServer.StartAsync();
        server.Json(Path, """{ "data": [], "links": { "next": "https://elsewhere.test/models" } }""");

        Assert.Contains("elsewhere.test", (await FailureAsync(server)).Message);
    }

    [Fact]
    public async Task A_list_without_an_end_is_given_up()
    {
        await using var server = await ListServer.StartAsync();
        server.Json(Path, """{ "data": [], "links": { "next": "/api/v1/models" } }""");

        Assert.Contains("no end", (await FailureAsync(server)).Message);
    }

    private static Task<SourceException> FailureAsync(ListServer server, SourceLimits? limits = null) =>
        Assert.ThrowsAsync<SourceException>(() => Reading.From(server, SourceNames.OpenRouter).ReadAsync(limits));
}
