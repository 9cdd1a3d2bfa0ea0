using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>Starting late, and ending from outside.</summary>
public abstract partial class DurableContract
{
    [Fact]
    public virtual async Task An_instance_starts_when_it_was_told_to_or_never_when_terminated_before()
    {
        var started = 0;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("start", _ => Interlocked.Increment(ref started))
            .Orchestrator<int, int>("main", (context, _) => context.CallActivityAsync<int>("start", 0)));
        var at = host.Now + (host.Tick * 2);
        var later = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { StartAt = at });
        var never = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { StartAt = at });

        await host.UntilAsync(later, i => i.RuntimeStatus == RuntimeStatus.Pending);
        await host.Client.TerminateInstanceAsync(never, "not needed");
        await host.UntilAsync(never, i => i.RuntimeStatus == RuntimeStatus.Terminated);
        Assert.Equal(0, started);
        await host.RunAsync(later);
        await host.AdvanceAsync(host.Tick);

        Assert.Equal(1, started);
    }

    [Fact]
    public async Task Terminating_ends_an_instance_where_it_stands_and_fails_the_call_of_its_parent()
    {
        await using var host = await StartAsync(Echo()
            .Orchestrator<int, string>("parent", async (context, _) =>
            {
                try
                {
                    await context.CallSubOrchestratorAsync<int>("wait", 0, new SubOrchestrationOptions { InstanceId = "child" });
                    return "unreached";
                }
                catch (TaskFailureException e)
                {
                    return "failed: " + e.TaskName;
                }
            }));
        var parent = await host.Client.ScheduleNewOrchestrationInstanceAsync("parent", 0);
        await host.UntilAsync("child", i => i.RuntimeStatus == RuntimeStatus.Running);

        await host.Client.TerminateInstanceAsync("child", "enough");
        var child = await host.UntilAsync("child", i => i.IsTerminal);
        var done = await host.RunAsync(parent);

        Assert.Equal(RuntimeStatus.Terminated, child.RuntimeStatus);
        Assert.Equal("enough", child.ReadOutputAs<string>());
        Assert.Equal("failed: wait", done.ReadOutputAs<string>());
    }

    [Fact]
    public async Task What_was_running_when_an_instance_was_terminated_changes_nothing_any_more()
    {
        var release = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var after = 0;
        await using var host = await StartAsync(SlowThenAfter(release.Task, () => Interlocked.Increment(ref after)));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await host.UntilAsync(id, i => i.SerializedCustomStatus == "\"waits\"");

        await host.Client.TerminateInstanceAsync(id, "enough");
        await host.UntilAsync(id, i => i.IsTerminal);
        release.SetResult(1);
        await host.AdvanceAsync(host.Tick);
        var ended = await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true);

        Assert.Equal((RuntimeStatus.Terminated, "enough", 0), (ended!.RuntimeStatus, ended.ReadOutputAs<string>(), after));
    }

    [Fact]
    public async Task A_suspended_instance_can_be_terminated()
    {
        await using var host = await StartAsync(Echo());
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("wait", 0);
        await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Running);
        await host.Client.SuspendInstanceAsync(id, "lunch");
        await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Suspended);

        await host.Client.TerminateInstanceAsync(id, "enough");
        var ended = await host.UntilAsync(id, i => i.IsTerminal);

        Assert.Equal((RuntimeStatus.Terminated, "enough"), (ended.RuntimeStatus, ended.ReadOutputAs<string>()));
    }
}
