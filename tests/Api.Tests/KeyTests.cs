using System.Net;

namespace Sluice.Api.Tests;

public sealed class KeyTests
{
    [Fact]
    public async Task A_key_works_from_when_it_is_added_until_it_is_removed()
    {
        await using var server = await Server.StartAsync();
        var (added, key, _) = await server.SendAsync("admin", "POST", "/api/keys", """{"name":"ana","role":"Approver","services":["catalog-api"]}""");
        using var client = server.As(null);
        client.DefaultRequestHeaders.Authorization = new("Bearer", (string?)key?["key"]);

        var before = await client.GetAsync("/api/rollouts");
        var (removed, _, _) = await server.SendAsync("admin", "DELETE", "/api/keys/ana");
        var after = await client.GetAsync("/api/rollouts");

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.NoContent), (added, removed));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (before.StatusCode, after.StatusCode));
    }

    [Fact]
    public async Task A_list_shows_no_key_and_no_hash()
    {
        await using var server = await Server.StartAsync();

        var (_, list, _) = await server.SendAsync("admin", "GET", "/api/keys");

        Assert.Equal(Server.Keys.Keys.Order(), list!["items"]!.AsArray().Select(k => (string)k!["name"]!).Order());
        Assert.All(list["items"]!.AsArray(), k => Assert.Equal(["name", "role", "services", "createdAt"], k!.AsObject().Select(p => p.Key)));
    }

    [Fact]
    public async Task The_audit_trail_holds_and_holds_no_key()
    {
        await using var server = await Server.StartAsync();
        var (_, key, _) = await server.SendAsync("admin", "POST", "/api/keys", """{"name":"ana","role":"Viewer"}""");

        var (_, verified, _) = await server.SendAsync("admin", "GET", "/api/audit/verify");
        var (_, trail, _) = await server.SendAsync("admin", "GET", "/api/audit");

        Assert.True((bool?)verified?["holds"]);
        Assert.Contains(trail!["items"]!.AsArray(), e => (string?)e!["action"] == "key.add" && (string?)e["subject"] == "ana");
        Assert.DoesNotContain((string)key!["key"]!, trail.ToJsonString(), StringComparison.Ordinal);
    }
}
