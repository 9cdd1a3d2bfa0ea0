using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>Pausing.</summary>
public abstract partial class DurableContract
{
    [Fact]
    public async Task While_suspended_nothing_runs_and_nothing_is_lost()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                var text = "";
                for (var i = 0; i < 3; i++)
                {
                    text += await context.WaitForExternalEvent<string>("letter");
                    context.SetCustomStatus(text);
                }

                return text;
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await host.Client.RaiseEventAsync(id, "letter", "a");
        await host.UntilAsync(id, i => i.SerializedCustomStatus == "\"a\"");

        await host.Client.SuspendInstanceAsync(id, "lunch");
        await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Suspended);
        await host.Client.RaiseEventAsync(id, "letter", "b");
        await host.Client.RaiseEventAsync(id, "letter", "c");
        await host.AdvanceAsync(host.Tick);
        var suspended = await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true);
        await host.Client.ResumeInstanceAsync(id, "back");
        var done = await host.RunAsync(id);

        Assert.Equal(RuntimeStatus.Suspended, suspended!.RuntimeStatus);
        Assert.Equal("\"a\"", suspended.SerializedCustomStatus);
        Assert.Equal("abc", done.ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_answer_that_comes_while_suspended_is_taken_after_the_resume()
    {
        var release = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var after = 0;
        await using var host = await StartAsync(SlowThenAfter(release.Task, () => Interlocked.Increment(ref after)));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await host.UntilAsync(id, i => i.SerializedCustomStatus == "\"waits\"");

        await host.Client.SuspendInstanceAsync(id);
        await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Suspended);
        release.SetResult(5);
        await host.AdvanceAsync(host.Tick);
        var suspended = (after, (await host.Client.GetInstanceAsync(id))!.RuntimeStatus);
        await host.Client.ResumeInstanceAsync(id);

        Assert.Equal((0, RuntimeStatus.Suspended), suspended);
        Assert.Equal(6, (await host.RunAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Suspending_twice_or_resuming_what_runs_changes_nothing()
    {
        await using var host = await StartAsync(Echo());
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("wait", 0);
        await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Running);

        await host.Client.ResumeInstanceAsync(id);
        await host.Client.SuspendInstanceAsync(id);
        await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Suspended);
        await host.Client.SuspendInstanceAsync(id);
        await host.Client.ResumeInstanceAsync(id);
        await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Running);
        await host.Client.RaiseEventAsync(id, "go", 5);

        Assert.Equal(5, (await host.RunAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_suspended_instance_shows_why()
    {
        await using var host = await StartAsync(Echo());
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("wait", 0);
        await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Running);

        await host.Client.SuspendInstanceAsync(id, "the freeze");
        var suspended = await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Suspended);
        await host.Client.ResumeInstanceAsync(id, "over");
        var resumed = await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Running);

        Assert.Equal(ShowsReason ? "\"the freeze\"" : null, suspended.SerializedOutput);
        Assert.Null(resumed.SerializedOutput);
    }

    /// <summary>Calls an activity that answers when told to, then another.</summary>
    private static DurableTasks SlowThenAfter(Task<int> answer, Func<int> after) => new DurableTasks()
        .Activity<int, int>("slow", (_, _) => answer, TimeSpan.FromMinutes(2))
        .Activity<int, int>("after", _ => after())
        .Orchestrator<int, int>("main", async (context, _) =>
        {
            context.SetCustomStatus("waits");
            return await context.CallActivityAsync<int>("slow", 0) + await context.CallActivityAsync<int>("after", 0);
        });
}
