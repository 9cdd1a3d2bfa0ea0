using Sluice.Durable;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Activities: time-outs, bounds, stops.</summary>
public sealed class ActivityTests
{
    [Fact]
    public async Task An_activity_that_ignores_its_token_still_fails_at_its_time_out_and_its_late_result_is_dropped()
    {
        var release = new TaskCompletionSource<string>();
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, string>("hangs", (_, _) => release.Task, TimeSpan.FromMinutes(1))
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                var begun = context.CurrentUtcDateTime;
                try
                {
                    return await context.CallActivityAsync<string>("hangs", 0);
                }
                catch (TaskFailureException e)
                {
                    var late = context.WaitForExternalEvent<string>("end");
                    return $"{e.Failure.ErrorType}, {e.Failure.Code}, after {context.CurrentUtcDateTime - begun}, {await late}";
                }
            }));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.AdvanceAsync(TimeSpan.FromMinutes(1));

        release.SetResult("late");
        await engine.Client.RaiseEventAsync(id, "end", "over");

        Assert.Equal("System.TimeoutException, TimeoutException, after 00:01:00, over", (await engine.RunAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_activity_hears_of_its_time_out_through_its_token()
    {
        var cancelled = new TaskCompletionSource();
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>(
                "waits",
                async (_, token) =>
                {
                    await using var told = token.Register(cancelled.SetResult);
                    await cancelled.Task;
                    return 0;
                },
                TimeSpan.FromMinutes(1))
            .Orchestrator<int, int>("main", (context, _) => context.CallActivityAsync<int>("waits", 0)));

        var done = await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0));

        Assert.Equal(RuntimeStatus.Failed, done.RuntimeStatus);
        await cancelled.Task;
    }

    [Fact]
    public async Task No_more_activities_run_at_once_than_allowed()
    {
        var (running, most) = (0, 0);
        var clock = new ManualTimeProvider();
        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks()
                .Activity<int, int>("work", async (_, token) =>
                {
                    var now = Interlocked.Increment(ref running);
                    most = Math.Max(most, now);
                    await Task.Delay(TimeSpan.FromSeconds(10), clock, token);
                    return Interlocked.Decrement(ref running);
                })
                .Orchestrator<int, int>("main", async (context, n) =>
                    (await Task.WhenAll(Enumerable.Range(0, n).Select(i => context.CallActivityAsync<int>("work", i)))).Length),
            options: new VirtualEngineOptions { Clock = clock, MaxConcurrentActivities = 3 });
        var begun = engine.Now;

        await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 9));

        Assert.Equal(3, most);
        Assert.Equal(TimeSpan.FromSeconds(30), engine.Now - begun);
    }

    [Fact]
    public async Task A_stop_cancels_what_runs_without_a_failure_and_the_next_start_runs_it_again()
    {
        var attempts = 0;
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("work", async (_, token) =>
            {
                if (Interlocked.Increment(ref attempts) == 1)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, token);
                }

                return attempts;
            })
            .Orchestrator<int, int>("main", (context, _) => context.CallActivityAsync<int>("work", 0)));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.SettleAsync();

        await engine.StopAndStartAsync();
        var done = await engine.RunAsync(id);

        Assert.Equal(2, done.ReadOutputAs<int>());
        Assert.DoesNotContain(await engine.Client.GetOrchestrationHistoryAsync(id), e => e.EventType == "TaskFailed");
    }

    [Fact]
    public async Task What_arrives_while_suspended_is_kept_through_a_crash()
    {
        var attempts = 0;
        var clock = new ManualTimeProvider();
        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks()
                .Activity<int, int>("work", async (_, token) =>
                {
                    await Task.Delay(TimeSpan.FromSeconds(10), clock, token);
                    return Interlocked.Increment(ref attempts);
                })
                .Orchestrator<int, string>("main", async (context, _) =>
                {
                    var timer = context.CreateTimer(TimeSpan.FromSeconds(20));
                    var text = $"{await context.CallActivityAsync<int>("work", 0)}";
                    await timer;
                    return text + await context.WaitForExternalEvent<string>("letter");
                }),
            options: new VirtualEngineOptions { Clock = clock });
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.SettleAsync();
        await engine.Client.SuspendInstanceAsync(id);
        await engine.Client.RaiseEventAsync(id, "letter", "x");
        await engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(RuntimeStatus.Suspended, (await engine.Client.GetInstanceAsync(id))!.RuntimeStatus);

        await engine.RestartAsync();
        await engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(RuntimeStatus.Suspended, (await engine.Client.GetInstanceAsync(id))!.RuntimeStatus);
        await engine.Client.ResumeInstanceAsync(id);

        Assert.Equal("1x", (await engine.RunAsync(id)).ReadOutputAs<string>());
        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task Two_days_of_soaking_pass_in_virtual_time()
    {
        var looks = 0;
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("look", _ => ++looks)
            .Orchestrator<int, int>("soak", async (context, _) =>
            {
                var end = context.CurrentUtcDateTime.AddHours(48);
                while (context.CurrentUtcDateTime < end)
                {
                    await context.CreateTimer(TimeSpan.FromMinutes(5));
                    await context.CallActivityAsync<int>("look", 0);
                }

                return 0;
            }));
        var begun = engine.Now;

        await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("soak", 0), TimeSpan.FromHours(49));

        Assert.Equal(48 * 12, looks);
        Assert.Equal(TimeSpan.FromHours(48), engine.Now - begun);
    }
}
