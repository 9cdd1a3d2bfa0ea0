using Sluice.Functions.Tables;
using Sluice.Orchestration.Ports;

namespace Sluice.Functions.Tests.Tables;

/// <summary>Several servers at one registry: they meet at ETags, and nothing is lost or done twice.</summary>
public sealed class TableRaceTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TablePlace _place = new();
    private TableRegistry[] _registries = [];

    public async ValueTask InitializeAsync() => _registries = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _place.OpenRegistryAsync()));

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task Of_20_that_ask_at_once_one_owns_the_environment_and_the_line_holds_the_others_in_an_order_that_stays()
    {
        await AllAsync(20, i => On(i).Coordination.AcquireLockAsync(Ask($"r{i}"), default));

        var line = (await On(0).Coordination.GetLockAsync("api", "prod", default))!;
        Assert.Equal(1, line.Number);
        Assert.Equal(20, line.Waiting.Append(line.Owner).Distinct().Count());
        Assert.Equal(19, line.Waiting.Count);
        var served = new List<string?>();
        for (var owner = line.Owner; owner is not null; owner = await On(served.Count).Coordination.ReleaseLockAsync("api", "prod", owner, default))
        {
            served.Add(owner);
        }

        Assert.Equal([line.Owner, .. line.Waiting], served);
        Assert.Equal(20, (await On(0).Coordination.GetLockAsync("api", "prod", default))!.Number);
    }

    [Fact]
    public async Task Fifty_commands_at_once_get_the_numbers_from_1_to_50_once_each()
    {
        var numbers = await AllAsync(50, i => On(i).Coordination.AddCommandAsync(Say($"k{i}"), default));

        Assert.Equal(Enumerable.Range(1, 50).Select(n => (long)n), numbers.Order());
        var read = await On(0).Coordination.ReadCommandsAsync("r", 0, default);
        Assert.Equal(Enumerable.Range(1, 50).Select(n => (long)n), read.Select(c => c.Number));
        Assert.Equal(50, read.Select(c => c.Key).Distinct().Count());
        Assert.Equal(numbers[7], await On(1).Coordination.AddCommandAsync(Say("k7"), default));
    }

    [Fact]
    public async Task Entries_of_several_servers_make_one_chain_that_holds_each_once()
    {
        await AllAsync(40, async i =>
        {
            await On(i).Events.AuditAsync(new(Now, "demo-lead", "rollout.abort", $"subject-{i}", null, "accepted"), default);
            return i;
        });

        Assert.Null(await On(0).Events.VerifyAuditAsync(default));
        var entries = (await On(0).Events.ListAuditAsync(100, null, default)).Items;
        Assert.Equal(Enumerable.Range(1, 40).Reverse().Select(n => (long)n), entries.Select(e => e.Number));
        Assert.Equal(40, entries.Select(e => e.Subject).Distinct().Count());
    }

    [Fact]
    public async Task A_lock_that_another_took_between_look_and_write_is_asked_for_again()
    {
        var probe = new RequestProbe();
        var slow = await _place.OpenRegistryAsync(probe);
        probe.BeforeNextWrite(() => On(0).Coordination.AcquireLockAsync(Ask("quick"), default));

        var state = await slow.Coordination.AcquireLockAsync(Ask("slow"), default);

        Assert.Equal("quick", state.Owner);
        Assert.Equal(["slow"], state.Waiting);

        probe.BeforeNextWrite(() => On(0).Coordination.AcquireLockAsync(Ask("third"), default));
        Assert.Equal("slow", await slow.Coordination.ReleaseLockAsync("api", "prod", "quick", default));
        Assert.Equal(["third"], (await On(0).Coordination.GetLockAsync("api", "prod", default))!.Waiting);
    }

    [Fact]
    public async Task A_number_that_another_command_took_meanwhile_is_not_given_twice()
    {
        var probe = new RequestProbe();
        var slow = await _place.OpenRegistryAsync(probe);
        probe.BeforeNextWrite(() => On(0).Coordination.AddCommandAsync(Say("quick"), default));

        Assert.Equal(2, await slow.Coordination.AddCommandAsync(Say("slow"), default));
        Assert.Equal(["quick", "slow"], (await slow.Coordination.ReadCommandsAsync("r", 0, default)).Select(c => c.Key));
    }

    [Fact]
    public async Task An_entry_that_another_overtook_is_chained_behind_it()
    {
        var probe = new RequestProbe();
        var slow = await _place.OpenRegistryAsync(probe);
        probe.BeforeNextWrite(() => On(0).Events.AuditAsync(new(Now, "quick", "key.add", "x", null, "accepted"), default));

        await slow.Events.AuditAsync(new(Now, "slow", "key.add", "y", null, "accepted"), default);

        Assert.Equal(["slow", "quick"], (await slow.Events.ListAuditAsync(10, null, default)).Items.Select(e => e.Actor));
        Assert.Null(await slow.Events.VerifyAuditAsync(default));
    }

    private TableRegistry On(int i) => _registries[i % _registries.Length];

    private static Task<T[]> AllAsync<T>(int count, Func<int, Task<T>> call) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => call(i))));

    private static LockRequest Ask(string id) => new("api", "prod", id, Now, Queue: true);

    private static Command Say(string key) => new(key, "r", CommandKind.Pause, "demo-lead", null, Now);
}
