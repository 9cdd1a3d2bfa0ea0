using Sluice.Engine.VirtualTime;
using Sluice.Platforms.Gateway;

namespace Sluice.Platforms.Tests.Gateway;

public sealed class CountingTests
{
    private static readonly ListenerSpec ByHeader = TestGateway.Spec with { Client = ClientSource.Parse("header:X-Client") };

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task Answers_are_told_apart_by_whose_fault_they_are()
    {
        using var replica = RawReplica.Answering(message => RawReplica.Answer(int.Parse(message.Head.Split(' ')[1].TrimStart('/'))));
        await using var gateway = await TestGateway.BeforeAsync(replica);

        foreach (var status in new[] { 200, 201, 301, 404, 400, 429, 429, 429, 500, 503, 599 })
        {
            await gateway.GetAsync(target: $"/{status}");
        }

        var counts = gateway["v1"];
        Assert.Equal((11, 3, 2, 3), (counts.Requests, counts.Errors, counts.ClientErrors, counts.Throttled));
        Assert.Equal(11, counts.Latency.Sum());
    }

    [Fact]
    public async Task A_first_request_is_the_first_of_its_client_in_the_bucket_in_whichever_revision()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer());
        await using var gateway = await StartAsync(replica);

        await SendAsync(gateway, "ann", 200);
        await SendAsync(gateway, "ann", 200);
        gateway.Route(("v2", 100, [replica]));
        await SendAsync(gateway, "ann", 200);
        await SendAsync(gateway, "bob", 200);
        Assert.Equal((2, 1, 1), (gateway["v1"].Requests, gateway["v1"].FirstRequests, gateway["v1"].ClientsSeen));
        Assert.Equal((2, 1, 2), (gateway["v2"].Requests, gateway["v2"].FirstRequests, gateway["v2"].ClientsSeen));

        // The clock starts at a multiple of 10 s: 9.999 s later it is the same bucket, a millisecond more the next.
        _clock.Advance(TimeSpan.FromSeconds(9.999));
        await SendAsync(gateway, "ann", 200);
        Assert.Equal((1, 2), (gateway["v2"].FirstRequests, gateway["v2"].ClientsSeen));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await SendAsync(gateway, "ann", 200);
        Assert.Equal((2, 3), (gateway["v2"].FirstRequests, gateway["v2"].ClientsSeen));
    }

    [Fact]
    public async Task Failures_are_counted_by_request_by_client_and_by_cluster()
    {
        using var replica = RawReplica.Answering(message => RawReplica.Answer(int.Parse(RawConnection.Field(message.Head, "X-Status")!)));
        await using var gateway = await StartAsync(replica);

        // Bucket 1: ann fails three times, bob once (not at first), cat never. Bucket 2: ann twice.
        foreach (var (client, status) in new[] { ("ann", 500), ("ann", 500), ("bob", 200), ("bob", 500), ("ann", 500), ("cat", 200) })
        {
            await SendAsync(gateway, client, status);
        }

        _clock.Advance(LatencyHistogram.BucketLength);
        await SendAsync(gateway, "ann", 500);
        await SendAsync(gateway, "ann", 500);

        var counts = gateway["v1"];
        Assert.Equal((8, 6), (counts.Requests, counts.Errors));
        Assert.Equal((4, 3), (counts.ClientsSeen, counts.FailingClients));
        Assert.Equal((4, 2), (counts.FirstRequests, counts.FirstErrors));
        Assert.Equal((6, 9 + 1 + 4), (counts.ClusteredErrors, counts.ErrorsSquared));
        Assert.Equal(2, counts.NewlyFailingClients);
    }

    [Fact]
    public async Task A_client_fails_newly_after_an_hour_without_failure_from_any_revision()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer(500));
        await using var gateway = await StartAsync(replica);

        await SendAsync(gateway, "ann", 500);
        _clock.Advance(TimeSpan.FromMinutes(59));
        gateway.Route(("v2", 100, [replica]));
        await SendAsync(gateway, "ann", 500);
        Assert.Equal((1, 0), (gateway["v1"].NewlyFailingClients, gateway["v2"].NewlyFailingClients));

        _clock.Advance(TimeSpan.FromMinutes(60));
        await SendAsync(gateway, "ann", 500);
        Assert.Equal((1, 1), (gateway["v1"].NewlyFailingClients, gateway["v2"].NewlyFailingClients));
    }

    [Fact]
    public async Task A_request_is_fresh_in_a_window_when_its_client_had_no_failure_in_it_from_any_revision()
    {
        using var replica = RawReplica.Answering(message => RawReplica.Answer(int.Parse(RawConnection.Field(message.Head, "X-Status")!)));
        await using var gateway = await StartAsync(replica);

        await SendAsync(gateway, "ann", 500);
        await SendAsync(gateway, "ann", 500);
        await SendAsync(gateway, "bob", 200);
        Assert.Equal([2, 2, 2, 2, 2], gateway["v1"].FreshRequests);
        Assert.Equal([1, 1, 1, 1, 1], gateway["v1"].FreshErrors);

        _clock.Advance(TimeSpan.FromSeconds(30));
        gateway.Route(("v2", 100, [replica]));
        await SendAsync(gateway, "ann", 500);
        Assert.Equal([1, 1, 0, 0, 0], gateway["v2"].FreshRequests);
        Assert.Equal([1, 1, 0, 0, 0], gateway["v2"].FreshErrors);

        _clock.Advance(TimeSpan.FromMinutes(10));
        await SendAsync(gateway, "ann", 200);
        Assert.Equal([2, 2, 1, 1, 0], gateway["v2"].FreshRequests);
    }

    [Theory]
    [InlineData("X-Client: a\r\nAuthorization: 1\r\n", "X-Client: a\r\nAuthorization: 2\r\n", 1)]
    [InlineData("X-Client: a\r\n", "X-Client: b\r\n", 2)]
    [InlineData("Cookie: lane=00000000000000010000000000000002\r\nAuthorization: 1\r\n", "Cookie: x=1; lane=00000000000000030000000000000002\r\n", 1)]
    [InlineData("Cookie: lane=00000000000000010000000000000002\r\n", "Cookie: lane=00000000000000010000000000000003\r\n", 2)]
    [InlineData("Authorization: 1\r\nX-Forwarded-For: 192.0.2.1\r\n", "Authorization: 1\r\nX-Forwarded-For: 192.0.2.2\r\n", 1)]
    [InlineData("Authorization: 1\r\n", "Authorization: 2\r\n", 2)]
    [InlineData("X-Forwarded-For: 192.0.2.1\r\n", "X-Forwarded-For: 192.0.2.2\r\n", 2)]
    [InlineData("X-Forwarded-For: 203.0.113.9, 192.0.2.1\r\n", "X-Forwarded-For: 192.0.2.1:4711, 10.1.2.3, 127.0.0.1\r\n", 1)]
    [InlineData("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.7, 10.9.9.9\r\n", "X-Forwarded-For: ::ffff:192.0.2.7\r\n", 1)]
    [InlineData("", "X-Client: \r\n", 1)]
    [InlineData("", "X-Other: 1\r\n", 1)]
    public async Task A_client_is_known_by_the_first_thing_that_names_it(string one, string other, int clients)
    {
        using var replica = RawReplica.Answering(RawReplica.Answer());
        await using var gateway = await StartAsync(replica, ByHeader with
        {
            Sticky = StickySpec.Parse("cookie:lane"),
            TrustedProxies = ["127.0.0.0/8", "10.0.0.0/8"],
        });

        await gateway.GetAsync(one);
        await gateway.GetAsync(other);

        Assert.Equal(clients, gateway["v1"].ClientsSeen);
    }

    [Fact]
    public async Task Nobody_becomes_another_client_by_a_header_from_outside()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer());
        await using var gateway = await StartAsync(replica, TestGateway.Spec);

        await gateway.GetAsync("X-Forwarded-For: 192.0.2.1\r\n");
        await gateway.GetAsync("X-Forwarded-For: 192.0.2.2\r\n");

        Assert.Equal(1, gateway["v1"].ClientsSeen);
    }

    [Fact]
    public async Task More_clients_than_fit_make_the_counts_of_clients_approximate_and_no_others()
    {
        using var replica = RawReplica.Answering(RawReplica.Answer(500));
        await using var gateway = await TestGateway.StartAsync(new() { TimeProvider = _clock, MaxClients = 64 }, ByHeader);
        gateway.Route(("v1", 100, [replica]));
        await SendAsync(gateway, "one", 500);
        Assert.False(gateway.Plane.Read(TestGateway.Service, TestGateway.Environment).Approximate);

        for (var i = 0; i < 400; i++)
        {
            await SendAsync(gateway, $"client {i}", 500);
        }

        Assert.True(gateway.Plane.Read(TestGateway.Service, TestGateway.Environment).Approximate);
        var counts = gateway["v1"];
        Assert.Equal((401, 401), (counts.Requests, counts.Errors));
        Assert.InRange(counts.FirstRequests, 1, 400);
        Assert.Equal(counts.FirstRequests, counts.FirstErrors);
        Assert.InRange(counts.NewlyFailingClients, 1, 64);
    }

    [Fact]
    public async Task Latency_falls_between_fixed_bounds()
    {
        Assert.Equal(0.001, LatencyHistogram.Bounds[0]);
        Assert.Equal(0.0011, LatencyHistogram.Bounds[1]);
        Assert.Equal(60, LatencyHistogram.Bounds[^1]);
        Assert.All(LatencyHistogram.Bounds.Zip(LatencyHistogram.Bounds.Skip(1)), b => Assert.InRange(b.Second / b.First, 1.0001, 1.1005));

        // The clock moves while the replica works.
        using var replica = RawReplica.Answering(message =>
        {
            _clock.Advance(TimeSpan.FromMilliseconds(double.Parse(RawConnection.Field(message.Head, "X-Takes")!)));
            return RawReplica.Answer();
        });
        await using var gateway = await StartAsync(replica);
        foreach (var takes in new[] { 0.5, 1, 1.05, 250 })
        {
            await gateway.GetAsync($"X-Takes: {takes}\r\n");
        }

        var latency = gateway["v1"].Latency;
        Assert.Equal(LatencyHistogram.Bounds.Count + 1, latency.Count);
        Assert.Equal((2, 1, 0), (latency[0], latency[1], latency[2]));
        var quarter = LatencyHistogram.Bounds.Index().First(b => b.Item >= 0.25).Index;
        Assert.Equal(1, latency[quarter]);
    }

    [Fact]
    public async Task Counts_belong_to_an_epoch()
    {
        await using var one = await TestGateway.StartAsync();
        await using var other = await TestGateway.StartAsync();

        Assert.Equal(one.Plane.Epoch, one.Plane.Read(TestGateway.Service, TestGateway.Environment).Epoch);
        Assert.NotEqual(one.Plane.Epoch, other.Plane.Epoch);
    }

    private static Task SendAsync(TestGateway gateway, string client, int status) =>
        gateway.GetAsync($"X-Client: {client}\r\nX-Status: {status}\r\n");

    private async Task<TestGateway> StartAsync(RawReplica replica, ListenerSpec? spec = null)
    {
        var gateway = await TestGateway.StartAsync(new() { TimeProvider = _clock, Seed = 17 }, spec ?? ByHeader);
        gateway.Route(("v1", 100, [replica]));
        return gateway;
    }
}
