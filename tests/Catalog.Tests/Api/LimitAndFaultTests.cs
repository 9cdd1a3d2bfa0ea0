using System.Net;
using Sluice.CatalogApi;

namespace Sluice.Catalog.Tests.Api;

public sealed class LimitAndFaultTests
{
    [Fact]
    public async Task Each_client_behind_the_gateway_has_its_own_limit_and_health_has_none()
    {
        await using var api = await TestApi.StartAsync();
        for (var n = 0; n < 2000; n++)
        {
            using var allowed = await GetAsync(api, "203.0.113.7, 127.0.0.1");
            Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
        }

        api.Clock.Advance(TimeSpan.FromSeconds(50));
        using var refused = await GetAsync(api, "203.0.113.7");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(("2000", "0", "10", "10"), (Header(refused, "RateLimit-Limit"), Header(refused, "RateLimit-Remaining"), Header(refused, "RateLimit-Reset"), Header(refused, "Retry-After")));

        using var other = await GetAsync(api, "203.0.113.7, 203.0.113.8");
        Assert.Equal((HttpStatusCode.OK, "1999"), (other.StatusCode, Header(other, "RateLimit-Remaining")));
        await api.GetAsync("/health");

        api.Clock.Advance(TimeSpan.FromSeconds(10));
        using var again = await GetAsync(api, "203.0.113.7");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Theory]
    [InlineData("198.51.100.1", "203.0.113.7", "198.51.100.1")] // a peer elsewhere speaks for itself
    [InlineData("127.0.0.1", null, "127.0.0.1")]
    [InlineData("127.0.0.1", "203.0.113.7", "203.0.113.7")]
    [InlineData("::1", "203.0.113.7", "203.0.113.7")]
    [InlineData("127.0.0.1", "1.1.1.1, 203.0.113.7, 127.0.0.1, ::1", "203.0.113.7")]
    [InlineData("127.0.0.1", "203.0.113.7:4711", "203.0.113.7")]
    [InlineData("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1")]
    [InlineData("127.0.0.1", "::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "client-17, 127.0.0.1", "client-17")]
    [InlineData("127.0.0.1", " , ", "127.0.0.1")]
    public void The_client_is_the_last_hop_that_is_not_on_this_machine(string peer, string? forwardedFor, string client) =>
        Assert.Equal(client, ClientAddress.Of(IPAddress.Parse(peer), forwardedFor));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.01", 1)]
    [InlineData("0.05", 5)]
    [InlineData("0.33", 33)]
    [InlineData("0.5", 50)]
    [InlineData("0.99", 99)]
    [InlineData("1", 100)]
    public void Any_hundred_requests_in_a_row_hold_the_same_number_of_failures(string rate, int failures)
    {
        var fails = Enumerable.Range(1, 1000).Select(n => FaultInjection.Fails(n, decimal.Parse(rate))).ToList();

        Assert.All(Enumerable.Range(0, 900), start => Assert.Equal(failures, fails.Skip(start).Take(100).Count(failed => failed)));
    }

    [Fact]
    public async Task Five_of_a_hundred_requests_fail_and_health_is_not_among_them()
    {
        await using var api = await TestApi.StartAsync(new FaultSettings(ErrorRate: 0.05m));
        var failed = 0;
        for (var n = 0; n < 100; n++)
        {
            using var health = await api.Http.GetAsync("/health");
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
            using var answer = await api.Http.GetAsync("/v1/models?limit=1");
            if (answer.StatusCode == HttpStatusCode.InternalServerError)
            {
                Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
                failed++;
            }
        }

        Assert.Equal(5, failed);
    }

    [Fact]
    public async Task Latency_is_added_to_the_catalogue_and_not_to_health()
    {
        var delays = new List<TimeSpan>();
        var injection = new FaultInjection(new FaultSettings(Latency: TimeSpan.FromMilliseconds(250)), new RecordingTimers(delays), () => { });
        foreach (var path in new[] { "/health", "/v1/models", "/v10" })
        {
            var http = new Microsoft.AspNetCore.Http.DefaultHttpContext { Request = { Path = path } };
            await injection.InvokeAsync(http, _ => Task.CompletedTask);
        }

        Assert.Equal([TimeSpan.FromMilliseconds(250)], delays);
    }

    [Fact]
    public async Task A_crash_comes_with_the_request_it_was_asked_for()
    {
        await using var api = await TestApi.StartAsync(new FaultSettings(CrashAfter: 3));

        for (var n = 0; n < 2; n++)
        {
            await api.GetAsync("/v1/models?limit=1");
            await api.GetAsync("/health");
        }

        Assert.Equal(0, api.Crashes);
        await api.GetAsync("/v1/models?limit=1");
        Assert.True(SpinWait.SpinUntil(() => api.Crashes == 1, TimeSpan.FromSeconds(10)), $"{api.Crashes} crashes after three requests");
    }

    private static async Task<HttpResponseMessage> GetAsync(TestApi api, string forwardedFor)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models?limit=1");
        request.Headers.Add("X-Forwarded-For", forwardedFor);
        return await api.Http.SendAsync(request);
    }

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));
}
