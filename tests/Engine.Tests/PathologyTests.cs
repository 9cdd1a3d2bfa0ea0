using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Far more than anybody should ask for: it takes its time, and ends right.</summary>
public sealed class PathologyTests
{
    private static readonly string Megabyte = string.Concat(Enumerable.Range(0, 1024 * 1024 / 8).Select(i => $"{i:x7} "));

    [Fact]
    public async Task A_fan_out_of_99_999_activities_gathers_every_result()
    {
        await using var engine = await VirtualEngine.StartAsync(FanOut());

        var end = await RunAsync(engine, "FanOut", 99_999);

        Assert.Equal(99_999L * 100_000 / 2, end.ReadOutputAs<long>());
        Assert.Equal(99_999, engine.ActivitiesActed);
    }

    [Fact]
    public async Task One_action_more_than_the_limit_fails_the_instance_and_says_what_to_do()
    {
        await using var engine = await VirtualEngine.StartAsync(FanOut());

        var end = await RunAsync(engine, "FanOut", 100_001);

        Assert.Equal(RuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("TooManyActions", end.Failure!.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("100000", end.Failure.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(0)]
    public async Task A_megabyte_goes_everywhere_a_payload_can_go(int cached)
    {
        var tasks = new DurableTasks()
            .Activity<string, string>("Echo", text => text)
            .Orchestrator<string, string>("Child", async (context, text) => await context.CallActivityAsync<string>("Echo", text))
            .Orchestrator<Pass, string>("Pass", async (context, pass) =>
            {
                if (pass.Number == 0)
                {
                    context.ContinueAsNew(new Pass(1, pass.Text));
                    return "";
                }

                var text = await context.CallSubOrchestratorAsync<string>("Child", pass.Text);
                text = await context.CallActivityAsync<string>("Echo", text);
                var raised = await context.WaitForExternalEvent<string>("Text");
                return text == raised ? text : "they differ";
            });
        await using var engine = await VirtualEngine.StartAsync(tasks, options: new VirtualEngineOptions { MaxCachedInstances = cached });

        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Pass", new Pass(0, Megabyte));
        await engine.Client.RaiseEventAsync(id, "Text", Megabyte);
        await engine.SettleAsync();
        await engine.RestartAsync();
        var end = await engine.RunAsync(id);

        Assert.Equal(Megabyte, end.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_history_of_50_000_events_goes_on_after_a_restart()
    {
        const int Calls = 12_500;
        var tasks = new DurableTasks()
            .Activity<int, int>("Next", n => n + 1)
            .Orchestrator<int, int>("Count", async (context, calls) =>
            {
                var count = 0;
                while (count < calls)
                {
                    count = await context.CallActivityAsync<int>("Next", count);
                }

                await context.WaitForExternalEvent<bool>("Go");
                return await context.CallActivityAsync<int>("Next", count);
            });
        await using var engine = await VirtualEngine.StartAsync(tasks);
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Count", Calls);
        await engine.SettleAsync();

        await engine.RestartAsync();
        await engine.Client.RaiseEventAsync(id, "Go", true);
        var end = await engine.RunAsync(id);

        Assert.Equal(Calls + 1, end.ReadOutputAs<int>());
        Assert.Equal(Calls + 1, engine.ActivitiesActed);
        Assert.InRange((await engine.Client.GetOrchestrationHistoryAsync(id)).Count, 50_000, 51_000);
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(0)]
    public async Task Of_10_000_events_raised_at_once_none_is_lost_or_taken_twice(int cached)
    {
        const int Events = 10_000;
        var tasks = new DurableTasks().Orchestrator<int, int[]>("Collect", async (context, count) =>
        {
            var taken = new List<int>();
            while (taken.Count < count)
            {
                taken.Add(await context.WaitForExternalEvent<int>("Number"));
            }

            return [.. taken];
        });
        await using var engine = await VirtualEngine.StartAsync(tasks, options: new VirtualEngineOptions { MaxCachedInstances = cached });
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Collect", Events);
        await engine.SettleAsync();

        await Task.WhenAll(Enumerable.Range(0, Events).Select(n => engine.Client.RaiseEventAsync(id, "Number", n)));
        var end = await engine.RunAsync(id);

        Assert.Equal(Enumerable.Range(0, Events), end.ReadOutputAs<int[]>()!.Order());
    }

    [Fact]
    public async Task A_clock_that_goes_back_makes_timers_neither_early_nor_lost_and_time_in_an_orchestration_never_goes_back()
    {
        var tasks = new DurableTasks()
            .Activity<int, int>("Next", n => n + 1)
            .Orchestrator<int, DateTime[]>("Times", async (context, _) =>
            {
                var times = new List<DateTime> { context.CurrentUtcDateTime };
                await context.CreateTimer(context.CurrentUtcDateTime.AddMinutes(10));
                times.Add(context.CurrentUtcDateTime);
                await context.WaitForExternalEvent<bool>("Go");
                times.Add(context.CurrentUtcDateTime);
                await context.CallActivityAsync<int>("Next", 0);
                times.Add(context.CurrentUtcDateTime);
                await context.CreateTimer(TimeSpan.FromMinutes(10));
                times.Add(context.CurrentUtcDateTime);
                return [.. times];
            });
        await using var engine = await VirtualEngine.StartAsync(tasks);
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Times", 0);
        await engine.SettleAsync();

        engine.Clock.Jump(TimeSpan.FromHours(-1));
        await engine.AdvanceAsync(TimeSpan.FromMinutes(69));
        Assert.DoesNotContain(await engine.Client.GetOrchestrationHistoryAsync(id), e => e.EventType == "TimerFired");
        await engine.AdvanceAsync(TimeSpan.FromMinutes(2));
        engine.Clock.Jump(TimeSpan.FromHours(-1));
        await engine.Client.RaiseEventAsync(id, "Go", true);
        var end = await engine.RunAsync(id);

        var times = end.ReadOutputAs<DateTime[]>()!;
        Assert.Equal(times.Order(), times);
        Assert.True(times[1] - times[0] >= TimeSpan.FromMinutes(10), $"The first timer fired after {times[1] - times[0]}.");
        Assert.True(times[4] - times[3] >= TimeSpan.FromMinutes(10), $"The second timer fired after {times[4] - times[3]}.");
    }

    private static DurableTasks FanOut() => new DurableTasks()
        .Activity<int, int>("Number", n => n)
        .Orchestrator<int, long>("FanOut", async (context, count) =>
            (await Task.WhenAll(Enumerable.Range(1, count).Select(n => context.CallActivityAsync<int>("Number", n)))).Sum(n => (long)n));

    private static async Task<InstanceMetadata> RunAsync(VirtualEngine engine, string orchestrator, int input) =>
        await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input));

    private sealed record Pass(int Number, string Text);
}
