using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Parents and children: what is done to the one and what becomes of the others.</summary>
public sealed class FamilyTests
{
    [Theory]
    [InlineData(true, RuntimeStatus.Terminated)]
    [InlineData(false, RuntimeStatus.Running)]
    public async Task Terminating_ends_the_open_children_as_well_where_wanted(bool recursive, RuntimeStatus children)
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("parent", 0, new StartOptions { InstanceId = "p" });
        await engine.SettleAsync();

        await engine.Client.TerminateInstanceAsync(id, new TerminateOptions("enough", recursive));
        await engine.SettleAsync();

        Assert.Equal(RuntimeStatus.Terminated, await StatusAsync(engine, "p"));
        Assert.Equal(RuntimeStatus.Completed, await StatusAsync(engine, "p:done"));
        Assert.Equal(children, await StatusAsync(engine, "p:child"));
        Assert.Equal(children, await StatusAsync(engine, "p:child:waiter"));
        if (recursive)
        {
            Assert.Equal("enough", (await engine.Client.GetInstanceAsync("p:child:waiter", getInputsAndOutputs: true))!.ReadOutputAs<string>());
        }
    }

    [Fact]
    public async Task Terminating_all_survives_a_crash_at_every_commit()
    {
        for (var commit = 1; commit <= 3; commit++)
        {
            await using var engine = await VirtualEngine.StartAsync(Tasks());
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("parent", 0, new StartOptions { InstanceId = "p" });
            await engine.SettleAsync();
            engine.CrashAfterCommit = engine.Commits + commit;

            await Record.ExceptionAsync(() => engine.Client.TerminateInstanceAsync("p", new TerminateOptions(Recursive: true)));
            await engine.SettleAsync();

            Assert.Equal((commit, RuntimeStatus.Terminated), (commit, await StatusAsync(engine, "p:child:waiter")));
        }
    }

    [Theory]
    [InlineData(true, 4)]
    [InlineData(false, 1)]
    public async Task Purging_removes_the_ended_children_as_well_where_wanted(bool recursive, int removed)
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("parent", 0, new StartOptions { InstanceId = "p" });
        await engine.SettleAsync();
        await engine.Client.RaiseEventAsync("p:child:waiter", "go", 1);
        await engine.RunAsync("p");

        Assert.Equal(removed, await engine.Client.PurgeInstanceAsync("p", recursive));
        Assert.Equal(recursive, await engine.Client.GetInstanceAsync("p:child:waiter") is null);
    }

    [Fact]
    public async Task Purging_by_filter_takes_children_along_but_never_one_that_lives()
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("parent", 0, new StartOptions { InstanceId = "p" });
        await engine.SettleAsync();
        await engine.Client.TerminateInstanceAsync("p");
        await engine.SettleAsync();

        var removed = await engine.Client.PurgeAllInstancesAsync(new PurgeFilter(Statuses: [RuntimeStatus.Terminated], Recursive: true));

        Assert.Equal(2, removed);
        Assert.Equal(RuntimeStatus.Running, await StatusAsync(engine, "p:child"));
        Assert.Null(await engine.Client.GetInstanceAsync("p:done"));
    }

    [Fact]
    public async Task A_parent_hears_of_a_child_whose_id_was_given_to_another()
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("parent", 0, new StartOptions { InstanceId = "p" });
        await engine.SettleAsync();

        await engine.Client.RestartAsync("p:child:waiter");
        var done = await engine.RunAsync("p");

        Assert.Equal("Terminated", done.Failure!.Code);
        Assert.Equal(RuntimeStatus.Running, await StatusAsync(engine, "p:child:waiter"));
    }

    [Fact]
    public async Task A_result_for_an_instance_that_was_replaced_does_not_reach_the_new_one()
    {
        var release = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var calls = 0;
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("work", (_, _) => Interlocked.Increment(ref calls) == 1 ? release.Task : Task.FromResult(2), TimeSpan.FromDays(1))
            .Orchestrator<int, int>("main", (context, _) => context.CallActivityAsync<int>("work", 0)));
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { InstanceId = "i" });
        await engine.SettleAsync();

        await engine.Client.RestartAsync("i");
        release.SetResult(1);

        Assert.Equal(2, (await engine.RunAsync("i")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Tags_stay_from_run_to_run()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks().Orchestrator<int, int>("main", async (context, n) =>
        {
            if (n == 0)
            {
                context.ContinueAsNew(1);
                return 0;
            }

            return await context.WaitForExternalEvent<int>("go");
        }));
        var tags = new Dictionary<string, string> { ["colour"] = "blue" };
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { Tags = tags });
        await engine.SettleAsync();

        Assert.Equal(tags, (await engine.Client.GetInstanceAsync(id))!.Tags);
        Assert.Equal(id, Assert.Single((await engine.Client.QueryAsync(new EngineQuery { Tags = tags })).Instances).InstanceId);
    }

    [Fact]
    public async Task Events_are_not_lost_by_a_loop_of_short_runs_that_cancels_timers()
    {
        // On Azure Storage this very loop loses about half of them.
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks().Orchestrator<int[], int[]>("main", async (context, taken) =>
        {
            using var enough = new CancellationTokenSource();
            var timer = context.CreateTimer(TimeSpan.FromSeconds(1), enough.Token);
            var letter = context.WaitForExternalEvent<int>("letter");
            if (await Task.WhenAny(timer, letter) == letter)
            {
                enough.Cancel();
                taken = [.. taken, await letter];
            }

            if (taken.Length < 50)
            {
                context.ContinueAsNew(taken);
            }

            return taken;
        }));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", Array.Empty<int>());
        for (var burst = 0; burst < 10; burst++)
        {
            await Task.WhenAll(Enumerable.Range(burst * 5, 5).Select(n => engine.Client.RaiseEventAsync(id, "letter", n)));
            await engine.AdvanceAsync(TimeSpan.FromMilliseconds(730));
        }

        Assert.Equal(Enumerable.Range(0, 50), (await engine.RunAsync(id)).ReadOutputAs<int[]>()!.Order());
    }

    private static DurableTasks Tasks() => new DurableTasks()
        .Orchestrator<int, int>("done", (_, n) => Task.FromResult(n))
        .Orchestrator<int, int>("waiter", (context, _) => context.WaitForExternalEvent<int>("go"))
        .Orchestrator<int, int>("child", (context, _) =>
            context.CallSubOrchestratorAsync<int>("waiter", 0, new SubOrchestrationOptions { InstanceId = context.InstanceId + ":waiter" }))
        .Orchestrator<int, int>("parent", async (context, _) =>
        {
            await context.CallSubOrchestratorAsync<int>("done", 0, new SubOrchestrationOptions { InstanceId = context.InstanceId + ":done" });
            return await context.CallSubOrchestratorAsync<int>("child", 0, new SubOrchestrationOptions { InstanceId = context.InstanceId + ":child" });
        });

    private static async Task<RuntimeStatus?> StatusAsync(VirtualEngine engine, string id) => (await engine.Client.GetInstanceAsync(id))?.RuntimeStatus;
}
