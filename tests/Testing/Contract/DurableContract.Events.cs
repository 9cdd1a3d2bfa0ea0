using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>Events.</summary>
public abstract partial class DurableContract
{
    [Fact]
    public async Task Fifty_events_while_a_loop_ticks_are_each_handled_once()
    {
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<string, string>("look", s => s)
            .Orchestrator<int, string[]>("main", async (context, expected) =>
            {
                var handled = new List<string>();
                var next = context.WaitForExternalEvent<string>("approval");
                while (handled.Count < expected)
                {
                    using var awake = new CancellationTokenSource();
                    var timer = context.CreateTimer(tick, awake.Token);
                    if (await Task.WhenAny(next, timer) == next)
                    {
                        awake.Cancel();
                        handled.Add(await next);
                        next = context.WaitForExternalEvent<string>("approval");
                    }
                    else
                    {
                        await context.CallActivityAsync<string>("look", "tick");
                    }
                }

                return [.. handled];
            }));
        tick = host.Tick;
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 50);
        var sent = Enumerable.Range(1, 50).Select(n => $"e{n}").ToList();

        foreach (var burst in sent.Chunk(5))
        {
            await Task.WhenAll(burst.Take(3).Select(e => host.Client.RaiseEventAsync(id, "approval", e)));
            await host.AdvanceAsync(tick * 0.7);
            foreach (var e in burst.Skip(3))
            {
                await host.Client.RaiseEventAsync(id, "Approval", e);
            }
        }

        var done = await host.RunAsync(id);

        Assert.Equal(sent.Order(), done.ReadOutputAs<string[]>()!.Order());
    }

    [Fact]
    public async Task Early_events_wait_in_order_and_of_several_waiters_the_newest_is_served_first()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, string>("early", async (context, _) =>
            {
                await context.WaitForExternalEvent<int>("go");
                return await context.WaitForExternalEvent<string>("letter") + await context.WaitForExternalEvent<string>("letter");
            })
            .Orchestrator<int, string>("stack", async (context, _) =>
            {
                var first = context.WaitForExternalEvent<string>("letter");
                var second = context.WaitForExternalEvent<string>("letter");
                return $"first {await first}, second {await second}";
            }));
        var early = await host.Client.ScheduleNewOrchestrationInstanceAsync("early", 0);
        var stack = await host.Client.ScheduleNewOrchestrationInstanceAsync("stack", 0);
        await host.UntilAsync(stack, i => i.RuntimeStatus == RuntimeStatus.Running);
        foreach (var id in new[] { early, stack })
        {
            await host.Client.RaiseEventAsync(id, "letter", "a");
            await host.Client.RaiseEventAsync(id, "letter", "b");
        }

        await host.Client.RaiseEventAsync(early, "go", 1);

        Assert.Equal("ab", (await host.RunAsync(early)).ReadOutputAs<string>());
        Assert.Equal("first b, second a", (await host.RunAsync(stack)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_can_end_without_its_event()
    {
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                var answer = await context.WaitForExternalEvent("answer", tick, "none");
                try
                {
                    return answer + await context.WaitForExternalEvent<string>("answer", tick);
                }
                catch (TimeoutException)
                {
                    return answer + ", too late";
                }
            }));
        tick = host.Tick;

        Assert.Equal("none, too late", (await host.RunAsync("main", 0)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_orchestration_sends_events_to_another()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<string, string>("receiver", (context, _) => context.WaitForExternalEvent<string>("greeting"))
            .Orchestrator<string, string>("sender", async (context, target) =>
            {
                context.SendEvent(target, "greeting", "hello from " + context.InstanceId);
                await context.CreateTimer(TimeSpan.Zero);
                return "sent";
            }));
        var receiver = await host.Client.ScheduleNewOrchestrationInstanceAsync("receiver", "");

        await host.RunAsync("sender", receiver, new StartOptions { InstanceId = "s" });

        Assert.Equal("hello from s", (await host.RunAsync(receiver)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Events_to_the_unknown_and_to_the_ended_are_refused()
    {
        await using var host = await StartAsync(new DurableTasks().Orchestrator<int, int>("main", (_, n) => Task.FromResult(n)));
        var ended = (await host.RunAsync("main", 1)).InstanceId;

        await Assert.ThrowsAsync<InstanceNotFoundException>(() => host.Client.RaiseEventAsync("unknown", "e"));
        await Assert.ThrowsAsync<InstanceStateException>(() => host.Client.RaiseEventAsync(ended, "e"));
        await Assert.ThrowsAsync<InstanceNotFoundException>(() => host.Client.SuspendInstanceAsync("unknown"));
        await Assert.ThrowsAsync<InstanceStateException>(() => host.Client.SuspendInstanceAsync(ended));
        await Assert.ThrowsAsync<InstanceStateException>(() => host.Client.ResumeInstanceAsync(ended));
        await Assert.ThrowsAsync<InstanceNotFoundException>(() => host.Client.TerminateInstanceAsync("unknown"));
        await Assert.ThrowsAsync<InstanceStateException>(() => host.Client.TerminateInstanceAsync(ended));
        await Assert.ThrowsAsync<InstanceNotFoundException>(() => host.Client.RewindInstanceAsync("unknown", "why"));
        await Assert.ThrowsAsync<InstanceStateException>(() => host.Client.RewindInstanceAsync(ended, "why"));
        await Assert.ThrowsAsync<InstanceNotFoundException>(() => host.Client.RestartAsync("unknown"));
    }

    [Fact]
    public async Task Two_waits_for_one_name_must_agree_on_its_type()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                var number = context.WaitForExternalEvent<int>("thing");
                try
                {
                    await context.WaitForExternalEvent<string>("Thing");
                    return "unreached";
                }
                catch (ArgumentException)
                {
                    return $"refused, then {await number}";
                }
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await host.Client.RaiseEventAsync(id, "thing", 7);

        Assert.Equal("refused, then 7", (await host.RunAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_that_was_given_up_takes_no_event()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                using var gone = new CancellationTokenSource();
                var kept = context.WaitForExternalEvent<string>("letter");
                var left = context.WaitForExternalEvent<string>("letter", gone.Token);
                gone.Cancel();
                await context.WaitForExternalEvent<string>("go");
                return $"{left.Status}, {await kept}";
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await host.Client.RaiseEventAsync(id, "letter", "a");
        await host.Client.RaiseEventAsync(id, "go", "");

        Assert.Equal("Canceled, a", (await host.RunAsync(id)).ReadOutputAs<string>());
    }
}
