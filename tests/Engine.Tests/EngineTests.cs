using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

public sealed class EngineTests
{
    private static readonly string[] Steps = ["a", "b", "c"];

    [Fact]
    public async Task A_workflow_of_activities_timers_events_and_children_completes()
    {
        await using var engine = await VirtualEngine.StartAsync(Sample());
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", "x");
        await engine.SettleAsync();
        await engine.Client.RaiseEventAsync(id, "GO", 7);

        var done = await engine.RunAsync(id);

        Assert.Equal(RuntimeStatus.Completed, done.RuntimeStatus);
        Assert.Equal("x-a-b-c-7-child:x", done.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_workflow_survives_a_kill_at_every_activity()
    {
        for (var n = 1; n <= 4; n++)
        {
            await using var engine = await VirtualEngine.StartAsync(Sample());
            engine.CrashAfterActivity = n;
            var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", "x");
            await engine.SettleAsync();
            await engine.Client.RaiseEventAsync(id, "go", 7);

            var done = await engine.RunAsync(id);

            Assert.Equal("x-a-b-c-7-child:x", done.ReadOutputAs<string>());
            Assert.Equal(1, engine.Crashes);
            Assert.Equal(5, engine.ActivitiesActed);
        }
    }

    private static DurableTasks Sample() => new DurableTasks()
        .Activity<string, string>("append", s => s)
        .Orchestrator<string, string>("main", async (context, input) =>
        {
            var text = input;
            foreach (var step in Steps)
            {
                text += "-" + await context.CallActivityAsync<string>("append", step);
                await context.CreateTimer(TimeSpan.FromHours(1));
            }

            text += "-" + await context.WaitForExternalEvent<int>("go");
            return text + "-" + await context.CallSubOrchestratorAsync<string>("child", input);
        })
        .Orchestrator<string, string>("child", async (context, input) =>
        {
            await context.CreateTimer(TimeSpan.FromDays(2));
            return await context.CallActivityAsync<string>("append", "child:" + input);
        });
}
