using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>Repairing, finding, removing.</summary>
public abstract partial class DurableContract
{
    [Fact]
    public virtual async Task Rewinding_repeats_what_failed_through_all_children_and_nothing_else()
    {
        var (good, bad) = (0, 0);
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("good", _ => Interlocked.Increment(ref good))
            .Activity<int, int>("bad", _ => Interlocked.Increment(ref bad) == 1 ? throw new InvalidOperationException("no") : bad)
            .Orchestrator<int, int>("child", async (context, _) =>
                await context.CallActivityAsync<int>("good", 0) + await context.CallActivityAsync<int>("bad", 0))
            .Orchestrator<int, int>("main", async (context, _) =>
                await context.CallActivityAsync<int>("good", 0) + await context.CallSubOrchestratorAsync<int>(
                    "child", 0, new SubOrchestrationOptions { InstanceId = context.InstanceId + ":child" })));
        var id = (await host.RunAsync("main", 0)).InstanceId;
        Assert.Equal(RuntimeStatus.Failed, (await host.Client.GetInstanceAsync(id))!.RuntimeStatus);

        await host.Client.RewindInstanceAsync(id, "the weather changed");
        var done = await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Completed);

        Assert.Equal(5, done.ReadOutputAs<int>());
        Assert.Equal((2, 2), (good, bad));
    }

    [Fact]
    public virtual async Task Restarting_runs_name_and_input_again_under_the_same_or_a_new_id()
    {
        await using var host = await StartAsync(Echo());
        var id = (await host.RunAsync("echo", 7, new StartOptions { InstanceId = "again" })).InstanceId;

        var same = await host.Client.RestartAsync(id);
        var other = await host.Client.RestartAsync(id, restartWithNewInstanceId: true);

        Assert.Equal(id, same);
        Assert.NotEqual(id, other);
        Assert.Equal(7, (await host.RunAsync(same)).ReadOutputAs<int>());
        Assert.Equal(7, (await host.RunAsync(other)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Only_what_has_ended_is_purged()
    {
        await using var host = await StartAsync(Echo());
        var ended = (await host.RunAsync("echo", 1)).InstanceId;
        var failed = (await host.RunAsync("fail", 1)).InstanceId;
        var waiting = await host.Client.ScheduleNewOrchestrationInstanceAsync("wait", 1);
        await host.UntilAsync(waiting, i => i.RuntimeStatus == RuntimeStatus.Running);

        Assert.Equal(0, await host.Client.PurgeInstanceAsync(waiting));
        Assert.Equal(0, await host.Client.PurgeInstanceAsync("unknown"));
        Assert.Equal(1, await host.Client.PurgeInstanceAsync(ended));
        Assert.Null(await host.Client.GetInstanceAsync(ended));
        Assert.Empty(await host.Client.GetOrchestrationHistoryAsync(ended));
        Assert.Equal(0, await host.Client.PurgeAllInstancesAsync(new PurgeFilter(Statuses: [RuntimeStatus.Completed])));
        Assert.Equal(0, await host.Client.PurgeAllInstancesAsync(new PurgeFilter(CreatedTo: host.Now.AddDays(-1))));
        Assert.Equal(1, await host.Client.PurgeAllInstancesAsync(new PurgeFilter(CreatedFrom: host.Now.AddDays(-1))));
        Assert.Null(await host.Client.GetInstanceAsync(failed));
        Assert.NotNull(await host.Client.GetInstanceAsync(waiting));
    }

    [Fact]
    public async Task Pages_hold_every_matching_instance_once()
    {
        await using var host = await StartAsync(Echo());
        for (var i = 0; i < 7; i++)
        {
            await host.RunAsync("echo", i, new StartOptions { InstanceId = $"page-{i}" });
        }

        await host.RunAsync("fail", 0, new StartOptions { InstanceId = "page-failed" });
        await host.RunAsync("echo", 0, new StartOptions { InstanceId = "other" });
        var query = new InstanceQuery { InstanceIdPrefix = "page-", Statuses = [RuntimeStatus.Completed], PageSize = 3, FetchInputsAndOutputs = true };

        var found = new List<InstanceMetadata>();
        string? token = null;
        do
        {
            var page = await host.Client.GetAllInstancesAsync(query with { ContinuationToken = token });
            Assert.InRange(page.Instances.Count, 0, 3);
            found.AddRange(page.Instances);
            token = page.ContinuationToken;
        }
        while (token is not null);

        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"page-{i}"), found.Select(i => i.InstanceId).Order());
        Assert.All(found, i => Assert.Equal(i.SerializedInput, i.SerializedOutput));
        Assert.Empty((await host.Client.GetAllInstancesAsync(query with { CreatedTo = host.Now.AddDays(-1) })).Instances);
    }

    [Fact]
    public virtual async Task The_history_tells_what_happened_in_order()
    {
        await using var host = await StartAsync(Echo()
            .Activity<int, int>("double", n => 2 * n)
            .Orchestrator<int, int>("main", async (context, n) =>
                await context.CallActivityAsync<int>("double", n) + await context.CallSubOrchestratorAsync<int>("echo", n)));
        var id = (await host.RunAsync("main", 4)).InstanceId;

        var history = await host.Client.GetOrchestrationHistoryAsync(id);

        string[] turns = ["OrchestratorStarted", "OrchestratorCompleted"];
        Assert.Equal(
            [
                "ExecutionStarted", "TaskScheduled", "TaskCompleted", "SubOrchestrationInstanceCreated", "SubOrchestrationInstanceCompleted", "ExecutionCompleted",
            ],
            history.Select(e => e.EventType).Where(t => !turns.Contains(t)));
        var scheduled = history.Single(e => e.EventType == "TaskScheduled");
        var completed = history.Single(e => e.EventType == "TaskCompleted");
        Assert.Equal(("double", "4", "8"), (scheduled.Name, scheduled.Input, completed.Result));
        Assert.Equal(scheduled.EventId, completed.TaskScheduledId);
        Assert.Equal("12", history[^1].Result ?? history[^2].Result);
    }

    [Fact]
    public async Task Waiting_for_the_start_and_the_end_of_an_instance()
    {
        await using var host = await StartAsync(Echo());
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("wait", 1);

        var started = await host.Client.WaitForInstanceStartAsync(id);
        var ending = host.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true);
        await host.Client.RaiseEventAsync(id, "go", 5);

        Assert.NotEqual(RuntimeStatus.Pending, started.RuntimeStatus);
        Assert.Equal(5, (await ending).ReadOutputAs<int>());
        await Assert.ThrowsAsync<InstanceNotFoundException>(() => host.Client.WaitForInstanceCompletionAsync("unknown"));
    }

    private static DurableTasks Echo() => new DurableTasks()
        .Orchestrator<int, int>("echo", (_, n) => Task.FromResult(n))
        .Orchestrator<int, int>("wait", (context, _) => context.WaitForExternalEvent<int>("go"))
        .Orchestrator<int, int>("fail", (_, _) => throw new InvalidOperationException("no"));
}
