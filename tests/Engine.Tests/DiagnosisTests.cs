using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>The doctor: for every way of waiting, what is open, since when, and what would wake it.</summary>
public sealed class DiagnosisTests
{
    private static readonly DateTimeOffset Start = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Nothing_is_known_of_an_instance_that_does_not_exist()
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());

        Assert.Null(await engine.Client.DiagnoseAsync("nobody"));
    }

    [Fact]
    public async Task Timers_say_when_they_fire_and_cancelled_ones_are_not_open()
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("timers", 0, new StartOptions { InstanceId = "i" });
        await engine.SettleAsync();

        var found = await DiagnoseAsync(engine);

        Assert.Equal(new OpenTimer(1, Start, Start.AddHours(3)), Assert.Single(found.Timers));
        Assert.Equal(["Timer #1, set 2027-01-01T00:00:00Z, fires at 2027-01-01T03:00:00Z."], found.Reasons);
        Assert.Empty(found.Faults);
        Assert.Null(found.Turn);
    }

    [Fact]
    public async Task Events_are_named_and_one_that_nobody_waits_for_is_shown()
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("events", 0, new StartOptions { InstanceId = "i" });
        await engine.Client.RaiseEventAsync("i", "aproval", "x");
        await engine.SettleAsync();

        foreach (var cached in new[] { true, false })
        {
            var found = await DiagnoseAsync(engine);
            Assert.Equal([new NamedCount("Approval", 2)], found.Events);
            Assert.Equal([new NamedCount("aproval", 1)], found.UnclaimedEvents);
            Assert.Equal(
                ["It waits for event 'Approval' (2 times): raise it.", "Event 'aproval' came once and nothing waits for it."], found.Reasons);
            Assert.Empty(found.Faults);
            if (cached)
            {
                await engine.RestartAsync();
            }
        }

        await engine.Client.RaiseEventAsync("i", "Approval", "1");
        await engine.Client.RaiseEventAsync("i", "Approval", "2");
        Assert.Equal("21", (await engine.RunAsync("i")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Activities_say_whether_they_run_wait_for_a_place_or_for_their_limit_and_since_when()
    {
        var release = new TaskCompletionSource<int>();
        await using var engine = await VirtualEngine.StartAsync(
            Tasks()
                .Activity<int, int>("scarce", (_, _) => release.Task, TimeSpan.FromMinutes(2))
                .Activity<int, int>("plain", (_, _) => release.Task, Timeout.InfiniteTimeSpan)
                .Orchestrator<int, int>("main", async (context, _) => (await Task.WhenAll(
                    context.CallActivityAsync<int>("scarce", 0),
                    context.CallActivityAsync<int>("scarce", 1),
                    context.CallActivityAsync<int>("plain", 2),
                    context.CallActivityAsync<int>("plain", 3))).Length),
            options: new VirtualEngineOptions
            {
                MaxConcurrentActivities = 2,
                Adjust = o => o.MaxConcurrentPerActivity = new Dictionary<string, int> { ["scarce"] = 1 },
            });
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { InstanceId = "i" });
        await engine.SettleAsync();

        var found = await DiagnoseAsync(engine);

        Assert.Equal(
            [ActivityState.Running, ActivityState.WaitingForItsLimit, ActivityState.Running, ActivityState.Queued], found.Activities.Select(a => a.State!.Value));
        Assert.Equal(
            [
                "Activity 'scarce' (#0), called 2027-01-01T00:00:00Z, runs since 2027-01-01T00:00:00Z and is cut off at 2027-01-01T00:02:00Z.",
                "Activity 'scarce' (#1), called 2027-01-01T00:00:00Z, waits: as many of its type run as may.",
                "Activity 'plain' (#2), called 2027-01-01T00:00:00Z, runs since 2027-01-01T00:00:00Z without a time-out.",
                "Activity 'plain' (#3), called 2027-01-01T00:00:00Z, waits for a free place: all that may run at once do.",
            ],
            found.Reasons);
        Assert.Empty(found.Faults);
        release.SetResult(0);
        await engine.RunAsync("i");
    }

    [Fact]
    public async Task A_child_is_told_with_its_status_and_its_own_reason()
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks().Orchestrator<int, string>(
            "parent", (context, _) => context.CallSubOrchestratorAsync<string>("events", 0, new SubOrchestrationOptions { InstanceId = "i:child" })));
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("parent", 0, new StartOptions { InstanceId = "i" });
        await engine.SettleAsync();

        var found = await DiagnoseAsync(engine);

        Assert.Equal(("i:child", RuntimeStatus.Running), (found.Children[0].InstanceId, found.Children[0].Status));
        Assert.Equal(
            ["Child 'i:child' (events, #0), called 2027-01-01T00:00:00Z, is Running: It waits for event 'Approval' (2 times): raise it."], found.Reasons);
    }

    [Fact]
    public async Task A_suspended_instance_says_what_it_holds_back()
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("events", 0, new StartOptions { InstanceId = "i" });
        await engine.Client.SuspendInstanceAsync("i");
        await engine.Client.RaiseEventAsync("i", "Approval", "x");
        await engine.AdvanceAsync(TimeSpan.FromHours(1));

        var found = await DiagnoseAsync(engine);

        Assert.Equal([new WaitingMessage("EventRaised", "Approval", Start)], found.Inbox);
        Assert.Equal("It is suspended since 2027-01-01T00:00:00Z and holds 1 messages back: resume it.", found.Reasons[0]);
        Assert.Empty(found.Faults);
    }

    [Fact]
    public async Task One_that_begins_later_says_when()
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("events", 0, new StartOptions { InstanceId = "i", StartAt = Start.AddDays(1) });

        var found = await DiagnoseAsync(engine);

        Assert.Equal(["It begins at 2027-01-02T00:00:00Z."], found.Reasons);
        Assert.Empty(found.Faults);
    }

    [Fact]
    public async Task A_failed_one_says_why_and_that_it_can_be_rewound()
    {
        await using var engine = await VirtualEngine.StartAsync(
            Tasks().Orchestrator<int, int>("fails", (_, _) => throw new InvalidOperationException("Broken: it broke.")));
        await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("fails", 0, new StartOptions { InstanceId = "i" }));

        var found = await DiagnoseAsync(engine);

        Assert.Equal(["It is Failed since 2027-01-01T00:00:00Z: Broken: it broke. When the cause is gone, rewind it."], found.Reasons);
        Assert.Equal(["It has failed: Broken: it broke."], found.Faults);
    }

    [Fact]
    public async Task Code_that_no_longer_fits_the_history_is_found_before_anything_wakes_the_instance()
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("timers", 0, new StartOptions { InstanceId = "i" });
        await engine.SettleAsync();

        await engine.RestartAsync(new DurableTasks().Orchestrator<int, string>("timers", (context, _) => context.WaitForExternalEvent<string>("x")));
        var found = await DiagnoseAsync(engine);

        Assert.Equal(RuntimeStatus.Running, found.Status);
        Assert.StartsWith("NonDeterministic: ", Assert.Single(found.Faults), StringComparison.Ordinal);
        Assert.Equal(RuntimeStatus.Running, (await engine.Client.GetInstanceAsync("i"))!.RuntimeStatus);
    }

    [Fact]
    public async Task A_history_that_cannot_be_read_is_a_fault()
    {
        await using var engine = await VirtualEngine.StartAsync(Tasks());
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("events", 0, new StartOptions { InstanceId = "i" });
        await engine.SettleAsync();
        Execute(engine, "UPDATE history SET events = '[{\"type\":\"FromTheFuture\"}]'");
        await engine.RestartAsync();

        Assert.StartsWith("HistoryUnreadable: ", Assert.Single((await DiagnoseAsync(engine)).Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wide_fan_out_is_told_by_its_first_ones()
    {
        var release = new TaskCompletionSource<int>();
        await using var engine = await VirtualEngine.StartAsync(Tasks()
            .Activity<int, int>("plain", (_, _) => release.Task)
            .Orchestrator<int, int>("main", async (context, n) => (await Task.WhenAll(Enumerable.Range(0, n).Select(i => context.CallActivityAsync<int>("plain", i)))).Length));
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 500, new StartOptions { InstanceId = "i" });
        await engine.SettleAsync();

        var found = await DiagnoseAsync(engine);

        Assert.Equal((20, 480), (found.Activities.Count, found.NotListed));
        Assert.Equal("There are 480 more tasks and messages.", found.Reasons[^1]);
        release.SetResult(0);
    }

    internal static void Execute(VirtualEngine engine, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={engine.Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own words.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static async Task<InstanceDiagnosis> DiagnoseAsync(VirtualEngine engine)
    {
        var found = await engine.Client.DiagnoseAsync("i");
        Assert.NotNull(found);
        Assert.Equal("i", found.InstanceId);
        Assert.Equal(engine.Now, found.At);
        return found;
    }

    private static DurableTasks Tasks() => new DurableTasks()
        .Orchestrator<int, int>("timers", async (context, _) =>
        {
            using var cancel = new CancellationTokenSource();
            var unwanted = context.CreateTimer(context.CurrentUtcDateTime.AddHours(9), cancel.Token);
            var wanted = context.CreateTimer(context.CurrentUtcDateTime.AddHours(3));
            cancel.Cancel();
            await wanted;
            return unwanted.IsCanceled ? 1 : 0;
        })
        .Orchestrator<int, string>("events", async (context, _) =>
        {
            var (first, second) = (context.WaitForExternalEvent<string>("Approval"), context.WaitForExternalEvent<string>("Approval"));
            return await first + await second;
        });
}
