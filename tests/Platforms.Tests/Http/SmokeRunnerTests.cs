using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Http;

namespace Sluice.Platforms.Tests.Http;

public sealed class SmokeRunnerTests
{
    private static readonly Dictionary<string, string> None = [];
    private static readonly SmokeRunner Runner = new(TimeProvider.System);

    private static readonly SmokeCheck Health = new("health", "GET", "/health", None, null, 200, null, None, None, null);

    [Fact]
    public async Task A_suite_whose_checks_all_hold_passes_and_carries_the_probe_headers()
    {
        var seen = new List<string>();
        await using var server = await TestServer.StartAsync(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            seen.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {context.Request.Headers["X-Probe"]} {context.Request.Headers["X-Own"]} {context.Request.ContentType} {await reader.ReadToEndAsync()}".TrimEnd());
            context.Response.Headers["X-Version"] = "v2";
            context.Response.ContentType = "application/json; charset=utf-8";
            await context.Response.WriteAsync("""{"data":[{"id":"a","n":1.50,"ok":true,"none":null}],"odd.name":"x"}""");
        });
        var check = Health with
        {
            Name = "list",
            Method = "POST",
            Path = "/v1/models?limit=1",
            Headers = new Dictionary<string, string> { ["X-Own"] = "1" },
            Body = """{"q":"é"}""",
            MaxLatency = TimeSpan.FromMinutes(1),
            Json = new Dictionary<string, string>
            {
                ["$.data[0].id"] = "a",
                ["$.data[-1].n"] = "1.5",
                ["$.data[0].ok"] = "true",
                ["$.data"] = "*",
                ["$['odd.name']"] = "x",
                ["$.data[0].none"] = "null",
            },
            ExpectHeaders = new Dictionary<string, string> { ["x-version"] = "v2", ["Content-Type"] = "application/json", ["Date"] = "*" },
            BodyContains = "\"id\"",
        };

        var report = await Runner.RunAsync(server.Endpoint, Suite(Health, check), default);

        Assert.Equal((2, 0), (report.Passed, report.Failures.Count));
        Assert.Equal(["GET /health t0ken", """POST /v1/models?limit=1 t0ken 1 application/json; charset=utf-8 {"q":"é"}"""], seen);
    }

    [Fact]
    public async Task All_that_is_wrong_is_told_name_by_name()
    {
        await using var server = await TestServer.StartAsync(async context =>
        {
            context.Response.StatusCode = 503;
            await context.Response.WriteAsync("""{"a":{"b":[1]},"n":null}""");
        });
        var check = Health with
        {
            Json = new Dictionary<string, string> { ["$.a.b[0]"] = "2", ["$.a.c"] = "*", ["$.n"] = "*", ["a"] = "1" },
            ExpectHeaders = new Dictionary<string, string> { ["X-Version"] = "v2" },
            BodyContains = "welcome",
        };

        var report = await Runner.RunAsync(server.Endpoint, Suite(check, Health with { Name = "second" }, Health with { Name = "third", Status = 503 }), default);

        Assert.Equal(1, report.Passed);
        Assert.Equal(
            [
                """health: expected status 200, got 503 with body '{"a":{"b":[1]},"n":null}'; expected header X-Version = 'v2', got none; """
                    + """expected a body with 'welcome', got '{"a":{"b":[1]},"n":null}'; expected $.a.b[0] = '2', got '1'; """
                    + "expected $.a.c = any value, got nothing there; expected $.n = any value, got 'null'; expected a = '1', got nothing there",
                """second: expected status 200, got 503 with body '{"a":{"b":[1]},"n":null}'""",
            ],
            report.Failures);
    }

    [Fact]
    public async Task A_long_page_is_cut_and_kept_on_one_line()
    {
        await using var server = await TestServer.StartAsync(context =>
        {
            context.Response.StatusCode = 500;
            return context.Response.WriteAsync("first\nsecond " + new string('x', 1000));
        });

        var failure = Assert.Single((await Runner.RunAsync(server.Endpoint, Suite(Health with { Json = new Dictionary<string, string> { ["$.a"] = "1" } }), default)).Failures);

        Assert.Equal(2, failure.Split("first second xxx").Length - 1);
        Assert.Contains($"'first second {new string('x', 187)}…'", failure, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('x', 188), failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_an_answer_and_the_token_goes_nowhere_else()
    {
        var elsewhere = 0;
        await using var other = await TestServer.StartAsync(_ =>
        {
            elsewhere++;
            return Task.CompletedTask;
        });
        var target = new Uri(other.Endpoint.BaseAddress, "/steal").ToString();
        await using var server = await TestServer.StartAsync(context =>
        {
            context.Response.Redirect(target);
            return Task.CompletedTask;
        });

        var report = await Runner.RunAsync(server.Endpoint, Suite(Health, Health with { Name = "moved", Status = 302 }), default);

        Assert.Equal([$"health: expected status 200, got 302 to {target} with body ''"], report.Failures);
        Assert.Equal(0, elsewhere);
    }

    [Fact]
    public async Task A_path_that_would_leave_the_host_stays_on_it()
    {
        var paths = new List<string>();
        await using var server = await TestServer.StartAsync(context =>
        {
            paths.Add(context.Request.Path);
            return Task.CompletedTask;
        });

        var report = await Runner.RunAsync(
            server.Endpoint, Suite(Health with { Path = "//example.invalid/x" }, Health with { Name = "bare", Path = "health" }), default);

        Assert.Equal(["//example.invalid/x"], paths);
        Assert.StartsWith("bare: expected a check that can be sent, got Invalid: 'health' is no path", Assert.Single(report.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_there_and_a_broken_answer_are_failures_not_exceptions()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = new ProbeEndpoint(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"), None);
        var serving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            await client.GetStream().ReadExactlyAsync(new byte[16]);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
        });

        var broken = await Runner.RunAsync(endpoint, Suite(Health), default);
        await serving;
        listener.Stop();
        var nobody = await Runner.RunAsync(endpoint, Suite(Health), default);

        Assert.StartsWith("health: expected an answer, got none: ", Assert.Single(broken.Failures), StringComparison.Ordinal);
        Assert.StartsWith("health: expected an answer, got none: ", Assert.Single(nobody.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_whole_suite_is_bounded_and_what_was_not_reached_has_failed()
    {
        await using var server = await TestServer.StartAsync(context => context.Request.Path == "/health"
            ? Task.CompletedTask
            : Task.Delay(Timeout.Infinite, context.RequestAborted));

        var report = await Runner.RunAsync(
            server.Endpoint,
            new SmokeSuite([Health, Health with { Name = "hangs", Path = "/hang" }, Health with { Name = "never sent" }], TimeSpan.FromMilliseconds(1500)),
            default);

        Assert.Equal(1, report.Passed);
        Assert.Equal(
            ["hangs: expected an answer within the suite's 1s500ms, got none", "never sent: expected an answer within the suite's 1s500ms, got none"],
            report.Failures);
    }

    [Fact]
    public async Task An_answer_that_is_too_slow_is_told_with_both_times()
    {
        await using var server = await TestServer.StartAsync(context => Task.Delay(50, context.RequestAborted));

        var failure = Assert.Single((await Runner.RunAsync(server.Endpoint, Suite(Health with { MaxLatency = TimeSpan.FromMilliseconds(1) }), default)).Failures);

        Assert.StartsWith("health: expected the answer within 1ms, got it after ", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Giving_up_is_not_a_failed_check()
    {
        using var giveUp = new CancellationTokenSource();
        await using var server = await TestServer.StartAsync(async context =>
        {
            await giveUp.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Runner.RunAsync(server.Endpoint, Suite(Health), giveUp.Token));
    }

    private static SmokeSuite Suite(params SmokeCheck[] checks) => new(checks, TimeSpan.FromMinutes(2));
}
