using Sluice.Durable;
using Sluice.Testing;
using Sluice.Testing.Contract;

namespace Sluice.Functions.Tests;

/// <summary>
/// The adapters keep the durable contract over the SDK's own worker, client and kernel. What the test host itself leaves out is said here, so
/// that it shows when it learns it; the tests of Host/ see it on the real one.
/// </summary>
public sealed class InProcessContractTests : DurableContract
{
    protected override bool CarriesStatus => false;

    // It forgets what comes while it replaces one run by the next.
    protected override bool KeepsLateEvents => false;

    protected override bool ShowsReason => false;

    // Nor does Azure: metadata has no version.
    protected override bool ShowsVersion => false;

    [Fact]
    public override async Task An_instance_starts_when_it_was_told_to_or_never_when_terminated_before()
    {
        await using var host = await StartAsync(new DurableTasks().Orchestrator<int, int>("main", (_, n) => Task.FromResult(n)));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 1, new StartOptions { StartAt = host.Now.AddDays(1) });

        Assert.Equal(1, (await host.RunAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public override async Task Rewinding_repeats_what_failed_through_all_children_and_nothing_else()
    {
        await using var host = await StartAsync(new DurableTasks().Orchestrator<int, int>("fail", (_, _) => throw new InvalidOperationException("no")));
        var id = (await host.RunAsync("fail", 0)).InstanceId;

        await Assert.ThrowsAsync<NotImplementedException>(() => host.Client.RewindInstanceAsync(id, "why"));
    }

    [Fact]
    public override async Task Restarting_runs_name_and_input_again_under_the_same_or_a_new_id()
    {
        await using var host = await StartAsync(new DurableTasks().Orchestrator<int, int>("echo", (_, n) => Task.FromResult(n)));
        var id = (await host.RunAsync("echo", 7, new StartOptions { InstanceId = "again" })).InstanceId;

        // The test host stumbles over an instance that it is just replacing: the first restart ends before the second begins.
        var same = await host.Client.RestartAsync(id);
        Assert.Equal(7, (await host.RunAsync(same)).ReadOutputAs<int>());
        var other = await host.Client.RestartAsync(id, restartWithNewInstanceId: true);

        Assert.Equal(id, same);
        Assert.NotEqual(id, other);
        Assert.Equal(7, (await host.RunAsync(other)).ReadOutputAs<int>());
    }

    [Fact]
    public override async Task The_history_tells_what_happened_in_order()
    {
        await using var host = await StartAsync(new DurableTasks().Orchestrator<int, int>("main", (_, n) => Task.FromResult(n)));
        var id = (await host.RunAsync("main", 1)).InstanceId;

        Assert.Empty(await host.Client.GetOrchestrationHistoryAsync(id));
    }

    // As it keeps no history, it cannot tell what is open.
    [Fact]
    public override async Task A_diagnosis_names_what_is_open_and_what_the_child_waits_for_and_nothing_of_what_was_answered()
    {
        await using var host = await StartAsync(new DurableTasks().Orchestrator<int, int>("main", (context, _) => context.WaitForExternalEvent<int>("end")));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Running);

        var found = (await host.Client.DiagnoseAsync(id))!;
        Assert.Equal((RuntimeStatus.Running, false), (found.Status, found.HasEnded));
        Assert.Empty(found.Faults);
        Assert.Null(found.Events);

        await host.Client.RaiseEventAsync(id, "end", 1);
        await host.RunAsync(id);
        Assert.True((await host.Client.DiagnoseAsync(id))!.HasEnded);
        Assert.Null(await host.Client.DiagnoseAsync("nobody"));
    }

    protected override async Task<DurableHost> StartAsync(DurableTasks tasks) => await InProcessHost.StartAsync(tasks);
}
