using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>Why an instance does not move: what every host can tell.</summary>
public abstract partial class DurableContract
{
    [Fact]
    public virtual async Task A_diagnosis_names_what_is_open_and_what_the_child_waits_for_and_nothing_of_what_was_answered()
    {
        var release = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("quick", n => n)
            .Activity<int, int>("slow", (_, _) => release.Task, TimeSpan.FromMinutes(2))
            .Orchestrator<int, int>("child", (context, _) => context.CallActivityAsync<int>("slow", 1))
            .Orchestrator<int, int>("main", async (context, _) =>
            {
                await context.CallActivityAsync<int>("quick", 1);
                var child = context.CallSubOrchestratorAsync<int>("child", 0, new SubOrchestrationOptions { InstanceId = "its-child" });
                var slow = context.CallActivityAsync<int>("slow", 2);
                using var cancel = new CancellationTokenSource();
                var late = context.CreateTimer(context.CurrentUtcDateTime.AddDays(1), cancel.Token);
                context.SetCustomStatus("waits");
                await Task.WhenAny(slow, late);
                cancel.Cancel();
                return await slow + await child;
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { InstanceId = "diagnosed" });
        await host.UntilAsync(id, i => i.SerializedCustomStatus == "\"waits\"");
        await host.UntilAsync("its-child", i => i.RuntimeStatus == RuntimeStatus.Running);

        var found = (await host.Client.DiagnoseAsync(id))!;

        Assert.Equal(("diagnosed", "main", RuntimeStatus.Running, false), (found.InstanceId, found.Name, found.Status, found.HasEnded));
        Assert.Equal("slow", Assert.Single(found.Activities).Name);
        Assert.InRange(Assert.Single(found.Timers).Due - found.At, TimeSpan.FromHours(23), TimeSpan.FromHours(25));
        var child = Assert.Single(found.Children);
        Assert.Equal(("its-child", "child", (RuntimeStatus?)RuntimeStatus.Running), (child.InstanceId, child.Name, child.Status));
        Assert.Equal(3, found.Reasons.Count(r => r.StartsWith("Activity 'slow'", StringComparison.Ordinal) || r.StartsWith("Timer #", StringComparison.Ordinal) || r.StartsWith("Child 'its-child'", StringComparison.Ordinal)));
        Assert.Empty(found.Faults);

        release.SetResult(3);
        await host.RunAsync(id);
        Assert.True((await host.Client.DiagnoseAsync(id))!.HasEnded);
        Assert.Null(await host.Client.DiagnoseAsync("nobody"));
    }
}
