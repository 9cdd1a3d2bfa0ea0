namespace Sluice.Api.Tests;

public sealed class EventStreamTests
{
    [Fact]
    public async Task A_stream_follows_a_rollout_to_its_end_and_goes_on_where_it_broke()
    {
        await using var server = await Server.StartAsync();
        var id = await server.StartPausedAsync();
        var following = ReadAsync(server, id, null);
        await server.SendAsync("deployer", "POST", $"/api/rollouts/{id}/abort");

        var all = await following;

        Assert.Equal("end", all[^1].Type);
        Assert.Equal(all.Count, all.DistinctBy(e => e.Id).Count());
        Assert.Contains(all, e => e.Type == "rollout.started");
        var rest = await ReadAsync(server, id, all[1].Id);
        Assert.Equal(all.Skip(2), rest);
    }

    [Fact]
    public async Task A_client_that_asks_for_json_gets_a_page()
    {
        await using var server = await Server.StartAsync();
        var id = await server.StartPausedAsync();

        var (_, page, answer) = await server.SendAsync("viewer", "GET", $"/api/rollouts/{id}/events", null, ("Accept", "application/json"));

        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        Assert.NotEmpty(page!["items"]!.AsArray());
    }

    private static async Task<List<(string? Id, string? Type)>> ReadAsync(Server server, string id, string? after)
    {
        using var client = server.As("viewer");
        client.Timeout = TimeSpan.FromSeconds(60);
        if (after is not null)
        {
            client.DefaultRequestHeaders.Add("Last-Event-ID", after);
        }

        var text = await client.GetStringAsync($"/api/rollouts/{id}/events");
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(block => !block.StartsWith(':'))
            .Select(block => block.Split('\n'))
            .Select(lines => (Field(lines, "id: "), Field(lines, "event: ")))];
    }

    private static string? Field(string[] lines, string name) => lines.FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
}
