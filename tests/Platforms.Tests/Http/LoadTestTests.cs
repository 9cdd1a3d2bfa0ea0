using System.Collections.Concurrent;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Http;

namespace Sluice.Platforms.Tests.Http;

public sealed class LoadTestTests
{
    private static readonly LoadTest Load = new(TimeProvider.System);

    [Fact]
    public async Task Exactly_as_many_requests_are_sent_as_asked_for_on_connections_that_are_kept()
    {
        var connections = new ConcurrentDictionary<string, int>();
        var (open, most) = (0, 0);
        await using var server = await TestServer.StartAsync(async context =>
        {
            var now = Interlocked.Increment(ref open);
            InterlockedMax(ref most, now);
            connections.AddOrUpdate($"{context.Connection.Id} {context.Request.Path}{context.Request.QueryString} {context.Request.Headers["X-Probe"]}", 1, (_, n) => n + 1);
            await Task.Yield();
            Interlocked.Decrement(ref open);
        });

        var report = await Load.RunAsync(server.Endpoint, "/v1/models?limit=1", 500, 10, default);

        Assert.Equal((500, 0), (report.Requests, report.Errors));
        Assert.Equal(500, connections.Values.Sum());
        Assert.InRange(connections.Count, 1, 10);
        Assert.InRange(most, 1, 10);
        Assert.All(connections.Keys, k => Assert.EndsWith(" /v1/models?limit=1 t0ken", k, StringComparison.Ordinal));
        Assert.True(report.P50Seconds > 0 && report.P50Seconds <= report.P95Seconds && report.P95Seconds <= report.P99Seconds, report.ToString());
        Assert.True(report.RequestsPerSecond > 0, report.ToString());
    }

    [Fact]
    public async Task Anything_but_2xx_and_3xx_and_every_incomplete_answer_is_an_error()
    {
        var number = -1;
        await using var server = await TestServer.StartAsync(context =>
        {
            switch (Interlocked.Increment(ref number) % 6)
            {
                case 0: context.Response.StatusCode = 500; break;
                case 1: context.Response.StatusCode = 404; break;
                case 2: context.Response.StatusCode = 302; break;
                case 3: context.Response.StatusCode = 204; break;
                case 4: context.Abort(); break;
                default: break;
            }

            return Task.CompletedTask;
        });

        var report = await Load.RunAsync(server.Endpoint, "/", 60, 1, default);

        Assert.Equal((60, 30), (report.Requests, report.Errors));
    }

    [Fact]
    public async Task A_request_that_hangs_ends_as_an_error_and_holds_nothing_up()
    {
        var number = 0;
        await using var server = await TestServer.StartAsync(context =>
            Interlocked.Increment(ref number) == 3 ? Task.Delay(Timeout.Infinite, context.RequestAborted) : Task.CompletedTask);

        var report = await new LoadTest(TimeProvider.System) { RequestTimeout = TimeSpan.FromSeconds(1) }.RunAsync(server.Endpoint, "/", 20, 2, default);

        Assert.Equal((20, 1), (report.Requests, report.Errors));
    }

    [Fact]
    public async Task Nobody_there_is_all_errors_and_no_times()
    {
        var server = await TestServer.StartAsync(_ => Task.CompletedTask);
        var endpoint = server.Endpoint;
        await server.DisposeAsync();

        var report = await Load.RunAsync(endpoint, "/", 20, 4, default);

        Assert.Equal((20, 20, 0d, 0d, 0d), (report.Requests, report.Errors, report.P50Seconds, report.P95Seconds, report.P99Seconds));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 1001)]
    public async Task Sizes_without_bound_are_refused(int requests, int concurrency)
    {
        var refused = await Assert.ThrowsAsync<PlatformException>(() =>
            Load.RunAsync(new(new Uri("http://127.0.0.1:9"), new Dictionary<string, string>()), "/", requests, concurrency, default));

        Assert.Equal(PlatformError.Invalid, refused.Error);
    }

    [Fact]
    public async Task Giving_up_ends_it()
    {
        using var giveUp = new CancellationTokenSource();
        await using var server = await TestServer.StartAsync(async context =>
        {
            await giveUp.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Load.RunAsync(server.Endpoint, "/", 1000, 4, giveUp.Token));
    }

    private static void InterlockedMax(ref int most, int now)
    {
        for (var seen = Volatile.Read(ref most); seen < now; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, now, seen);
        }
    }
}
