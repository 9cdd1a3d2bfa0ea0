using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>What a failure says on its way up.</summary>
public abstract partial class DurableContract
{
    [Fact]
    public async Task A_failed_call_names_its_task_its_number_and_the_reason()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("good", n => n)
            .Activity<int, int>("bad", _ => throw new InvalidOperationException("StaleWrite: fence 3 < 4"))
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                await context.CallActivityAsync<int>("good", 0);
                try
                {
                    await context.CallActivityAsync<int>("bad", 0);
                    return "unreached";
                }
                catch (TaskFailureException e)
                {
                    return $"{e.TaskName}|{e.TaskId}|{e.Message}";
                }
            }));

        Assert.Equal(
            "bad|1|Task 'bad' (#1) failed with an unhandled exception: StaleWrite: fence 3 < 4",
            (await host.RunAsync("main", 0)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_failure_keeps_its_causes_through_children_that_let_it_through()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("bad", _ => throw new InvalidOperationException("outer", new TimeoutException("SlowDisk: 30 s")))
            .Orchestrator<int, int>("grandchild", (context, _) => context.CallActivityAsync<int>("bad", 0))
            .Orchestrator<int, int>("child", (context, _) => context.CallSubOrchestratorAsync<int>("grandchild", 0))
            .Orchestrator<int, string[]>("main", async (context, _) =>
            {
                try
                {
                    await context.CallSubOrchestratorAsync<int>("child", 0);
                    return [];
                }
                catch (TaskFailureException e)
                {
                    var messages = new List<string> { e.TaskName, e.Failure.Code ?? "", $"{e.Failure.IsCausedBy("TimeoutException")}" };
                    for (var failure = e.Failure; failure is not null; failure = failure.Inner)
                    {
                        messages.Add(failure.ErrorMessage);
                    }

                    return [.. messages];
                }
            }));

        var told = (await host.RunAsync("main", 0)).ReadOutputAs<string[]>()!;

        Assert.Equal(["child", "SlowDisk", "True"], told[..3]);
        Assert.StartsWith("Task 'grandchild' (#0) failed with an unhandled exception:", told[3], StringComparison.Ordinal);
        Assert.Equal(["outer", "SlowDisk: 30 s"], told[^2..]);
    }

    [Fact]
    public async Task A_result_that_cannot_be_written_fails_the_instance()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, Func<int>>("main", (_, _) => Task.FromResult<Func<int>>(() => 1)));

        Assert.Equal(RuntimeStatus.Failed, (await host.RunAsync("main", 0)).RuntimeStatus);
    }
}
