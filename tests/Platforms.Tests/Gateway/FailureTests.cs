using Sluice.Platforms.Gateway;

namespace Sluice.Platforms.Tests.Gateway;

public sealed class FailureTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nhalf")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalfX")]
    public async Task A_part_of_an_answer_is_never_taken_for_the_whole(string rest)
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\n" + rest);
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        await client.SendAsync(Get);
        var answer = await client.ReadToEndAsync();

        Assert.DoesNotContain("\r\n0\r\n\r\n", answer);
        Assert.DoesNotContain("Content-Length: 4\r\n", answer);
        await TestGateway.UntilAsync(() => (gateway["v1"].Requests, gateway["v1"].Errors), counts => counts == (1, 1));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 O")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n")]
    [InlineData("hello\r\n\r\n")]
    [InlineData("HTTP/2 200\r\n\r\n")]
    [InlineData("HTTP/1.1 099 Low\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nNo colon\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nSpace : a\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Split: a\nSet-Cookie: evil\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Bell: a\u0007b\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")]
    public async Task An_answer_that_is_not_HTTP_is_a_502(string answer)
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(answer);
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);

        var (head, body) = await gateway.SendAsync(Get);

        Assert.StartsWith("HTTP/1.1 502 ", head);
        Assert.Equal("application/problem+json", RawConnection.Field(head, "Content-Type"));
        Assert.Contains("\"status\":502", body);
        Assert.DoesNotContain("evil", head);
        Assert.Equal((1, 1), (gateway["v1"].Requests, gateway["v1"].Errors));
    }

    [Fact]
    public async Task A_head_without_an_end_is_a_502()
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\n");
            while (true)
            {
                await connection.SendAsync($"X-More: {new string('x', 1000)}\r\n");
            }
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);

        Assert.StartsWith("HTTP/1.1 502 ", (await gateway.SendAsync(Get)).Head);
    }

    [Fact]
    public async Task A_reset_is_a_502()
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            connection.Reset();
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);

        Assert.StartsWith("HTTP/1.1 502 ", (await gateway.SendAsync(Get)).Head);
        Assert.Equal(1, gateway["v1"].Errors);
    }

    [Fact]
    public async Task A_replica_that_stands_still_is_a_504()
    {
        using var replica = RawReplica.Serving(async connection => await connection.ReadToEndAsync());
        await using var gateway = await TestGateway.StartAsync(new() { ForwardTimeout = TimeSpan.FromMilliseconds(200) });
        gateway.Route(("v1", 100, [replica]));

        Assert.StartsWith("HTTP/1.1 504 ", (await gateway.SendAsync(Get)).Head);
        Assert.Equal(1, gateway["v1"].Errors);
    }

    [Fact]
    public async Task A_replica_that_stops_in_the_middle_cuts_the_answer()
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
            await connection.ReadToEndAsync();
        });
        await using var gateway = await TestGateway.StartAsync(new() { ForwardTimeout = TimeSpan.FromMilliseconds(200) });
        gateway.Route(("v1", 100, [replica]));
        using var client = await gateway.ConnectAsync();

        await client.SendAsync(Get);

        Assert.EndsWith("half", await client.ReadToEndAsync());
        await TestGateway.UntilAsync(() => (gateway["v1"].Requests, gateway["v1"].Errors), counts => counts == (1, 1));
    }

    [Fact]
    public async Task A_client_that_stands_still_is_nobodys_error()
    {
        using var replica = RawReplica.Serving(async connection => await connection.ReadToEndAsync());
        await using var gateway = await TestGateway.StartAsync(new() { ForwardTimeout = TimeSpan.FromMilliseconds(200) });
        gateway.Route(("v1", 100, [replica]));
        using var client = await gateway.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
        await client.ReadToEndAsync();

        Assert.Equal((0, 0), (gateway["v1"].Requests, gateway["v1"].Errors));
    }

    [Fact]
    public async Task A_refused_connection_falls_to_another_replica()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer());
        await using var gateway = await TestGateway.StartAsync();
        gateway.Plane.Route(TestGateway.Service, TestGateway.Environment, new RouteTable(
            [new("v1", 100, [RawReplica.Nobody(), replica.EndPoint, RawReplica.Nobody()])]));

        for (var i = 0; i < 6; i++)
        {
            Assert.StartsWith("HTTP/1.1 200 ", (await gateway.SendAsync(Get)).Head);
        }

        Assert.Equal(0, gateway["v1"].Errors);
    }

    [Fact]
    public async Task All_replicas_refusing_is_a_502_and_none_ready_a_503()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Plane.Route(TestGateway.Service, TestGateway.Environment, new RouteTable([new("v1", 100, [RawReplica.Nobody()])]));
        Assert.StartsWith("HTTP/1.1 502 ", (await gateway.SendAsync(Get)).Head);

        gateway.Route(("v1", 100, []));
        var (head, body) = await gateway.SendAsync(Get);

        Assert.StartsWith("HTTP/1.1 503 ", head);
        Assert.Equal("application/problem+json", RawConnection.Field(head, "Content-Type"));
        Assert.NotNull(RawConnection.Field(head, "Retry-After"));
        Assert.Contains("\"status\":503", body);
        Assert.Equal((2, 2), (gateway["v1"].Requests, gateway["v1"].Errors));
    }

    [Fact]
    public async Task Without_any_weight_the_answer_is_a_503_that_counts_for_nobody()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer());
        await using var gateway = await TestGateway.StartAsync();
        Assert.StartsWith("HTTP/1.1 503 ", (await gateway.SendAsync(Get)).Head);

        gateway.Route(("v1", 0, [replica]));

        Assert.StartsWith("HTTP/1.1 503 ", (await gateway.SendAsync(Get)).Head);
        Assert.Equal(0, gateway["v1"].Requests);
    }

    [Fact]
    public async Task A_connection_closed_while_it_waited_is_replaced()
    {
        // It says keep-alive, and closes after one request all the same.
        using var replica = RawReplica.Serving(async connection =>
        {
            var (_, body) = await connection.ReadMessageAsync();
            await connection.SendAsync(RawReplica.Answer(200, body));
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        for (var i = 0; i < 5; i++)
        {
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
            Assert.Equal("body", (await client.ReadMessageAsync()).Body);
            await TestGateway.UntilAsync(() => replica.Connections, c => c == i + 1);
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200", 2)]
    [InlineData("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", "502", 1)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "502", 1)]
    public async Task Only_a_request_that_may_be_repeated_is(string request, string status, int times)
    {
        // The first connection takes its second request and closes without a word.
        var seen = 0;
        using var replica = RawReplica.Serving(async (connection, number) =>
        {
            for (var i = 0; (await connection.ReadMessageAsync()).Head is { Length: > 0 } head; i++)
            {
                seen += head.StartsWith(request[..4], StringComparison.Ordinal) && !head.StartsWith("GET /first", StringComparison.Ordinal) ? 1 : 0;
                if (number == 1 && i == 1)
                {
                    return;
                }

                await connection.SendAsync(RawReplica.Answer());
            }
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();
        await client.SendAsync("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.ReadMessageAsync();

        await client.SendAsync(request);

        Assert.StartsWith($"HTTP/1.1 {status} ", (await client.ReadMessageAsync()).Head);
        Assert.Equal(times, seen);
    }

    [Fact]
    public async Task A_request_that_its_client_abandons_is_ended_and_counted_nowhere()
    {
        var arrived = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            arrived.SetResult();
            await connection.ReadToEndAsync();
            ended.SetResult();
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);

        using (var client = await gateway.ConnectAsync())
        {
            await client.SendAsync(Get);
            await arrived.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20));
        gateway.Route(("v1", 0, [replica]));
        await gateway.Plane.DrainAsync(TestGateway.Service, TestGateway.Environment, "v1", TimeSpan.FromSeconds(20), default);
        Assert.Equal((0, 0, 0), (gateway["v1"].Requests, gateway["v1"].Errors, gateway["v1"].ClientsSeen));
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody!")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\nbody")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 4\r\n\r\nbody")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\u000b: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n")]
    public async Task A_request_that_could_be_read_in_two_ways_goes_nowhere(string request)
    {
        using var replica = RawReplica.Answering(RawReplica.Answer());
        await using var gateway = await TestGateway.BeforeAsync(replica);

        var (head, _) = await gateway.SendAsync(request + Get);

        Assert.Matches("^HTTP/1.1 (4..|501) ", head);
        Assert.Empty(replica.Heads);
    }

    [Theory]
    [InlineData("zz\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("4\r\nbodyX\r\n0\r\n\r\n")]
    [InlineData("fffffffffffffffff\r\n")]
    public async Task A_broken_request_body_never_becomes_another_request(string chunks)
    {
        using var replica = RawReplica.Answering(RawReplica.Answer());
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}{Get}");

        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadToEndAsync());
        Assert.DoesNotContain(replica.Heads, h => h.StartsWith("GET", StringComparison.Ordinal));
        Assert.Equal((0, 0), (gateway["v1"].Requests, gateway["v1"].Errors));
    }
}
