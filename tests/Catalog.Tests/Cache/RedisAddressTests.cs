using Sluice.Catalog.Cache;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Tests.Cache;

public sealed class RedisAddressTests
{
    [Theory]
    [InlineData("redis://cache", "redis://cache:6379/0", null, null)]
    [InlineData("redis://127.0.0.1:7000/3", "redis://127.0.0.1:7000/3", null, null)]
    [InlineData("rediss://:p%40ss@cache.example:6380", "rediss://cache.example:6380/0", null, "p@ss")]
    [InlineData("rediss://ana:secret@cache.example/1", "rediss://cache.example:6379/1", "ana", "secret")]
    public void A_url_is_read_whole_and_printed_without_its_secrets(string url, string printed, string? user, string? password)
    {
        var address = Assert.IsType<RedisAddress.Resp>(Read(("REDIS_URL", url)).Address);

        Assert.Equal((printed, user, password), (address.ToString(), address.User, address.Password));
    }

    [Fact]
    public void Upstash_has_an_address_and_a_token_and_counts_after_a_url()
    {
        (string, string)[] upstash = [("UPSTASH_REDIS_REST_URL", "https://eu1-x.upstash.io"), ("UPSTASH_REDIS_REST_TOKEN", "secret")];

        Assert.Equal("https://eu1-x.upstash.io", Assert.IsType<RedisAddress.Upstash>(Read(upstash).Address).ToString());
        Assert.IsType<RedisAddress.Resp>(Read([.. upstash, ("REDIS_URL", "redis://cache")]).Address);
        Assert.Null(Read().Address);
    }

    [Theory]
    [InlineData("REDIS_URL", "REDIS_URL", "hunter2@cache")]
    [InlineData("REDIS_URL", "REDIS_URL", "https://:hunter2@cache")]
    [InlineData("REDIS_URL", "REDIS_URL", "redis://:hunter2@cache/first")]
    [InlineData("UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL", "hunter2")]
    [InlineData("UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_URL,UPSTASH_REDIS_REST_TOKEN", "http://hunter2.example")]
    public void What_is_wrong_is_named_without_its_value(string name, string faulty, string value)
    {
        var (address, faults) = Read((name, value));

        Assert.Null(address);
        Assert.Equal(faulty.Split(','), faults.Select(fault => fault.Name));
        Assert.DoesNotContain("hunter2", string.Join(' ', faults), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_authority_is_a_fault() =>
        Assert.Equal("REDIS_CA_FILE", Assert.Single(Read(("REDIS_URL", "rediss://cache"), ("REDIS_CA_FILE", "/nowhere.pem")).Faults).Name);

    [Fact]
    public void A_server_that_syncs_reads_the_same_names()
    {
        Assert.Equal("redis://cache:6379/0", SyncSettings.Read(name => name == "REDIS_URL" ? "redis://cache" : null).Redis!.ToString());
        Assert.Contains("REDIS_URL must be", Assert.Throws<FormatException>(() => SyncSettings.Read(name => name == "REDIS_URL" ? "cache" : null)).Message);
    }

    private static (RedisAddress? Address, List<(string Name, string Expected)> Faults) Read(params (string Name, string Value)[] variables)
    {
        var faults = new List<(string Name, string Expected)>();
        return (RedisAddress.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value, faults), faults);
    }
}
