using Sluice.Orchestration.Ports;
using Sluice.Registry;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>What every event log promises. Derive once per store; add no tests there.</summary>
public abstract class EventLogContract : RegistryContract
{
    private IEventLog Log => Registry.Events;

    [Fact]
    public async Task An_event_comes_back_as_it_was_with_its_time_cut_to_milliseconds()
    {
        var item = Event("r1", 1, "deployment.started", 1) with
        {
            At = At(1).AddTicks(9_999),
            Message = "it's \"100 %\" — ünïcode ✓",
            Data = new Dictionary<string, string> { ["weight"] = "10", ["path"] = "a/b\\c" },
        };
        await Log.AppendAsync(item, default);

        var read = Assert.Single((await Log.ListAsync(new(), default)).Items);

        Assert.Equal(item.Data, read.Data);
        Assert.Equal(item with { At = At(1), Data = read.Data }, read);
        Assert.Equal(TimeSpan.Zero, read.At.Offset);
    }

    [Fact]
    public async Task The_same_key_again_changes_nothing()
    {
        await Log.AppendAsync(Event("r1", 1, "deployment.started", 1), default);
        await Log.AppendAsync(Event("r1", 1, "deployment.failed", 2), default);

        Assert.Equal("deployment.started", Assert.Single((await Log.ListAsync(new(), default)).Items).Type);
    }

    [Fact]
    public async Task A_nul_and_half_a_character_in_the_words_of_a_service_are_replaced_not_refused()
    {
        var item = Event("r1", 1, "deployment.failed", 1) with
        {
            Message = "a\0b 🚀 " + "🚀"[..1],
            Data = new Dictionary<string, string> { ["log"] = "\0" + "🚀"[1..] },
        };
        await Log.AppendAsync(item, default);

        var read = Assert.Single((await Log.ListAsync(new(), default)).Items);
        Assert.Equal(("a\uFFFDb 🚀 \uFFFD", "\uFFFD\uFFFD"), (read.Message, read.Data["log"]));
    }

    [Fact]
    public async Task Events_of_a_rollout_read_as_a_story_and_all_others_newest_first()
    {
        for (var i = 1; i <= 12; i++)
        {
            await Log.AppendAsync(Event("r1", i, "step.completed", i / 3), default);
        }

        await Log.AppendAsync(Event("r2", 1, "step.completed", 2), default);

        Assert.Equal(Enumerable.Range(1, 12).Select(i => $"r1#{i}"), (await Log.ListAsync(new(RolloutId: "r1"), default)).Items.Select(e => e.Key));
        var all = (await Log.ListAsync(new(), default)).Items;
        Assert.Equal("r1#12", all[0].Key);
        Assert.Equal(all.Select(e => e.At).OrderDescending(), all.Select(e => e.At));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("r1")]
    public async Task Pages_hold_each_event_once_also_when_others_come_meanwhile(string? rollout)
    {
        for (var i = 0; i < 25; i++)
        {
            await Log.AppendAsync(Event("r1", i, "step.completed", 10 + (i / 4)), default);
        }

        var keys = new List<string>();
        string? cursor = null;
        var late = 100;
        do
        {
            var page = await Log.ListAsync(new(RolloutId: rollout, Limit: 4, Cursor: cursor), default);
            Assert.InRange(page.Items.Count, 1, 4);
            keys.AddRange(page.Items.Select(e => e.Key));
            cursor = page.Cursor;
            // Newer than all when read backwards, older than all when read forwards: always behind the reader.
            await Log.AppendAsync(Event("r1", late++, "step.completed", rollout is null ? 50 : 1), default);
        }
        while (cursor is not null);

        Assert.Equal(25, keys.Count);
        Assert.Equal(25, keys.Distinct().Count());
    }

    [Fact]
    public async Task Filters_narrow_and_combine()
    {
        await Log.AppendAsync(Event("r1", 1, "deployment.started", 1), default);
        await Log.AppendAsync(Event("r1", 2, "rollback.triggered", 2) with { Message = "Error rate 5.0 % is above 1 %" }, default);
        await Log.AppendAsync(Event("r1", 3, "rollback.triggered", 3) with { Environment = null, Data = new Dictionary<string, string> { ["metric"] = "latency_p99" } }, default);
        await Log.AppendAsync(Event("r2", 1, "deployment.started", 4) with { Service = "web" }, default);

        async Task<string> KeysAsync(EventQuery query) =>
            string.Join(' ', (await Log.ListAsync(query, default)).Items.Select(e => e.Key));

        Assert.Equal("r1#3 r1#2", await KeysAsync(new(Type: "rollback.triggered")));
        Assert.Equal("r2#1", await KeysAsync(new(Service: "web")));
        Assert.Equal("r2#1 r1#2 r1#1", await KeysAsync(new(Environment: "prod")));
        Assert.Equal("r1#3 r1#2", await KeysAsync(new(From: At(2), To: At(4))));
        Assert.Equal("r1#2", await KeysAsync(new(Text: "ERROR RATE")));
        Assert.Equal("r1#3", await KeysAsync(new(Text: "latency_p99")));
        Assert.Equal("r1#2", await KeysAsync(new(Text: "5.0 %")));
        Assert.Equal("", await KeysAsync(new(Text: "5%0")));
        Assert.Equal("", await KeysAsync(new(Text: "latencyXp99")));
        Assert.Equal("", await KeysAsync(new(Text: "' OR 1=1 --")));
        Assert.Equal("r1#2", await KeysAsync(new(RolloutId: "r1", Environment: "prod", Type: "rollback.triggered")));
    }

    [Fact]
    public async Task A_cursor_of_another_list_is_refused()
    {
        await Log.AppendAsync(Event("r1", 1, "deployment.started", 1), default);
        await Log.AppendAsync(Event("r1", 2, "deployment.started", 1), default);
        var cursor = (await Log.ListAsync(new(Limit: 1), default)).Cursor;

        foreach (var wrong in new[] { cursor, "nonsense!", "", "ZXZlbnRzfDF8eA" })
        {
            var refused = await Assert.ThrowsAsync<RegistryException>(() => Log.ListAsync(new(RolloutId: "r1", Cursor: wrong), default));
            Assert.StartsWith("InvalidCursor: ", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Old_events_are_purged_and_the_audit_stays()
    {
        for (var i = 1; i <= 5; i++)
        {
            await Log.AppendAsync(Event("r1", i, "step.completed", i), default);
            await Log.AuditAsync(Entry(i), default);
        }

        Assert.Equal(3, await Log.PurgeEventsAsync(At(4), default));
        Assert.Equal(0, await Log.PurgeEventsAsync(At(4), default));
        Assert.Equal(["r1#5", "r1#4"], (await Log.ListAsync(new(), default)).Items.Select(e => e.Key));
        Assert.Equal(5, (await Log.ListAuditAsync(10, null, default)).Items.Count);
    }

    [Fact]
    public async Task The_audit_is_numbered_and_paged_newest_first()
    {
        Assert.Null(await Log.VerifyAuditAsync(default));
        for (var i = 1; i <= 5; i++)
        {
            await Log.AuditAsync(Entry(i) with { Detail = i == 3 ? null : "x" }, default);
        }

        var first = await Log.ListAuditAsync(3, null, default);
        var second = await Log.ListAuditAsync(3, first.Cursor, default);

        Assert.Equal([5L, 4L, 3L], first.Items.Select(e => e.Number));
        Assert.Equal([2L, 1L], second.Items.Select(e => e.Number));
        Assert.Null(second.Cursor);
        Assert.Equal(Entry(3) with { Detail = null, Number = 3 }, first.Items[2]);
        Assert.Null(await Log.VerifyAuditAsync(default));
    }

    [Fact]
    public async Task Entries_that_race_make_one_chain()
    {
        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(() => (i % 2 == 0 ? Registry : Other).Events.AuditAsync(Entry(i % 10), default))));

        Assert.Null(await Log.VerifyAuditAsync(default));
        Assert.Equal(Enumerable.Range(1, 30).Reverse().Select(n => (long)n), (await Log.ListAuditAsync(100, null, default)).Items.Select(e => e.Number));
    }

    private static DeploymentEvent Event(string rollout, int sequence, string type, int minute) =>
        new($"{rollout}#{sequence}", rollout, "api", "prod", type, At(minute), $"step {sequence}", new Dictionary<string, string>());

    private static AuditEntry Entry(int minute) => new(At(minute), "demo-lead", "rollout.abort", "api.prod.v1.0.0.abcd", "too slow", "accepted");
}
