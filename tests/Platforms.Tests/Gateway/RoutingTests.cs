using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Platforms.Gateway;

namespace Sluice.Platforms.Tests.Gateway;

public sealed class RoutingTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task Requests_are_split_by_weight()
    {
        using var stable = RawReplica.Answering(RawReplica.Answer(200, "v1"));
        using var canary = RawReplica.Answering(RawReplica.Answer(200, "v2"));
        await using var gateway = await TestGateway.StartAsync();
        gateway.Route(("v1", 90, [stable]), ("v2", 10, [canary]));
        using var client = await gateway.ConnectAsync();

        const int Requests = 4000;
        var toCanary = 0;
        for (var i = 0; i < Requests; i++)
        {
            await client.SendAsync(Get);
            toCanary += (await client.ReadMessageAsync()).Body == "v2" ? 1 : 0;
        }

        // Five standard deviations of Binomial(4000, 0.1); the seed is fixed.
        Assert.InRange(toCanary, 400 - 95, 400 + 95);
        Assert.Equal(toCanary, gateway["v2"].Requests);
        Assert.Equal(Requests - toCanary, gateway["v1"].Requests);
    }

    [Fact]
    public async Task Replicas_of_a_revision_take_turns()
    {
        using var one = RawReplica.Answering(RawReplica.Answer());
        using var two = RawReplica.Answering(RawReplica.Answer());
        await using var gateway = await TestGateway.BeforeAsync(one, two);

        for (var i = 0; i < 10; i++)
        {
            await gateway.GetAsync();
        }

        Assert.Equal((5, 5), (one.Heads.Count, two.Heads.Count));
    }

    [Fact]
    public async Task A_cookie_keeps_a_client_where_it_is_until_its_revision_loses_its_weight()
    {
        using var stable = RawReplica.Answering(RawReplica.Answer(200, "v1"));
        using var canary = RawReplica.Answering(RawReplica.Answer(200, "v2"));
        await using var gateway = await TestGateway.StartAsync(spec: TestGateway.Spec with { Sticky = StickySpec.Parse("cookie:lane") });
        gateway.Route(("v1", 50, [stable]), ("v2", 50, [canary]));

        var cookies = new List<(string Cookie, string Revision)>();
        for (var i = 0; i < 20; i++)
        {
            var (head, body) = await gateway.GetAsync();
            cookies.Add((RawConnection.Field(head, "Set-Cookie")!.Split(';')[0], body));
        }

        Assert.Contains(cookies, c => c.Revision == "v1");
        Assert.Contains(cookies, c => c.Revision == "v2");

        // One percent is enough to stay.
        gateway.Route(("v1", 99, [stable]), ("v2", 1, [canary]));
        foreach (var (cookie, revision) in cookies)
        {
            var (head, body) = await gateway.GetAsync($"Cookie: other=1; {cookie}\r\n");
            Assert.Equal(revision, body);
            Assert.Null(RawConnection.Field(head, "Set-Cookie"));
        }

        // Without a ready replica, or without a weight, nobody stays.
        gateway.Route(("v1", 99, [stable]), ("v2", 1, []));
        Assert.Contains("v1", await BodiesAsync());
        gateway.Route(("v1", 100, [stable]), ("v2", 0, [canary]));
        Assert.All(await BodiesAsync(), body => Assert.Equal("v1", body));

        async Task<List<string>> BodiesAsync()
        {
            var bodies = new List<string>();
            foreach (var (cookie, _) in cookies.Where(c => c.Revision == "v2"))
            {
                bodies.Add((await gateway.GetAsync($"Cookie: {cookie}\r\n")).Body);
            }

            return bodies;
        }
    }

    [Fact]
    public async Task A_header_spreads_clients_and_a_new_weight_moves_only_those_that_it_must()
    {
        using var stable = RawReplica.Answering(RawReplica.Answer(200, "v1"));
        using var canary = RawReplica.Answering(RawReplica.Answer(200, "v2"));
        await using var gateway = await TestGateway.StartAsync(spec: TestGateway.Spec with { Sticky = StickySpec.Parse("header:X-User") });
        using var client = await gateway.ConnectAsync();
        const int Users = 1000;

        var at10 = await WhereAsync(10);
        var at25 = await WhereAsync(25);
        var again = await WhereAsync(10);
        var at0 = await WhereAsync(0);

        // Five standard deviations of Binomial(1000, 0.1); the hash is fixed.
        Assert.InRange(at10.Count(r => r == "v2"), 100 - 48, 100 + 48);
        Assert.InRange(at25.Count(r => r == "v2"), 250 - 69, 250 + 69);
        Assert.All(at10.Zip(at25), pair => Assert.False(pair is ("v2", "v1"), "A canary client left it when the canary grew."));
        Assert.Equal(at10, again);
        Assert.All(at0, r => Assert.Equal("v1", r));

        async Task<List<string>> WhereAsync(int weight)
        {
            gateway.Route(("v1", 100 - weight, [stable]), ("v2", weight, [canary]));
            var revisions = new List<string>();
            for (var user = 0; user < Users; user++)
            {
                await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-User: user-{user}\r\n\r\n");
                revisions.Add((await client.ReadMessageAsync()).Body);
            }

            return revisions;
        }
    }

    [Fact]
    public async Task A_probe_reaches_a_revision_without_a_weight_and_is_not_counted()
    {
        using var stable = RawReplica.Answering(RawReplica.Answer(200, "v1"));
        using var canary = RawReplica.Answering(RawReplica.Answer(200, "v2"));
        await using var gateway = await TestGateway.StartAsync();
        gateway.Route(("v1", 100, [stable]), ("v2", 0, [canary]));

        var probe = await gateway.GetAsync($"X-Sluice-Probe: {TestGateway.Token}\r\nX-Sluice-Revision: v2\r\n");
        var forged = await gateway.GetAsync("X-Sluice-Probe: guess\r\nX-Sluice-Revision: v2\r\n");
        var plainProbe = await gateway.GetAsync($"X-Sluice-Probe: {TestGateway.Token}\r\n");
        var unknown = await gateway.GetAsync($"X-Sluice-Probe: {TestGateway.Token}\r\nX-Sluice-Revision: v3\r\n");

        Assert.Equal(("v2", "v1", "v1"), (probe.Body, forged.Body, plainProbe.Body));
        Assert.StartsWith("HTTP/1.1 503 ", unknown.Head);
        Assert.Equal((1, 0), (gateway["v1"].Requests, gateway["v2"].Requests));
        Assert.DoesNotContain(stable.Heads.Concat(canary.Heads), h => h.Contains("X-Sluice", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_hundred_changes_of_weight_under_load_lose_no_request()
    {
        using var stable = RawReplica.Answering(RawReplica.Answer(200, "v1"));
        using var canary = RawReplica.Answering(RawReplica.Answer(200, "v2"));
        using var another = RawReplica.Answering(RawReplica.Answer(200, "v2"));
        await using var gateway = await TestGateway.StartAsync();
        gateway.Route(("v1", 100, [stable]), ("v2", 0, [canary]));

        var changes = 0;
        var answered = 0;
        var lost = new List<string>();
        var clients = Enumerable.Range(0, 8).Select(async _ =>
        {
            using var client = await gateway.ConnectAsync();
            while (Volatile.Read(ref changes) < 100)
            {
                await client.SendAsync(Get);
                var (head, body) = await client.ReadMessageAsync();
                Interlocked.Increment(ref answered);
                if (!head.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) || body is not ("v1" or "v2"))
                {
                    lock (lost)
                    {
                        lost.Add(head);
                    }
                }
            }
        }).ToArray();

        for (var i = 0; i < 100; i++)
        {
            // Each change falls between requests that were under way before it and ones that come after it.
            var before = Volatile.Read(ref answered);
            await TestGateway.UntilAsync(() => Volatile.Read(ref answered), n => n > before + 8);
            var weight = i * 37 % 101;
            gateway.Route(("v1", 100 - weight, [stable]), ("v2", weight, i % 2 == 0 ? [canary] : [another, canary]));
            Volatile.Write(ref changes, i + 1);
        }

        await Task.WhenAll(clients);
        Assert.Empty(lost);
        Assert.Equal(answered, gateway["v1"].Requests + gateway["v2"].Requests);
    }

    [Fact]
    public async Task Draining_waits_for_what_is_in_flight_and_nothing_new_comes()
    {
        var arrived = new TaskCompletionSource();
        var mayAnswer = new TaskCompletionSource();
        using var old = RawReplica.Serving(async connection =>
        {
            await connection.ReadHeadAsync();
            arrived.SetResult();
            await mayAnswer.Task;
            await connection.SendAsync(RawReplica.Answer(200, "v1"));
            await connection.ReadToEndAsync();
        });
        using var next = RawReplica.Answering(RawReplica.Answer(200, "v2"));
        await using var gateway = await TestGateway.BeforeAsync(old);
        var slow = gateway.GetAsync();
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(20));

        var early = await Assert.ThrowsAsync<GatewayException>(() => DrainAsync(TimeSpan.FromSeconds(1)));
        Assert.Equal(GatewayFault.StillRouted, early.Code);

        gateway.Route(("v2", 100, [next]));
        var draining = DrainAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("v2", (await gateway.GetAsync()).Body);
        Assert.False(draining.IsCompleted);
        mayAnswer.SetResult();

        Assert.Equal(0, await draining);
        Assert.Equal("v1", (await slow).Body);
        Assert.Equal(1, old.Connections);

        Task<int> DrainAsync(TimeSpan timeout) =>
            gateway.Plane.DrainAsync(TestGateway.Service, TestGateway.Environment, "v1", timeout, CancellationToken.None);
    }

    [Fact]
    public async Task What_has_not_ended_at_the_drain_time_out_is_cut_websockets_too()
    {
        using var old = RawReplica.Serving(async connection =>
        {
            var head = await connection.ReadHeadAsync();
            if (head.Contains("websocket", StringComparison.Ordinal))
            {
                await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
            }

            await connection.ReadToEndAsync();
        });
        using var next = RawReplica.Answering(RawReplica.Answer(200, "v2"));
        await using var gateway = await TestGateway.BeforeAsync(old);
        using var socket = await gateway.ConnectAsync();
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", await socket.ReadHeadAsync());
        using var hanging = await gateway.ConnectAsync();
        await hanging.SendAsync(Get);
        await TestGateway.UntilAsync(() => old.Connections, n => n == 2);

        gateway.Route(("v2", 100, [next]));
        var cut = await gateway.Plane.DrainAsync(TestGateway.Service, TestGateway.Environment, "v1", TimeSpan.FromMilliseconds(100), default);

        Assert.Equal(2, cut);
        Assert.True(await socket.IsClosedAsync());
        Assert.StartsWith("HTTP/1.1 503 ", (await hanging.ReadMessageAsync()).Head);
    }

    [Fact]
    public async Task A_listener_moves_without_losing_the_request_in_flight()
    {
        var mayAnswer = new TaskCompletionSource();
        using var replica = RawReplica.Serving(async connection =>
        {
            while (await connection.ReadHeadAsync() is { Length: > 0 } head)
            {
                if (head.Contains("/slow", StringComparison.Ordinal))
                {
                    await mayAnswer.Task;
                }

                await connection.SendAsync(RawReplica.Answer());
            }
        });
        await using var gateway = await TestGateway.BeforeAsync(replica);
        var before = gateway.EndPoint;
        var slow = gateway.GetAsync(target: "/slow");
        await TestGateway.UntilAsync(() => replica.Connections, n => n == 1);

        var moving = gateway.Plane.ListenAsync(TestGateway.Spec with { Listen = "[::1]:0" }, default);
        await TestGateway.UntilAsync(() => gateway.EndPoint, e => !e.Equals(before));
        Assert.StartsWith("HTTP/1.1 200 ", (await gateway.GetAsync()).Head);
        mayAnswer.SetResult();

        Assert.StartsWith("HTTP/1.1 200 ", (await slow).Head);
        await moving;
        await Assert.ThrowsAnyAsync<System.Net.Sockets.SocketException>(() => RawConnection.ToAsync(before));
    }

    [Fact]
    public async Task Listening_again_changes_nothing_and_a_taken_port_is_named()
    {
        await using var gateway = await TestGateway.StartAsync();
        var endpoint = gateway.EndPoint;
        await gateway.Plane.ListenAsync(TestGateway.Spec, default);
        Assert.Equal(endpoint, gateway.EndPoint);

        await using var other = new DataPlane(new DataPlaneOptions(), NullLoggerFactory.Instance);
        var taken = await Assert.ThrowsAsync<GatewayException>(() => other.ListenAsync(TestGateway.Spec with { Listen = endpoint.ToString() }, default));

        Assert.Equal(GatewayFault.PortInUse, taken.Code);
        Assert.StartsWith("PortInUse: ", taken.Message);
        Assert.Contains($"{endpoint.Port}", taken.Message);
        Assert.Null(other.Address(TestGateway.Service, TestGateway.Environment));
    }

    [Fact]
    public async Task A_bad_listener_is_refused_with_all_its_faults()
    {
        await using var plane = new DataPlane(new DataPlaneOptions(), NullLoggerFactory.Instance);

        var refused = await Assert.ThrowsAsync<GatewayException>(() => plane.ListenAsync(
            new ListenerSpec("", "test", "localhost") { TrustedProxies = ["10.0.0.0/99"], Client = new(ClientSourceKind.Header, "a b") }, default));

        Assert.Equal(GatewayFault.InvalidListener, refused.Code);
        foreach (var part in new[] { "service", "'localhost'", "10.0.0.0/99", "'a b'" })
        {
            Assert.Contains(part, refused.Message);
        }
    }

    [Fact]
    public async Task A_bad_table_is_refused_with_all_its_faults_and_the_old_one_stays()
    {
        await using var gateway = await TestGateway.StartAsync();
        Assert.Null(gateway.Plane.Current(TestGateway.Service, TestGateway.Environment));
        gateway.Route(("v1", 100, []));

        var refused = Assert.Throws<GatewayException>(() => gateway.Route(("v1", 101, []), ("v1", -2, []), ("", 2, [])));

        Assert.Equal(GatewayFault.InvalidRoute, refused.Code);
        foreach (var part in new[] { "101", "-2", "2 times", "no name" })
        {
            Assert.Contains(part, refused.Message);
        }

        Assert.Throws<GatewayException>(() => gateway.Route(("v1", 90, []), ("v2", 9, [])));
        Assert.Equal(100, Assert.Single(gateway.Plane.Current(TestGateway.Service, TestGateway.Environment)!.Revisions).Weight);
    }

    [Fact]
    public void What_is_not_a_header_or_cookie_is_refused()
    {
        Assert.Equal("header:X-Client-Id", ClientSource.Parse("header:X-Client-Id").ToString());
        Assert.Equal("cookie:lane", StickySpec.Parse("cookie:lane").ToString());
        foreach (var text in new[] { "", "X-Client-Id", "header:", "query:a", "header:a b", "Header:a" })
        {
            Assert.Throws<FormatException>(() => ClientSource.Parse(text));
            Assert.Throws<FormatException>(() => StickySpec.Parse(text));
        }
    }

    [Fact]
    public async Task Nobody_is_served_after_closing()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer());
        await using var gateway = await TestGateway.BeforeAsync(replica);
        var endpoint = gateway.EndPoint;

        await gateway.Plane.CloseAsync(TestGateway.Service, TestGateway.Environment);

        await Assert.ThrowsAnyAsync<System.Net.Sockets.SocketException>(() => RawConnection.ToAsync(endpoint));
        Assert.Throws<GatewayException>(() => gateway.Plane.Read(TestGateway.Service, TestGateway.Environment));
    }
}
