using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Runtime;
using Sluice.Engine.Store;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>What one turn makes of messages that arrived together.</summary>
public sealed class TurnMakerTests
{
    private static readonly DateTime Now = new(2027, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly DurableTasks Tasks = new DurableTasks()
        .Activity<string, string>("write", s => s)
        .Orchestrator<int, string>("main", async (context, run) =>
        {
            if (run == 0)
            {
                context.ContinueAsNew(1);
                return "";
            }

            _ = context.CreateTimer(TimeSpan.FromDays(1));
            return await context.CallActivityAsync<string>("write", await context.WaitForExternalEvent<string>("letter"));
        });

    [Fact]
    public async Task Once_told_to_stop_nothing_is_decided_any_more_not_even_upon_what_came_before()
    {
        await using var engine = await WaitingAsync();

        var (commit, held) = Make(engine, Letter, Message(new ExecutionSuspended(Now, "stop"), 2));

        Assert.Equal((RuntimeStatus.Suspended, "\"stop\""), (commit!.Status, commit.Output));
        Assert.Empty(commit.Decisions);
        Assert.DoesNotContain(commit.Events!, e => e is EventRaised);
        Assert.Equal([Letter], held);
    }

    [Fact]
    public async Task A_stop_that_was_taken_back_at_once_holds_nothing()
    {
        await using var engine = await WaitingAsync();

        var (commit, held) = Make(engine, Letter, Message(new ExecutionSuspended(Now, "stop"), 2), Message(new ExecutionResumed(Now, null), 3));

        Assert.Equal((RuntimeStatus.Running, null), (commit!.Status, commit.Output));
        Assert.IsType<TaskScheduled>(Assert.Single(commit.Decisions));
        Assert.Empty(held);
    }

    [Fact]
    public async Task An_end_comes_before_everything_else()
    {
        await using var engine = await WaitingAsync();

        var (commit, _) = Make(engine, Letter, Message(new ExecutionSuspended(Now, "stop"), 2), Message(new ExecutionTerminated(Now, "\"x\""), 3));

        Assert.Equal(RuntimeStatus.Terminated, commit!.Status);
        Assert.Empty(commit.Decisions);
    }

    [Fact]
    public async Task What_belongs_to_an_earlier_run_is_dropped()
    {
        await using var engine = await WaitingAsync();

        var (commit, held) = Make(engine, new Message(new TimerFired(Now, 0, Now), Origin.Timer, 0, Execution: 0));

        Assert.Null(commit);
        Assert.Empty(held);
    }

    private static Message Letter { get; } = Message(new EventRaised(Now, "letter", "\"a\""), 1);

    private static Message Message(HistoryEvent historyEvent, long number) => new(historyEvent, Origin.Inbox, number);

    /// <summary>An engine that has stopped, with one instance in its second run that waits for a letter.</summary>
    private static async Task<VirtualEngine> WaitingAsync()
    {
        var engine = await VirtualEngine.StartAsync(Tasks);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { InstanceId = "i" });
        await engine.SettleAsync();
        await engine.Engine.StopAsync();
        return engine;
    }

    private static (TurnCommit? Commit, List<Message> Held) Make(VirtualEngine engine, params List<Message> arrived)
    {
        using var reader = new StoreReader(engine.Path);
        var options = new EngineOptions { Path = engine.Path };
        using var metrics = new EngineMetrics();
        var turns = new TurnMaker(reader, Tasks, null!, options, NullLoggerFactory.Instance, NullLogger.Instance, metrics);
        var slot = new InstanceSlot(reader.Find("i")!.Key);
        return (turns.Make(slot, arrived, () => { }), slot.Held);
    }
}
