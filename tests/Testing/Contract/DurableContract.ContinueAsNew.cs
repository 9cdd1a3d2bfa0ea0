using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>One run after the other.</summary>
public abstract partial class DurableContract
{
    [Fact]
    public async Task A_next_run_begins_with_the_new_input_and_the_events_nobody_took()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<string, string>("main", async (context, text) =>
            {
                text += await context.WaitForExternalEvent<string>("letter");
                if (text.Length < 5)
                {
                    context.SetCustomStatus(text);
                    context.ContinueAsNew(text);
                }

                return text;
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", "");
        foreach (var letter in "abcde")
        {
            await host.Client.RaiseEventAsync(id, "letter", letter.ToString());
        }

        var done = await host.RunAsync(id);

        Assert.Equal("abcde", done.ReadOutputAs<string>());
        Assert.Equal("abcd", done.ReadInputAs<string>());
        Assert.Equal(CarriesStatus ? "\"abcd\"" : null, done.SerializedCustomStatus);
    }

    [Fact]
    public async Task A_run_that_throws_after_it_asked_for_the_next_fails()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, int>("main", (context, n) =>
            {
                context.ContinueAsNew(n + 1);
                throw new InvalidOperationException($"Ended: in run {n}");
            }));

        var done = await host.RunAsync("main", 1);

        Assert.Equal(RuntimeStatus.Failed, done.RuntimeStatus);
        Assert.Contains("Ended: in run 1", done.SerializedOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_can_leave_behind_what_nobody_took()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<bool, string>("main", async (context, first) =>
            {
                if (!first)
                {
                    context.SetCustomStatus("second run");
                    return await context.WaitForExternalEvent<string>("letter");
                }

                context.SetCustomStatus("first run");
                await context.WaitForExternalEvent<string>("go");
                context.ContinueAsNew(false, preserveUnprocessedEvents: false);
                return "";
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", true);
        await host.UntilAsync(id, i => i.SerializedCustomStatus == "\"first run\"");
        await host.Client.RaiseEventAsync(id, "letter", "old");
        await host.Client.RaiseEventAsync(id, "go", "");
        await host.UntilAsync(id, i => i.SerializedCustomStatus == "\"second run\"");
        await host.Client.RaiseEventAsync(id, "letter", "new");

        Assert.Equal("new", (await host.RunAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Name_id_parent_and_version_stay_from_run_to_run()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, string>("child", (context, n) =>
            {
                if (n < 3)
                {
                    context.ContinueAsNew(n + 1);
                }

                return Task.FromResult($"{n}|{context.Name}|{context.InstanceId}|{context.Parent?.Name}|{context.Parent?.InstanceId}|{context.Version}");
            })
            .Orchestrator<int, string>("main", (context, _) => context.CallSubOrchestratorAsync<string>(
                "child", 1, new SubOrchestrationOptions { InstanceId = "c", Version = "1.5" })));

        var done = await host.RunAsync("main", 0, new StartOptions { InstanceId = "p" });

        Assert.Equal("3|child|c|main|p|1.5", done.ReadOutputAs<string>());
        Assert.Equal(3, (await host.Client.GetInstanceAsync("c", getInputsAndOutputs: true))!.ReadInputAs<int>());
    }

    [Fact]
    public async Task A_run_can_give_the_next_one_another_version()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<string, string>("main", (context, seen) =>
            {
                seen += context.Version;
                if (context.CompareVersionTo("2.0") < 0)
                {
                    context.ContinueAsNew(seen + ", ", newVersion: "2.0");
                }

                return Task.FromResult(seen);
            }));

        Assert.Equal("1.0, 2.0", (await host.RunAsync("main", "", new StartOptions { Version = "1.0" })).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Events_that_come_between_the_runs_are_not_lost()
    {
        const int Letters = 25;
        await using var host = await StartAsync(new DurableTasks()
            .Activity<int, int>("work", n => n)
            .Orchestrator<int[], int[]>("main", async (context, taken) =>
            {
                int[] all = [.. taken, await context.WaitForExternalEvent<int>("letter")];
                await context.CallActivityAsync<int>("work", 0);
                if (all.Length < Letters)
                {
                    context.ContinueAsNew(all);
                }

                return all;
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", Array.Empty<int>());

        for (var n = 0; n < Letters; n++)
        {
            if (!KeepsLateEvents)
            {
                await host.UntilAsync(id, i => i.ReadInputAs<int[]>()!.Length == n);
            }

            await host.Client.RaiseEventAsync(id, "letter", n);
        }

        Assert.Equal(Enumerable.Range(0, Letters), (await host.RunAsync(id)).ReadOutputAs<int[]>());
    }
}
