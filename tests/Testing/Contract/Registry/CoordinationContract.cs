using Sluice.Orchestration.Ports;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>What every coordination store promises. Derive once per store; add no tests there.</summary>
public abstract class CoordinationContract : RegistryContract
{
    private ICoordination Store => Registry.Coordination;

    [Fact]
    public async Task A_free_environment_goes_to_the_first_that_asks()
    {
        var state = await AcquireAsync("a");

        Assert.Equal(("a", 1L), (state.Owner, state.Number));
        Assert.Empty(state.Waiting);
    }

    [Fact]
    public async Task Asking_again_changes_nothing_for_owner_or_waiting()
    {
        await AcquireAsync("a");
        await AcquireAsync("b");
        await AcquireAsync("c");

        await AcquireAsync("a");
        var state = await AcquireAsync("b");

        Assert.Equal(("a", 1L), (state.Owner, state.Number));
        Assert.Equal(["b", "c"], state.Waiting);
    }

    [Fact]
    public async Task The_line_is_served_first_come_first_served_and_each_owner_has_a_higher_number()
    {
        foreach (var id in new[] { "a", "b", "c" })
        {
            await AcquireAsync(id);
        }

        Assert.Equal("b", await ReleaseAsync("a"));
        Assert.Equal(2, (await Store.GetLockAsync("api", "prod", default))!.Number);
        Assert.Equal("c", await ReleaseAsync("b"));
        Assert.Null(await ReleaseAsync("c"));
        var again = await AcquireAsync("a");

        Assert.Equal(("a", 4L), (again.Owner, again.Number));
    }

    [Fact]
    public async Task The_line_is_in_order_of_arrival_whatever_the_clocks_say()
    {
        await AcquireAsync("a", minute: 30);
        await AcquireAsync("b", minute: 20);
        await AcquireAsync("c", minute: 10);

        Assert.Equal(["b", "c"], (await Store.GetLockAsync("api", "prod", default))!.Waiting);
    }

    [Fact]
    public async Task One_that_does_not_queue_learns_who_holds_it_and_waits_nowhere()
    {
        await AcquireAsync("a");

        var state = await Store.AcquireLockAsync(new("api", "prod", "b", At(1), Queue: false), default);

        Assert.Equal("a", state.Owner);
        Assert.Empty(state.Waiting);
    }

    [Fact]
    public async Task Giving_up_a_place_in_line_leaves_the_owner()
    {
        await AcquireAsync("a");
        await AcquireAsync("b");
        await AcquireAsync("c");

        Assert.Equal("a", await ReleaseAsync("b"));
        Assert.Equal("c", await ReleaseAsync("a"));
    }

    [Fact]
    public async Task Releasing_what_one_does_not_hold_changes_nothing()
    {
        Assert.Null(await ReleaseAsync("a"));
        await AcquireAsync("a");

        Assert.Equal("a", await ReleaseAsync("b"));
        Assert.Null(await ReleaseAsync("a"));
        Assert.Null(await ReleaseAsync("a"));
        Assert.Equal(new LockState("api", "prod", null, 1, []), await Store.GetLockAsync("api", "prod", default) is { } s ? s with { Waiting = [] } : null, Same);
    }

    [Fact]
    public async Task Environments_and_services_do_not_hold_each_other_up()
    {
        await AcquireAsync("a");
        var other = await Store.AcquireLockAsync(new("api", "staging", "b", At(1), true), default);
        await Store.AcquireLockAsync(new("web", "prod", "c", At(1), true), default);
        await Store.AcquireLockAsync(new("web", "prod", "d", At(1), true), default);
        await Store.AcquireLockAsync(new("web", "free", "e", At(1), true), default);
        await Store.ReleaseLockAsync("web", "free", "e", default);

        Assert.Equal("b", other.Owner);
        Assert.Equal(
            ["api/prod a", "api/staging b", "web/prod c d"],
            (await Store.ListLocksAsync(default)).Select(l => string.Join(' ', [$"{l.Service}/{l.Environment} {l.Owner}", .. l.Waiting])));
        Assert.Null(await Store.GetLockAsync("nobody", "ever", default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_many_that_race_for_a_free_environment_exactly_one_owns_it_and_the_rest_are_in_line(bool heldBefore)
    {
        var stores = new[] { Registry.Coordination, Other.Coordination };
        foreach (var environment in Enumerable.Range(0, 6).Select(e => $"e{e}"))
        {
            if (heldBefore)
            {
                await Store.AcquireLockAsync(new("api", environment, "before", At(0), true), default);
                await Store.ReleaseLockAsync("api", environment, "before", default);
            }

            var states = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() =>
                stores[i % 2].AcquireLockAsync(new("api", environment, $"r{i}", At(0), true), default))));

            var end = (await Store.GetLockAsync("api", environment, default))!;
            Assert.All(states, s => Assert.Equal(end.Owner, s.Owner));
            Assert.Equal(heldBefore ? 2 : 1, end.Number);
            Assert.Equal(12, end.Waiting.Append(end.Owner).Distinct().Count());
        }
    }

    [Fact]
    public async Task Of_many_that_race_to_release_every_one_owned_it_once_and_numbers_never_repeat()
    {
        var stores = new[] { Registry.Coordination, Other.Coordination };
        var numbers = new System.Collections.Concurrent.ConcurrentBag<long>();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var store = stores[i % 2];
            var request = new LockRequest("api", "prod", $"r{i}", At(0), true);
            for (var state = await store.AcquireLockAsync(request, default); ; state = await store.AcquireLockAsync(request, default))
            {
                if (state.Owner == request.RolloutId)
                {
                    numbers.Add(state.Number);
                    await store.ReleaseLockAsync("api", "prod", request.RolloutId, default);
                    return;
                }

                await Task.Yield();
            }
        })));

        Assert.Equal(Enumerable.Range(1, 8).Select(n => (long)n), numbers.Order());
    }

    [Fact]
    public async Task Commands_are_numbered_from_one_in_each_rollout()
    {
        Assert.Equal(1, await Store.AddCommandAsync(Say("k1", "a", CommandKind.Pause), default));
        Assert.Equal(2, await Store.AddCommandAsync(Say("k2", "a", CommandKind.PromoteFull), default));
        Assert.Equal(1, await Store.AddCommandAsync(Say("k1", "b", CommandKind.Abort), default));

        Assert.Equal([(1, CommandKind.Pause), (2, CommandKind.PromoteFull)], (await Store.ReadCommandsAsync("a", 0, default)).Select(c => ((int)c.Number, c.Kind)));
        Assert.Equal([2L], (await Store.ReadCommandsAsync("a", 1, default)).Select(c => c.Number));
        Assert.Empty(await Store.ReadCommandsAsync("a", 2, default));
    }

    [Fact]
    public async Task The_same_key_again_is_the_first_command()
    {
        await Store.AddCommandAsync(Say("k1", "a", CommandKind.Pause), default);
        await Store.AddCommandAsync(Say("k2", "a", CommandKind.Resume), default);

        Assert.Equal(1, await Store.AddCommandAsync(Say("k1", "a", CommandKind.Abort), default));
        Assert.Equal(CommandKind.Pause, (await Store.ReadCommandsAsync("a", 0, default))[0].Kind);
    }

    [Fact]
    public async Task A_command_comes_back_as_it_was_said()
    {
        var said = Say("k1", "a", CommandKind.Approve) with { Reason = "looks good — ✓", Groups = ["release-managers", "leads"], By = "ana" };
        await Store.AddCommandAsync(said, default);

        var read = Assert.Single(await Store.ReadCommandsAsync("a", 0, default));

        Assert.Equal(["release-managers", "leads"], read.Groups);
        Assert.Equal(said with { Number = 1, Groups = read.Groups }, read);
    }

    [Fact]
    public async Task What_only_some_commands_say_comes_back_too()
    {
        await Store.AddCommandAsync(Say("k1", "a", CommandKind.Approve) with { Evidence = new string('e', 64) }, default);
        await Store.AddCommandAsync(Say("k2", "a", CommandKind.Tick) with { Item = "backups — ✓", Passed = false }, default);
        await Store.AddCommandAsync(Say("k3", "a", CommandKind.OverrideFreeze) with { Reason = "CVE-1" }, default);

        var read = await Store.ReadCommandsAsync("a", 0, default);

        Assert.Equal([(new string('e', 64), null, true), (null, "backups — ✓", false), (null, null, true)], read.Select(c => (c.Evidence, c.Item, c.Passed)));
    }

    [Fact]
    public async Task Commands_that_race_get_numbers_without_gaps()
    {
        var stores = new[] { Registry.Coordination, Other.Coordination };

        var numbers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(() =>
            stores[i % 2].AddCommandAsync(Say($"k{i / 2}", "a", CommandKind.Pause), default))));

        Assert.Equal(Enumerable.Range(1, 15).Select(n => (long)n), numbers.Distinct().Order());
        Assert.Equal(Enumerable.Range(1, 15).Select(n => (long)n), (await Store.ReadCommandsAsync("a", 0, default)).Select(c => c.Number));
    }

    [Fact]
    public async Task A_rollout_runs_until_it_is_told_otherwise()
    {
        Assert.Equal(DesiredState.Run, await Store.GetDesiredStateAsync("a", default));

        await Store.SetDesiredStateAsync("a", DesiredState.Pause, default);
        await Store.SetDesiredStateAsync("a", DesiredState.Stop, default);

        Assert.Equal(DesiredState.Stop, await Store.GetDesiredStateAsync("a", default));
        Assert.Equal(DesiredState.Run, await Store.GetDesiredStateAsync("b", default));
    }

    [Fact]
    public async Task The_first_task_hub_is_remembered_until_it_is_replaced()
    {
        Assert.Equal("Sluice", await Store.ClaimHubAsync("Sluice", replace: false, default));
        Assert.Equal("Sluice", await Other.Coordination.ClaimHubAsync("Other", replace: false, default));
        Assert.Equal("Other", await Other.Coordination.ClaimHubAsync("Other", replace: true, default));

        Assert.Equal("Other", await Store.ClaimHubAsync("Sluice", replace: false, default));
        Assert.Empty(await Store.ListLocksAsync(default));
    }

    [Fact]
    public async Task A_compensation_stack_is_kept_until_it_is_dropped()
    {
        Assert.Null(await Store.GetStackAsync("a", default));
        await Store.PutStackAsync("a", """{"z":1, "a":2}""", default);
        await Store.PutStackAsync("a", """[{"kind":"weight"}]""", default);

        Assert.Equal("""[{"kind":"weight"}]""", await Other.Coordination.GetStackAsync("a", default));
        await Store.PutStackAsync("a", null, default);
        await Store.PutStackAsync("a", null, default);
        Assert.Null(await Store.GetStackAsync("a", default));
    }

    private static bool Same(LockState? left, LockState? right) =>
        left is not null && right is not null && left with { Waiting = right.Waiting } == right && left.Waiting.SequenceEqual(right.Waiting);

    private static Command Say(string key, string rollout, CommandKind kind) => new(key, rollout, kind, "demo-lead", null, At(5));

    private Task<LockState> AcquireAsync(string id, int minute = 0) =>
        Store.AcquireLockAsync(new("api", "prod", id, At(minute), Queue: true), default);

    private Task<string?> ReleaseAsync(string id) => Store.ReleaseLockAsync("api", "prod", id, default);
}
