using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>Timers, and when a run may end.</summary>
public abstract partial class DurableContract
{
    [Fact]
    public async Task A_timer_of_no_length_takes_a_turn()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, bool>("main", async (context, _) =>
            {
                var timer = context.CreateTimer(TimeSpan.Zero);
                var atOnce = timer.IsCompleted;
                await timer;
                return atOnce;
            }));

        Assert.False((await host.RunAsync("main", 0)).ReadOutputAs<bool>());
    }

    [Fact]
    public async Task A_timer_fires_at_its_moment_or_later()
    {
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, double>("main", async (context, _) =>
            {
                var due = context.CurrentUtcDateTime + tick;
                await context.CreateTimer(due);
                return (context.CurrentUtcDateTime - due) / tick;
            }));
        tick = host.Tick;

        Assert.InRange((await host.RunAsync("main", 0)).ReadOutputAs<double>(), EarliestTimer, 5);
    }

    [Theory]
    [InlineData("returns")]
    [InlineData("throws")]
    [InlineData("continues as new")]
    public async Task A_run_does_not_end_while_a_task_is_open(string how)
    {
        var release = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("slow", (_, _) => release.Task, TimeSpan.FromMinutes(2))
            .Orchestrator<string, string>("main", (context, way) =>
            {
                if (way == "second run")
                {
                    return Task.FromResult(way);
                }

                _ = context.CallActivityAsync<int>("slow", 0);
                context.SetCustomStatus("left it");
                switch (way)
                {
                    case "throws":
                        throw new InvalidOperationException("Ended: by throwing");
                    case "continues as new":
                        context.ContinueAsNew("second run");
                        break;
                    default:
                        break;
                }

                return Task.FromResult(way);
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", how);
        await host.UntilAsync(id, i => i.SerializedCustomStatus == "\"left it\"");
        var open = await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true);

        release.SetResult(1);
        var done = await host.RunAsync(id);

        Assert.Equal((RuntimeStatus.Running, how), (open!.RuntimeStatus, open.ReadInputAs<string>()));
        Assert.Contains(
            how switch
            {
                "throws" => "Ended: by throwing",
                "continues as new" => "second run",
                _ => how,
            },
            done.SerializedOutput,
            StringComparison.Ordinal);
        Assert.Equal(how == "throws" ? RuntimeStatus.Failed : RuntimeStatus.Completed, done.RuntimeStatus);
    }

    [Fact]
    public async Task A_race_with_a_timer_has_one_winner_and_the_loser_changes_nothing()
    {
        var tick = TimeSpan.Zero;
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                using var enough = new CancellationTokenSource();
                var timer = context.CreateTimer(tick * 3, enough.Token);
                var letter = context.WaitForExternalEvent<string>("letter");
                var first = await Task.WhenAny(timer, letter) == letter ? "letter" : "timer";
                enough.Cancel();

                // The cancelled timer comes due while this one runs.
                await context.CreateTimer(tick * 4);
                return $"{first}, {timer.Status}";
            }));
        tick = host.Tick;
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await host.Client.RaiseEventAsync(id, "letter", "a");

        Assert.Equal("letter, Canceled", (await host.RunAsync(id)).ReadOutputAs<string>());
    }
}
