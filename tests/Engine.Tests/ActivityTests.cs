using Sluice.Durable;
using Sluice.Engine.VirtualTime;
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
    public async Task A_type_at_its_limit_waits_in_its_own_order_and_holds_up_no_other()
    {
        var begun = new List<string>();
        var (running, most) = (0, 0);
        var clock = new ManualTimeProvider();
        async Task<int> WorkAsync(string name, CancellationToken token)
        {
            lock (begun)
            {
                begun.Add(name);
                running += name[0] == 's' ? 1 : 0;
                most = Math.Max(most, running);
            }

            await Task.Delay(TimeSpan.FromSeconds(10), clock, token);
            lock (begun)
            {
                running -= name[0] == 's' ? 1 : 0;
                return 0;
            }
        }

        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks()
                .Activity<string, int>("Scarce", WorkAsync)
                .Activity<string, int>("plenty", WorkAsync)
                .Orchestrator<int, int>("main", async (context, _) =>
                    (await Task.WhenAll(Enumerable.Range(0, 6).Select(i => context.CallActivityAsync<int>("Scarce", $"s{i}"))
                        .Concat(Enumerable.Range(0, 4).Select(i => context.CallActivityAsync<int>("plenty", $"p{i}"))))).Length),
            options: new VirtualEngineOptions
            {
                Clock = clock,
                MaxConcurrentActivities = 4,
                Adjust = o => o.MaxConcurrentPerActivity = new Dictionary<string, int> { ["scarce"] = 2 },
            });
        var start = engine.Now;

        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.SettleAsync();
        Assert.Equal(["p0", "p1", "s0", "s1"], begun.Order());
        await engine.RunAsync(id);

        Assert.Equal(2, most);
        Assert.Equal(TimeSpan.FromSeconds(30), engine.Now - start);
        Assert.Equal(["s0", "s1"], begun.Take(4).Where(b => b[0] == 's').Order());
        Assert.Equal(["s2", "s3"], begun.Skip(4).Take(4).Where(b => b[0] == 's').Order());
    }

    [Fact]
    public async Task Waiting_activities_of_an_instance_that_was_terminated_give_their_places_to_others()
    {
        var begun = new List<int>();
        var release = new TaskCompletionSource<int>();
        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks()
                .Activity<int, int>("scarce", (n, _) =>
                {
                    lock (begun)
                    {
                        begun.Add(n);
                    }

                    return release.Task;
                })
                .Orchestrator<int, int>("main", async (context, n) =>
                    (await Task.WhenAll(Enumerable.Range(n, 5).Select(i => context.CallActivityAsync<int>("scarce", i)))).Length),
            options: new VirtualEngineOptions
            {
                MaxConcurrentActivities = 2,
                Adjust = o => o.MaxConcurrentPerActivity = new Dictionary<string, int> { ["scarce"] = 3 },
            });
        var first = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.SettleAsync();
        var second = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 10);
        await engine.SettleAsync();

        await engine.Client.TerminateInstanceAsync(first);
        await engine.SettleAsync();
        Assert.Equal(5, engine.Engine.Figures.ActivitiesWaiting);
        release.SetResult(1);
        await engine.RunAsync(second);

        Assert.Equal([0, 1, 10, 11, 12, 13, 14], begun.Order());
        Assert.Equal((0, 0), (engine.Engine.Figures.ActivitiesRunning, engine.Engine.Figures.ActivitiesWaiting));
    }

    [Fact]
    public void A_limit_of_an_activity_that_does_not_exist_is_refused()
    {
        var tasks = new DurableTasks().Activity<int, int>("work", n => n);

        var refusal = Assert.Throws<ArgumentException>(() => new EmbeddedEngine(
            tasks, null, new EngineOptions { Path = "engine.db", MaxConcurrentPerActivity = new Dictionary<string, int> { ["wrok"] = 2 } }));

        Assert.Contains("'wrok', which is no activity. Known are: work.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_lets_what_runs_end_within_the_drain_time_and_refuses_clients_meanwhile()
    {
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        var told = new TaskCompletionSource<Exception?>();
        VirtualEngine? engine = null;
        engine = await VirtualEngine.StartAsync(
            new DurableTasks()
                .Activity<string, int>("work", async (other, token) =>
                {
                    begun.SetResult();
                    await release.Task.WaitAsync(token);
                    await engine!.Client.RaiseEventAsync(other, "done");
                    return 7;
                })
                .Orchestrator<string, int>("main", async (context, other) => await context.CallActivityAsync<int>("work", other))
                .Orchestrator<int, string>("other", (context, _) => context.WaitForExternalEvent<string>("done")),
            options: new VirtualEngineOptions { Adjust = o => o.DrainTimeout = TimeSpan.FromSeconds(60) });
        await using var _ = engine;
        var other = await engine.Client.ScheduleNewOrchestrationInstanceAsync("other", 0);
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", other);
        await begun.Task;

        var stopped = engine.StopAndStartAsync();
        await Assert.ThrowsAsync<HostStoppingException>(() => engine.Client.RaiseEventAsync(other, "done"));
        release.SetResult();
        await stopped;

        Assert.Equal(RuntimeStatus.Completed, (await engine.Client.GetInstanceAsync(id))!.RuntimeStatus);
        Assert.Equal(RuntimeStatus.Completed, (await engine.RunAsync(other)).RuntimeStatus);
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
