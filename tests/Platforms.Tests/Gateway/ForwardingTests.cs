namespace Sluice.Platforms.Tests.Gateway;

public sealed class ForwardingTests
{
    [Fact]
    public async Task A_request_reaches_the_replica_as_it_was_sent()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer(201, "made", "X-Answer: yes\r\n"));
        await using var gateway = await TestGateway.BeforeAsync(replica);

        var (head, body) = await gateway.GetAsync("X-Thing: caf\u00e9\r\n", "/a%20b/../c?q=%2F&r");

        Assert.StartsWith("HTTP/1.1 201 ", head);
        Assert.Equal("yes", RawConnection.Field(head, "X-Answer"));
        Assert.Equal("made", body);
        var seen = Assert.Single(replica.Heads);
        Assert.StartsWith("GET /a%20b/../c?q=%2F&r HTTP/1.1\r\n", seen);
        Assert.Equal("shop.example", RawConnection.Field(seen, "Host"));
        Assert.Equal("caf\u00e9", RawConnection.Field(seen, "X-Thing"));
    }

    [Fact]
    public async Task Requests_of_one_connection_share_a_connection_to_the_replica()
    {
        using var replica = RawReplica.Answering(message => RawReplica.Answer(200, message.Head.Split(' ')[1]));
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        // Pipelined: all are sent before the first is answered.
        await client.SendAsync(string.Concat(Enumerable.Range(0, 5).Select(i => $"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n")));

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal($"/{i}", (await client.ReadMessageAsync()).Body);
        }

        Assert.Equal(1, replica.Connections);
    }

    [Fact]
    public async Task Fields_of_one_hop_stop_at_the_gateway()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer(
            fields: "Connection: keep-alive, X-Mine\r\nKeep-Alive: timeout=5\r\nX-Mine: 1\r\nProxy-Authenticate: Basic\r\nTrailer: X\r\nX-Kept: 1\r\n"));
        await using var gateway = await TestGateway.BeforeAsync(replica);

        var (head, _) = await gateway.GetAsync(
            "Connection: X-Hop, Host\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Authorization: x\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nX-End: 1\r\n");

        foreach (var name in new[] { "Keep-Alive", "X-Mine", "Proxy-Authenticate", "Trailer" })
        {
            Assert.DoesNotContain($"\r\n{name}:", head, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal("1", RawConnection.Field(head, "X-Kept"));
        var seen = Assert.Single(replica.Heads);
        foreach (var name in new[] { "Connection", "X-Hop", "Keep-Alive", "TE", "Proxy-Authorization", "Proxy-Connection", "Upgrade" })
        {
            Assert.DoesNotContain($"\r\n{name}:", seen, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal("1", RawConnection.Field(seen, "X-End"));
        Assert.Equal("shop.example", RawConnection.Field(seen, "Host"));
    }

    [Fact]
    public async Task Repeated_fields_of_an_answer_stay_apart()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer(fields: "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
        await using var gateway = await TestGateway.BeforeAsync(replica);

        var (head, _) = await gateway.GetAsync();

        Assert.Contains("Set-Cookie: a=1\r\n", head);
        Assert.Contains("Set-Cookie: b=2\r\n", head);
    }

    [Fact]
    public async Task A_proxy_that_is_not_trusted_cannot_speak_for_others()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer());
        await using var gateway = await TestGateway.BeforeAsync(replica);

        await gateway.GetAsync("X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=192.0.2.7\r\n");
        await gateway.Plane.ListenAsync(TestGateway.Spec with { TrustedProxies = ["10.0.0.0/8", "127.0.0.1"] }, default);
        await gateway.GetAsync("X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.com\r\n");

        Assert.Equal(2, replica.Heads.Count);
        Assert.Equal("127.0.0.1", RawConnection.Field(replica.Heads[0], "X-Forwarded-For"));
        Assert.Equal("http", RawConnection.Field(replica.Heads[0], "X-Forwarded-Proto"));
        Assert.Equal("shop.example", RawConnection.Field(replica.Heads[0], "X-Forwarded-Host"));
        Assert.Null(RawConnection.Field(replica.Heads[0], "Forwarded"));
        Assert.Equal("192.0.2.7, 127.0.0.1", RawConnection.Field(replica.Heads[1], "X-Forwarded-For"));
        Assert.Equal("https", RawConnection.Field(replica.Heads[1], "X-Forwarded-Proto"));
        Assert.Equal("shop.com", RawConnection.Field(replica.Heads[1], "X-Forwarded-Host"));
    }

    [Theory]
    [InlineData("Content-Length: 11\r\n\r\nhello world")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n6;ext=1\r\nhello \r\n5\r\nworld\r\n0\r\nX-Trailer: 1\r\n\r\n")]
    public async Task A_request_body_arrives_whole(string framed)
    {
        using var replica = RawReplica.Answering(message => RawReplica.Answer(200, message.Body));
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{framed}");
            Assert.Equal("hello world", (await client.ReadMessageAsync()).Body);
        }

        Assert.Equal(1, replica.Connections);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;a=b\r\nhello \r\n005\r\nworld\r\n0\r\nX-Trailer: 1\r\n\r\n")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\nContent-Length: 11\r\n\r\nhello world")]
    public async Task An_answer_arrives_whole_however_it_is_cut_into_packets(string answer)
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            while ((await connection.ReadHeadAsync()).Length > 0)
            {
                foreach (var c in answer)
                {
                    await connection.SendAsync(c.ToString());
                }
            }
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal("hello world", (await client.ReadMessageAsync()).Body);
        }

        Assert.Equal(1, replica.Connections);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nhello")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")]
    public async Task An_answer_may_end_with_its_connection(string answer)
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(answer);
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal("hello", (await client.ReadMessageAsync()).Body);
        }

        Assert.Equal(2, replica.Connections);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-End: 1\r\n\r\n", "5")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nX-End: 1\r\n\r\n", "5")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\nX-End: 1\r\n\r\n", null)]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-End: 1\r\n\r\n", "0")]
    public async Task An_answer_without_a_body_ends_with_its_head(string method, string answer, string? length)
    {
        using var replica = RawReplica.Answering(answer);
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
            var (head, _) = await client.ReadMessageAsync(isHead: true);
            Assert.StartsWith(answer[..12], head);
            Assert.Equal("1", RawConnection.Field(head, "X-End"));
            Assert.Equal(length, RawConnection.Field(head, "Content-Length"));
        }

        Assert.Equal(1, replica.Connections);
    }

    [Fact]
    public async Task A_body_is_sent_when_the_replica_says_continue()
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            var head = await connection.ReadHeadAsync();
            Assert.Equal("100-continue", RawConnection.Field(head, "Expect"));
            await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await connection.SendAsync(RawReplica.Answer(200, await connection.ReadAsync(4)));
        });
        await using var gateway = await TestGateway.StartAsync(new() { ContinueTimeout = TimeSpan.FromMinutes(5) });
        gateway.Route(("v1", 100, [replica]));
        using var client = await gateway.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100 ", await client.ReadHeadAsync());
        await client.SendAsync("body");

        Assert.Equal("body", (await client.ReadMessageAsync()).Body);
    }

    [Fact]
    public async Task A_body_that_the_replica_does_not_want_is_not_asked_for()
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(RawReplica.Answer(417, "no"));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await TestGateway.StartAsync(new() { ContinueTimeout = TimeSpan.FromMinutes(5) });
        gateway.Route(("v1", 100, [replica]));

        var (head, _) = await gateway.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 417 ", head);
    }

    [Fact]
    public async Task A_replica_that_does_not_know_expectations_gets_the_body_after_a_while()
    {
        using var replica = RawReplica.Answering(message => RawReplica.Answer(200, message.Body));
        await using var gateway = await TestGateway.StartAsync(new() { ContinueTimeout = TimeSpan.FromMilliseconds(50) });
        gateway.Route(("v1", 100, [replica]));
        using var client = await gateway.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100 ", await client.ReadHeadAsync());
        await client.SendAsync("body");

        Assert.Equal("body", (await client.ReadMessageAsync()).Body);
    }

    [Fact]
    public async Task An_answer_before_the_end_of_the_request_is_passed_on_at_once()
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(RawReplica.Answer(413, "too much"));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);

        var (head, body) = await gateway.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nonly the beginning");

        Assert.StartsWith("HTTP/1.1 413 ", head);
        Assert.Equal("too much", body);
    }

    [Fact]
    public async Task Both_directions_flow_at_the_same_time()
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var i = 0; i < 10; i++)
            {
                Assert.Equal($"5\r\nping{i}\r\n", await connection.ReadAsync(10));
                await connection.SendAsync($"5\r\npong{i}\r\n");
            }

            await connection.SendAsync("0\r\n\r\n");
            await connection.ReadToEndAsync();
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync());
        for (var i = 0; i < 10; i++)
        {
            await client.SendAsync($"5\r\nping{i}\r\n");
            Assert.Equal($"5\r\npong{i}\r\n", await client.ReadAsync(10));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_flows_no_faster_than_its_slowest_part(bool upload)
    {
        const int Total = 64 << 20;
        const int Block = 1 << 16;
        var sent = 0L;
        var mayRead = new TaskCompletionSource();

        async Task SendAsync(RawConnection connection)
        {
            var block = new byte[Block];
            for (var i = 0; i < Total / Block; i++)
            {
                await connection.SendAsync(block);
                Interlocked.Add(ref sent, Block);
            }
        }

        using var replica = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            if (upload)
            {
                await mayRead.Task;
                await connection.SkipAsync(Total);
                await connection.SendAsync(RawReplica.Answer());
            }
            else
            {
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Total}\r\n\r\n");
                await SendAsync(connection);
            }
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {(upload ? Total : 0)}\r\n\r\n");
        var sending = upload ? SendAsync(client) : Task.CompletedTask;

        // It comes to a stop with most of the body unsent: sockets hold a few megabytes, the gateway nearly nothing.
        var last = -1L;
        await TestGateway.UntilAsync(
            () => Interlocked.Read(ref sent),
            now =>
            {
                Thread.Sleep(100);
                return Interlocked.Exchange(ref last, now) == now && now > 0;
            });
        Assert.InRange(last, 1, Total / 2);

        mayRead.SetResult();
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync());
        await client.SkipAsync(upload ? 2 : Total);
        await sending;
    }

    [Fact]
    public async Task A_websocket_carries_bytes_both_ways()
    {
        using var replica = RawReplica.Serving(async connection =>
        {
            var head = await connection.ReadHeadAsync();
            Assert.Equal("websocket", RawConnection.Field(head, "Upgrade"));
            Assert.Equal("Upgrade", RawConnection.Field(head, "Connection"));
            Assert.Equal("abc", RawConnection.Field(head, "Sec-WebSocket-Key"));

            // The first frame right behind the head, in one packet.
            await connection.SendAsync(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: xyz\r\n\r\nhello");
            for (var i = 0; i < 3; i++)
            {
                await connection.SendAsync((await connection.ReadAsync(5)).ToUpperInvariant());
            }
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);
        using var client = await gateway.ConnectAsync();

        await client.SendAsync(
            "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\nSec-WebSocket-Version: 13\r\n\r\n");
        var head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101 ", head);
        Assert.Equal("websocket", RawConnection.Field(head, "Upgrade"));
        Assert.Equal("Upgrade", RawConnection.Field(head, "Connection"));
        Assert.Equal("xyz", RawConnection.Field(head, "Sec-WebSocket-Accept"));
        Assert.Equal("hello", await client.ReadAsync(5));
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"frame"[..4] + i);
            Assert.Equal($"FRAM{i}", await client.ReadAsync(5));
        }

        // The replica closes, and so does the gateway.
        Assert.True(await client.IsClosedAsync());
        Assert.Equal(1, gateway["v1"].Requests);
        Assert.Equal(0, gateway["v1"].Errors);
    }

    [Fact]
    public async Task A_replica_may_decline_an_upgrade()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer(200, "plain"));
        await using var gateway = await TestGateway.BeforeAsync(replica);

        var (head, body) = await gateway.GetAsync("Connection: Upgrade\r\nUpgrade: websocket\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", head);
        Assert.Equal("plain", body);
    }
}
