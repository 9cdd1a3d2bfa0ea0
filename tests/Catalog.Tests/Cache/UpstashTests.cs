using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Catalog.Cache;

namespace Sluice.Catalog.Tests.Cache;

/// <summary>The client for Redis over HTTPS, against a server of the same shape.</summary>
public sealed class UpstashTests
{
    [Fact]
    public async Task Texts_come_back_as_they_were_and_nothing_is_null()
    {
        await using var server = await UpstashServer.StartAsync();
        await using var redis = server.Address.Connect();
        const string odd = "1\n{\"a\":\"é\"}";

        Assert.Equal("OK", await redis.SendAsync(["SET", "a", odd], default));
        Assert.Equal(odd, await redis.SendAsync(["GET", "a"], default));
        Assert.Null(await redis.SendAsync(["GET", "b"], default));
        Assert.Contains("ERR unknown command", (await Assert.ThrowsAsync<RedisException>(() => redis.SendAsync(["FLUSHALL"], default))).Message);
    }

    [Fact]
    public async Task A_kept_text_has_an_end()
    {
        await using var server = await UpstashServer.StartAsync();
        await using var cache = new SharedCache(server.Address.Connect(), TimeProvider.System, NullLogger.Instance);

        await cache.WriteAsync("key", "text", TimeSpan.FromHours(1), default);

        Assert.Equal(["SET", "key", "text", "EX", "3600"], Assert.Single(server.Commands));
    }

    [Fact]
    public async Task A_wrong_token_is_told_without_it()
    {
        await using var server = await UpstashServer.StartAsync();
        await using var redis = server.AddressWith("hunter2").Connect();

        var refusal = await Assert.ThrowsAsync<RedisException>(() => redis.SendAsync(["PING"], default));

        Assert.Contains("is UPSTASH_REDIS_REST_TOKEN right?", refusal.Message);
        Assert.DoesNotContain("hunter2", refusal.Message);
    }

    [Theory]
    [InlineData(200, "<html>", "not JSON")]
    [InlineData(502, "{}", "502 without a result")]
    [InlineData(200, "[]", "without a result")]
    [InlineData(302, "{\"result\":\"OK\"}", "302 without a result")]
    public async Task What_is_no_answer_is_refused(int status, string body, string why)
    {
        await using var server = await UpstashServer.StartAsync();
        await using var redis = server.Address.Connect();
        server.Instead = http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.Location = "https://elsewhere.example/";
            return http.Response.WriteAsync(body);
        };

        Assert.Contains(why, (await Assert.ThrowsAsync<RedisException>(() => redis.SendAsync(["PING"], default))).Message);
    }

    [Fact]
    public async Task A_server_that_is_gone_is_told()
    {
        await using var server = await UpstashServer.StartAsync();
        await using var redis = server.Address.Connect();
        await server.DisposeAsync();

        Assert.Contains("does not answer", (await Assert.ThrowsAsync<RedisException>(() => redis.SendAsync(["PING"], default))).Message);
    }
}
