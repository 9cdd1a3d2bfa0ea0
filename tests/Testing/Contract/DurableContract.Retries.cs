using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>What is tried again, how often and how long.</summary>
public abstract partial class DurableContract
{
    [Fact]
    public async Task No_further_attempt_is_made_once_the_retry_time_is_over()
    {
        var attempts = 0;
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("broken", _ => throw new InvalidOperationException($"Attempt: {Interlocked.Increment(ref attempts)}"))
            .Orchestrator<int, int>("main", (context, _) => context.CallActivityAsync<int>(
                "broken", 0, TaskOptions.FromRetryPolicy(new RetryPolicy(20, tick, retryTimeout: tick * 2.5)))));
        tick = host.Tick;

        var done = await host.RunAsync("main", 0);

        // After 0, 1 and 2 ticks there is time left; the attempt after 3 is the last.
        Assert.Equal(4, attempts);
        Assert.Contains("Attempt: 4", done.SerializedOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waits_grow_no_longer_than_the_longest_allowed()
    {
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("broken", _ => throw new InvalidOperationException("no"))
            .Orchestrator<int, double>("main", async (context, _) =>
            {
                var begun = context.CurrentUtcDateTime;
                try
                {
                    await context.CallActivityAsync<int>(
                        "broken", 0, TaskOptions.FromRetryPolicy(new RetryPolicy(4, tick, backoffCoefficient: 10, maxRetryInterval: tick)));
                }
                catch (TaskFailureException)
                {
                }

                return (context.CurrentUtcDateTime - begun) / tick;
            }));
        tick = host.Tick;

        // Three waits; without the bound it would be 111 ticks.
        Assert.InRange((await host.RunAsync("main", 0)).ReadOutputAs<double>(), 2, 9);
    }

    [Fact]
    public async Task A_predicate_that_throws_ends_the_attempts_with_the_failure_itself()
    {
        var attempts = 0;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("broken", _ => throw new InvalidOperationException($"Attempt: {Interlocked.Increment(ref attempts)}"))
            .Orchestrator<int, int>("main", (context, _) => context.CallActivityAsync<int>(
                "broken",
                0,
                TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromSeconds(2)) { HandleFailure = _ => throw new FormatException("the predicate") }))));

        var done = await host.RunAsync("main", 0);

        Assert.Equal(1, attempts);
        Assert.Contains("Attempt: 1", done.SerializedOutput, StringComparison.Ordinal);
        Assert.DoesNotContain("the predicate", done.SerializedOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_throws_throws_where_the_task_is_awaited()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("broken", _ => throw new InvalidOperationException("no"))
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                try
                {
                    await context.CallActivityAsync<int>("broken", 0, TaskOptions.FromRetryHandler(_ => throw new FormatException("the handler")));
                    return "unreached";
                }
                catch (FormatException e)
                {
                    return e.Message;
                }
            }));

        Assert.Equal("the handler", (await host.RunAsync("main", 0)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_handler_hears_the_attempt_the_failure_and_the_time_and_may_wait()
    {
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("broken", _ => throw new InvalidOperationException("Refused: as ever"))
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                var heard = new List<string>();
                try
                {
                    await context.CallActivityAsync<int>("broken", 0, TaskOptions.FromRetryHandler(async retry =>
                    {
                        heard.Add($"{retry.LastAttemptNumber} {retry.LastFailure.Code} {retry.TotalRetryTime >= (retry.LastAttemptNumber - 1) * tick * 0.5}");
                        await retry.OrchestrationContext.CreateTimer(tick);
                        return retry.LastAttemptNumber < 3;
                    }));
                }
                catch (TaskFailureException)
                {
                }

                return string.Join(", ", heard);
            }));
        tick = host.Tick;

        Assert.Equal("1 Refused True, 2 Refused True, 3 Refused True", (await host.RunAsync("main", 0)).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData("activity")]
    [InlineData("child")]
    public async Task What_no_retry_can_heal_is_not_retried_and_no_handler_hears_of_it(string what)
    {
        var heard = 0;
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<string, int>("main", (context, kind) =>
            {
                Func<RetryContext, Task<bool>> handler = _ => Task.FromResult(Interlocked.Increment(ref heard) < 3);
                return kind == "activity"
                    ? context.CallActivityAsync<int>("nowhere", 0, TaskOptions.FromRetryHandler(handler))
                    : context.CallSubOrchestratorAsync<int>("nowhere", 0, new SubOrchestrationOptions { RetryHandler = handler });
            }));

        var done = await host.RunAsync("main", what);

        Assert.Equal(RuntimeStatus.Failed, done.RuntimeStatus);
        Assert.Equal(0, heard);
    }
}
