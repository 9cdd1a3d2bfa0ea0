using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>What every host of durable functions promises. Derive once per host; add no tests there. This part: calls, failures, time.</summary>
public abstract partial class DurableContract
{
    /// <summary>Whether a next run begins with the custom status of the run before.</summary>
    protected virtual bool CarriesStatus => true;

    /// <summary>Whether events that come between two runs reach the next one.</summary>
    protected virtual bool KeepsLateEvents => true;

    /// <summary>Whether queries show why an instance is suspended.</summary>
    protected virtual bool ShowsReason => true;

    /// <summary>How early a timer may be, in ticks; below zero where the store counts whole seconds.</summary>
    protected virtual double EarliestTimer => 0;

    /// <summary>Whether queries show an instance's version.</summary>
    protected virtual bool ShowsVersion => true;

    /// <summary>Starts a host that knows these tasks.</summary>
    protected abstract Task<DurableHost> StartAsync(DurableTasks tasks);

    [Fact]
    public async Task Activities_run_in_the_order_of_the_code_and_return_their_results()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("double", n => 2 * n)
            .Orchestrator<int, int>("main", async (context, n) =>
            {
                n = await context.CallActivityAsync<int>("double", n);
                return await context.CallActivityAsync<int>("DOUBLE", n) + 1;
            }));

        var done = await host.RunAsync("main", 5);

        Assert.Equal(RuntimeStatus.Completed, done.RuntimeStatus);
        Assert.Equal(21, done.ReadOutputAs<int>());
        Assert.Equal(5, done.ReadInputAs<int>());
        Assert.Equal("main", done.Name);
    }

    [Fact]
    public async Task Activities_called_together_run_together()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("square", n => n * n)
            .Orchestrator<int, int>("main", async (context, n) =>
                (await Task.WhenAll(Enumerable.Range(1, n).Select(i => context.CallActivityAsync<int>("square", i)))).Sum()));

        var done = await host.RunAsync("main", 10);

        Assert.Equal(385, done.ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_failure_reaches_the_orchestrator_with_its_code_and_its_cause()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("break", _ => throw new InvalidOperationException("outer", new TimeoutException("StaleWrite: fence 3 < 4")))
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                try
                {
                    await context.CallActivityAsync<int>("break", 1);
                    return "unreached";
                }
                catch (TaskFailureException e)
                {
                    return $"{e.TaskName}|{e.Failure.Code}|{e.Failure.Inner?.ErrorMessage}|{e.Failure.IsCausedBy("TimeoutException")}";
                }
            }));

        var done = await host.RunAsync("main", 0);

        Assert.Equal("break|StaleWrite|StaleWrite: fence 3 < 4|True", done.ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_exception_that_nobody_catches_fails_the_instance_and_its_output_says_why()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, int>("main", (_, _) => throw new InvalidOperationException("NotNow: the moon is wrong")));

        var done = await host.RunAsync("main", 0);

        Assert.Equal(RuntimeStatus.Failed, done.RuntimeStatus);
        Assert.Contains("NotNow: the moon is wrong", done.SerializedOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_tries_again_with_growing_waits()
    {
        var attempts = 0;
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("flaky", _ => Interlocked.Increment(ref attempts) < 4 ? throw new InvalidOperationException("no") : attempts)
            .Orchestrator<int, double>("main", async (context, _) =>
            {
                var begun = context.CurrentUtcDateTime;
                await context.CallActivityAsync<int>("flaky", 0, TaskOptions.FromRetryPolicy(new RetryPolicy(5, tick, backoffCoefficient: 2)));
                return (context.CurrentUtcDateTime - begun) / tick;
            }));
        tick = host.Tick;

        var done = await host.RunAsync("main", 0);

        Assert.Equal(4, attempts);
        // 1 + 2 + 4 waits; hosts with coarse timers may be a wait early or some late.
        Assert.InRange(done.ReadOutputAs<double>(), 6, 20);
    }

    [Fact]
    public async Task The_last_failure_ends_the_attempts()
    {
        var attempts = 0;
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("broken", _ => throw new InvalidOperationException($"Attempt: {Interlocked.Increment(ref attempts)}"))
            .Orchestrator<int, int>("main", (context, _) =>
                context.CallActivityAsync<int>("broken", 0, TaskOptions.FromRetryPolicy(new RetryPolicy(3, tick)))));
        tick = host.Tick;

        var done = await host.RunAsync("main", 0);

        Assert.Equal(RuntimeStatus.Failed, done.RuntimeStatus);
        Assert.Equal(3, attempts);
        Assert.Contains("Attempt: 3", done.SerializedOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_predicate_and_a_handler_can_end_the_attempts()
    {
        var attempts = 0;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("broken", _ => throw new InvalidOperationException($"Attempt: {Interlocked.Increment(ref attempts)}"))
            .Orchestrator<bool, string>("main", async (context, byHandler) =>
            {
                var options = byHandler
                    ? TaskOptions.FromRetryHandler(r => Task.FromResult(r.LastAttemptNumber < 3 && r.LastFailure.Code == "Attempt"))
                    : TaskOptions.FromRetryPolicy(new RetryPolicy(9, TimeSpan.FromSeconds(2))
                    {
                        HandleFailure = f => f.ErrorMessage != "Attempt: 1",
                    });
                try
                {
                    await context.CallActivityAsync<int>("broken", 0, options);
                    return "unreached";
                }
                catch (TaskFailureException e)
                {
                    return e.Failure.ErrorMessage;
                }
            }));

        Assert.Equal("Attempt: 1", (await host.RunAsync("main", false)).ReadOutputAs<string>());
        attempts = 0;
        Assert.Equal("Attempt: 3", (await host.RunAsync("main", true)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_child_returns_its_result_knows_its_parent_and_has_its_version()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<string, string>("child", (context, input) => Task.FromResult(
                $"{input}|{context.InstanceId}|{context.Version}|{context.Parent?.Name}|{context.Parent?.InstanceId}"))
            .Orchestrator<string, string>("main", async (context, input) =>
            {
                var inherited = await context.CallSubOrchestratorAsync<string>(
                    "child", input, new SubOrchestrationOptions { InstanceId = context.InstanceId + ":1", Version = context.Version });
                var given = await context.CallSubOrchestratorAsync<string>(
                    "child", input, new SubOrchestrationOptions { InstanceId = context.InstanceId + ":2", Version = "2.0" });
                return inherited + "\n" + given;
            }));

        var done = await host.RunAsync("main", "in", new StartOptions { InstanceId = "p", Version = "1.5" });

        Assert.Equal("in|p:1|1.5|main|p\nin|p:2|2.0|main|p", done.ReadOutputAs<string>());
        Assert.Equal(ShowsVersion ? "1.5" : "", done.Version);
    }

    [Fact]
    public async Task A_child_that_fails_fails_its_call_and_can_be_tried_again()
    {
        var attempts = 0;
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("count", _ => Interlocked.Increment(ref attempts))
            .Orchestrator<int, int>("child", async (context, _) =>
                await context.CallActivityAsync<int>("count", 0) is var n && n < 3 ? throw new InvalidOperationException($"TooFew: {n}") : n)
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                string first;
                try
                {
                    first = (await context.CallSubOrchestratorAsync<int>("child", 0)).ToString(System.Globalization.CultureInfo.InvariantCulture);
                }
                catch (TaskFailureException e)
                {
                    first = e.TaskName + " " + e.Failure.Code;
                }

                var options = new SubOrchestrationOptions { Retry = new RetryPolicy(3, tick) };
                return first + ", then " + await context.CallSubOrchestratorAsync<int>("child", 0, options);
            }));
        tick = host.Tick;

        var done = await host.RunAsync("main", 0);

        Assert.Equal("child TooFew, then 3", done.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_cancelled_timer_does_not_hold_the_instance_and_an_open_one_does()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<bool, string>("main", async (context, cancels) =>
            {
                using var enough = new CancellationTokenSource();
                var timer = context.CreateTimer(TimeSpan.FromDays(30), enough.Token);
                await context.WaitForExternalEvent<string>("done");
                if (!cancels)
                {
                    return "left it";
                }

                enough.Cancel();
                return await Assert.ThrowsAnyAsync<OperationCanceledException>(() => timer) is not null ? "cancelled" : "";
            }));
        var cancelling = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", true);
        var leaving = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", false);
        await host.Client.RaiseEventAsync(cancelling, "done", "");
        await host.Client.RaiseEventAsync(leaving, "done", "");

        var cancelled = await host.UntilAsync(cancelling, i => i.IsTerminal);
        await host.AdvanceAsync(host.Tick);
        var left = await host.Client.GetInstanceAsync(leaving);

        Assert.Equal("cancelled", cancelled.ReadOutputAs<string>());
        Assert.Equal(RuntimeStatus.Running, left!.RuntimeStatus);
    }

    [Fact]
    public async Task Time_stands_still_within_a_turn_and_ids_are_the_same_at_every_replay()
    {
        var seen = new List<(DateTime, Guid)>();
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, Guid[]>("main", async (context, _) =>
            {
                var ids = new[] { context.NewGuid(), context.NewGuid() };
                lock (seen)
                {
                    seen.Add((context.CurrentUtcDateTime, ids[0]));
                }

                await context.CreateTimer(tick);
                return ids;
            }));
        tick = host.Tick;

        var ids = (await host.RunAsync("main", 0)).ReadOutputAs<Guid[]>()!;

        Assert.NotEqual(ids[0], ids[1]);
        Assert.All(ids, id => Assert.Equal(5, id.Version));
        Assert.Single(seen.Distinct());
        Assert.Equal(seen[0].Item2, ids[0]);
    }

    [Fact]
    public async Task Code_knows_whether_it_repeats_what_happened()
    {
        var (begun, ended) = (0, 0);
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("a", n => n)
            .Orchestrator<int, bool>("main", async (context, _) =>
            {
                Interlocked.Add(ref begun, context.IsReplaying ? 0 : 1);
                for (var i = 0; i < 3; i++)
                {
                    await context.CallActivityAsync<int>("a", i);
                    Interlocked.Add(ref ended, context.IsReplaying ? 0 : 1);
                }

                return context.IsReplaying;
            }));

        Assert.False((await host.RunAsync("main", 0)).ReadOutputAs<bool>());
        Assert.Equal((1, 3), (begun, ended));
    }

    [Fact]
    public async Task A_missing_activity_fails_at_once_however_often_it_may_be_tried()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, int>("main", (context, _) => context.CallActivityAsync<int>(
                "nowhere", 0, TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromMinutes(50))))));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);

        var done = await host.UntilAsync(id, i => i.IsTerminal);

        Assert.Equal(RuntimeStatus.Failed, done.RuntimeStatus);
        Assert.Contains("nowhere", done.SerializedOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_custom_status_is_what_the_code_set_last()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, int>("main", async (context, n) =>
            {
                context.SetCustomStatus(new { Step = "first" });
                n += await context.WaitForExternalEvent<int>("more");
                context.SetCustomStatus(new { Step = "second" });
                return n + await context.WaitForExternalEvent<int>("more");
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 1);

        await host.UntilAsync(id, i => i.SerializedCustomStatus == """{"step":"first"}""");
        await host.Client.RaiseEventAsync(id, "more", 2);
        await host.UntilAsync(id, i => i.SerializedCustomStatus == """{"step":"second"}""");
        await host.Client.RaiseEventAsync(id, "more", 3);
        var done = await host.RunAsync(id);

        Assert.Equal(6, done.ReadOutputAs<int>());
        Assert.Equal("""{"step":"second"}""", done.SerializedCustomStatus);
    }
}
