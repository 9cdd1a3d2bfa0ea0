using Sluice.Durable;
using Sluice.Engine.Runtime;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Instances whose turn cannot be made: retried a few times, then shown as failed, and never in the way of others.</summary>
public sealed class PoisonTests
{
    [Fact]
    public async Task A_turn_that_cannot_be_made_is_tried_again_and_succeeds_when_the_fault_was_passing()
    {
        var faults = 3;
        await using var engine = await StartAsync(id => Interlocked.Decrement(ref faults) >= 0);
        var begun = engine.Now;

        var done = await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("echo", "x"));

        Assert.Equal("x", done.ReadOutputAs<string>());
        Assert.Equal(TimeSpan.FromSeconds(0.5 + 2 + 8), engine.Now - begun);
        Assert.Equal((3, 0), (engine.Engine.Figures.TurnFaults, engine.Engine.Figures.InstancesPoisoned));
    }

    [Fact]
    public async Task After_its_attempts_the_instance_has_failed_others_went_on_and_a_rewind_goes_on_with_what_had_arrived()
    {
        var bad = 0L;
        await using var engine = await StartAsync(id => id == bad);
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("pair", 0, new StartOptions { InstanceId = "bad" });
        var good = await engine.Client.ScheduleNewOrchestrationInstanceAsync("pair", 0, new StartOptions { InstanceId = "good" });
        await engine.SettleAsync();
        bad = 1;
        foreach (var (to, letter) in new[] { (id, "a"), (good, "a"), (good, "b") })
        {
            await engine.Client.RaiseEventAsync(to, "letter", letter);
        }

        await engine.SettleAsync();
        Assert.Equal("ab", (await engine.Client.GetInstanceAsync(good, true))!.ReadOutputAs<string>());
        var waiting = (await engine.Client.DiagnoseAsync(id))!;
        Assert.Equal(("InvalidTimeZoneException: no such zone", 1), (waiting.Turn!.Fault, waiting.Turn.Failures));
        Assert.Equal(engine.Now.AddMilliseconds(500), waiting.Turn.NextTry);

        var failed = await engine.RunAsync(id);
        Assert.Equal((RuntimeStatus.Failed, "Poisoned"), (failed.RuntimeStatus, failed.Failure!.Code));
        Assert.Contains("could not be made 5 times; the last time: InvalidTimeZoneException: no such zone", failed.Failure.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("Poisoned: ", Assert.Single((await engine.Client.DiagnoseAsync(id))!.Faults), StringComparison.Ordinal);
        Assert.Equal(1, engine.Engine.Figures.InstancesPoisoned);
        Assert.Null(engine.Clock.NextDue);

        // Still as bad: it is given up once more, and loses nothing by it.
        await engine.Client.RewindInstanceAsync(id, "hoping");
        Assert.Equal("Poisoned", (await engine.RunAsync(id)).Failure!.Code);

        bad = 0;
        await engine.Client.RewindInstanceAsync(id, "mended");
        await engine.Client.RaiseEventAsync(id, "letter", "c");
        Assert.Equal("ac", (await engine.RunAsync(id)).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData("[{\"type\":\"FromTheFuture\"}]")]
    [InlineData("[{\"timestamp\":\"2027-01-01T00:00:00Z\"}]")]
    [InlineData("[")]
    public async Task A_history_that_cannot_be_read_fails_its_instance_alone(string stored)
    {
        await using var engine = await StartAsync(_ => false);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("pair", 0, new StartOptions { InstanceId = "bad" });
        await engine.SettleAsync();
        DiagnosisTests.Execute(engine, $"UPDATE history SET events = '{stored}'");
        await engine.RestartAsync();

        await engine.Client.RaiseEventAsync("bad", "letter", "a");
        var good = await engine.Client.ScheduleNewOrchestrationInstanceAsync("echo", "x");

        Assert.Equal("HistoryUnreadable", (await engine.RunAsync("bad")).Failure!.Code);
        Assert.Equal("x", (await engine.RunAsync(good)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_turn_that_cannot_be_written_takes_no_other_write_along_and_poisons_its_instance()
    {
        await using var engine = await StartAsync(_ => false);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("pair", 0, new StartOptions { InstanceId = "bad" });
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("pair", 0, new StartOptions { InstanceId = "good" });
        await engine.SettleAsync();
        DiagnosisTests.Execute(
            engine,
            "CREATE TRIGGER no BEFORE INSERT ON history WHEN NEW.position >> 24 = 1 AND instr(CAST(NEW.events AS TEXT), 'Poisoned') = 0 BEGIN SELECT RAISE(ABORT, 'not this one'); END");

        await Task.WhenAll(
            engine.Client.RaiseEventAsync("bad", "letter", "a"),
            engine.Client.RaiseEventAsync("good", "letter", "a"),
            engine.Client.RaiseEventAsync("good", "letter", "b"));

        var failed = await engine.RunAsync("bad");
        Assert.Equal("ab", (await engine.RunAsync("good")).ReadOutputAs<string>());
        Assert.Equal("Poisoned", failed.Failure!.Code);
        Assert.Contains("not this one", failed.Failure.ErrorMessage, StringComparison.Ordinal);

        DiagnosisTests.Execute(engine, "DROP TRIGGER no");
        await engine.Client.RewindInstanceAsync("bad", "mended");
        await engine.Client.RaiseEventAsync("bad", "letter", "b");
        Assert.Equal("ab", (await engine.RunAsync("bad")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task One_that_can_be_neither_run_nor_ended_stands_still_is_shown_and_disturbs_no_other()
    {
        await using var engine = await StartAsync(_ => false);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("pair", 0, new StartOptions { InstanceId = "bad" });
        await engine.SettleAsync();
        DiagnosisTests.Execute(
            engine, "CREATE TRIGGER no BEFORE INSERT ON history WHEN NEW.position >> 24 = 1 BEGIN SELECT RAISE(ABORT, 'not this one'); END");
        await engine.Client.RaiseEventAsync("bad", "letter", "a");
        await engine.AdvanceAsync(TimeSpan.FromHours(1));

        Assert.Null(engine.Clock.NextDue);
        Assert.Contains("not this one", Assert.Single((await engine.Client.DiagnoseAsync("bad"))!.Faults), StringComparison.Ordinal);
        Assert.Equal("x", (await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("echo", "x"))).ReadOutputAs<string>());

        DiagnosisTests.Execute(engine, "DROP TRIGGER no");
        await engine.RestartAsync();
        await engine.Client.RaiseEventAsync("bad", "letter", "b");
        Assert.Equal("ab", (await engine.RunAsync("bad")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_at_a_start_fails_its_instance_alone()
    {
        await using var engine = await StartAsync(_ => false);
        foreach (var id in new[] { "bad", "good" })
        {
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("pair", 0, new StartOptions { InstanceId = id });
            await engine.Client.SuspendInstanceAsync(id);
            await engine.Client.RaiseEventAsync(id, "letter", "a");
        }

        await engine.SettleAsync();
        DiagnosisTests.Execute(engine, "UPDATE inbox SET event = '{\"type\":\"FromTheFuture\"}' WHERE instance = (SELECT key FROM instances WHERE id = 'bad')");
        await engine.Client.ResumeInstanceAsync("good");
        await engine.RestartAsync();
        await engine.Client.ResumeInstanceAsync("bad");
        await engine.Client.RaiseEventAsync("good", "letter", "b");

        var failed = await engine.RunAsync("bad");
        Assert.Equal("Poisoned", failed.Failure!.Code);
        Assert.Equal("ab", (await engine.RunAsync("good")).ReadOutputAs<string>());

        await engine.Client.RewindInstanceAsync("bad", "without it");
        await engine.Client.RaiseEventAsync("bad", "letter", "b");
        await engine.Client.RaiseEventAsync("bad", "letter", "c");
        Assert.Equal("bc", (await engine.RunAsync("bad")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_instance_in_whose_turn_the_process_dies_again_and_again_is_given_up_and_others_are_not()
    {
        await using var engine = await StartAsync(_ => false);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("pair", 0, new StartOptions { InstanceId = "bad" });
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("pair", 0, new StartOptions { InstanceId = "good" });
        await engine.SettleAsync();

        for (var death = 1; death <= TurnMarks.Deaths; death++)
        {
            Assert.Equal(RuntimeStatus.Running, (await engine.Client.GetInstanceAsync("bad"))!.RuntimeStatus);
            await DieAsync(engine, death % 2 == 0 ? [1, 2] : [1]);
        }

        await engine.SettleAsync();
        var failed = await engine.Client.GetInstanceAsync("bad");
        Assert.Equal((RuntimeStatus.Failed, "Poisoned"), (failed!.RuntimeStatus, failed.Failure?.Code));
        Assert.Equal(RuntimeStatus.Running, (await engine.Client.GetInstanceAsync("good"))!.RuntimeStatus);

        await engine.Client.RewindInstanceAsync("bad", "corrected");
        await engine.Client.RaiseEventAsync("bad", "letter", "a");
        await engine.Client.RaiseEventAsync("bad", "letter", "b");
        Assert.Equal("ab", (await engine.RunAsync("bad")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Deaths_count_only_in_a_row()
    {
        await using var engine = await StartAsync(_ => false);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("pair", 0, new StartOptions { InstanceId = "bad" });
        await engine.SettleAsync();

        for (var death = 1; death <= 2 * TurnMarks.Deaths; death++)
        {
            await DieAsync(engine, death == TurnMarks.Deaths ? [] : [1]);
            if (death == TurnMarks.Deaths + 3)
            {
                await engine.StopAndStartAsync();
            }
        }

        await engine.SettleAsync();
        Assert.Equal(RuntimeStatus.Running, (await engine.Client.GetInstanceAsync("bad"))!.RuntimeStatus);
    }

    /// <summary>Kills the process as if it had been making the turns of these instances, and starts the next.</summary>
    private static async Task DieAsync(VirtualEngine engine, long[] instances)
    {
        engine.Engine.Crash();
        await using (var marks = File.OpenWrite(engine.Path + "-turns"))
        {
            foreach (var instance in instances)
            {
                await marks.WriteAsync(BitConverter.GetBytes(instance));
            }
        }

        await engine.RestartAsync();
    }

    private static Task<VirtualEngine> StartAsync(Func<long, bool> faulty) => VirtualEngine.StartAsync(
        new DurableTasks()
            .Orchestrator<string, string>("echo", (_, text) => Task.FromResult(text))
            .Orchestrator<int, string>("pair", async (context, _) =>
                await context.WaitForExternalEvent<string>("letter") + await context.WaitForExternalEvent<string>("letter")),
        options: new VirtualEngineOptions
        {
            Adjust = o => o.BeforeTurn = id =>
            {
                if (faulty(id))
                {
                    throw new InvalidTimeZoneException("no such zone");
                }
            },
        });
}
