using Sluice.Durable;
using Sluice.Engine.Kernel;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Code that no longer repeats its history fails its instance, naming what was expected and what came.</summary>
public sealed class NonDeterminismTests
{
    private static readonly Dictionary<string, Func<DurableContext, Task>> Codes = new()
    {
        ["nothing"] = _ => Task.CompletedTask,
        ["activity a"] = c => c.CallActivityAsync<int>("a", 0),
        ["activity b"] = c => c.CallActivityAsync<int>("b", 0),
        ["timer"] = c => c.CreateTimer(TimeSpan.FromMinutes(1)),
        ["child"] = c => c.CallSubOrchestratorAsync<int>("child", 0),
        ["a of 1"] = c => c.CallActivityAsync<int>("a", 1),
        ["a of nothing"] = c => c.CallActivityAsync<int>("a", null),
        ["longer timer"] = c => c.CreateTimer(TimeSpan.FromMinutes(2)),
        ["child x"] = c => c.CallSubOrchestratorAsync<int>("child", 0, new SubOrchestrationOptions { InstanceId = "x" }),
        ["child y"] = c => c.CallSubOrchestratorAsync<int>("child", 0, new SubOrchestrationOptions { InstanceId = "y" }),
        ["child x of version 2"] = c => c.CallSubOrchestratorAsync<int>("child", 0, new SubOrchestrationOptions { InstanceId = "x", Version = "2" }),
        ["child x of 1"] = c => c.CallSubOrchestratorAsync<int>("child", 1, new SubOrchestrationOptions { InstanceId = "x" }),
        ["event x to another"] = c =>
        {
            c.SendEvent("another", "x", null);
            return Task.CompletedTask;
        },
        ["event x of 1"] = c =>
        {
            c.SendEvent("other", "x", 1);
            return Task.CompletedTask;
        },
        ["a, b"] = async c =>
        {
            await c.CallActivityAsync<int>("a", 0);
            await c.CallActivityAsync<int>("b", 0);
        },
        ["a and b"] = c => Task.WhenAll(c.CallActivityAsync<int>("a", 0), c.CallActivityAsync<int>("b", 0)),
        ["event to x"] = c =>
        {
            c.SendEvent("other", "x", null);
            return Task.CompletedTask;
        },
        ["event to y"] = c =>
        {
            c.SendEvent("other", "y", null);
            return Task.CompletedTask;
        },
    };

    [Theory]
    [InlineData("activity a", "activity b", "a call of activity 'a' (#0)", "a call of activity 'b' (#0)")] // another name
    [InlineData("activity a", "timer", "a call of activity 'a' (#0)", "a timer (#0)")] // another type
    [InlineData("timer", "child", "a timer (#0)", "a call of sub-orchestrator 'child' (#0)")]
    [InlineData("child", "activity a", "a call of sub-orchestrator 'child' (#0)", "a call of activity 'a' (#0)")]
    [InlineData("event to x", "event to y", "a call of event 'x' (#0)", "a call of event 'y' (#0)")]
    [InlineData("a, b", "a and b", "no call at this point", "a call of activity 'b' (#1)")] // another order
    [InlineData("a and b", "a, b", "a call of activity 'b' (#1)", "no call at this point")]
    [InlineData("activity a", "nothing", "a call of activity 'a' (#0)", "no call at this point")] // missing
    [InlineData("a, b", "activity a", "a call of activity 'b' (#1)", "no call at this point")] // missing at the end
    [InlineData("nothing", "activity a", "no call at this point", "a call of activity 'a' (#0)")] // too many
    [InlineData("activity a", "a, b", "no call at this point", "a call of activity 'b' (#1)")] // too many at the end
    [InlineData("activity a", "a of 1", "a call of activity 'a' (#0) with value = 0", "a call of activity 'a' (#0) with value = 1")] // another input
    [InlineData("a of nothing", "a of 1", "a call of activity 'a' (#0) with value = null", "a call of activity 'a' (#0) with value = 1")]
    [InlineData("timer", "longer timer", "a timer (#0) until 2027-01-01T00:01:00.0000000Z", "a timer (#0) until 2027-01-01T00:02:00.0000000Z")]
    [InlineData("child x", "child y", "a call of sub-orchestrator 'child' (#0) with id 'x'", "a call of sub-orchestrator 'child' (#0) with id 'y'")]
    [InlineData("child x", "child x of version 2", "a call of sub-orchestrator 'child' (#0) with version ''", "a call of sub-orchestrator 'child' (#0) with version '2'")]
    [InlineData("child x", "child x of 1", "a call of sub-orchestrator 'child' (#0) with value = 0", "a call of sub-orchestrator 'child' (#0) with value = 1")]
    [InlineData("event to x", "event x to another", "a call of event 'x' (#0) with receiver 'other'", "a call of event 'x' (#0) with receiver 'another'")]
    [InlineData("event to x", "event x of 1", "a call of event 'x' (#0) with value = null", "a call of event 'x' (#0) with value = 1")]
    public async Task Changed_code_is_found_out_and_named(string before, string after, string expected, string actual)
    {
        var code = before;
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("a", n => n)
            .Activity<int, int>("b", n => n)
            .Orchestrator<int, int>("child", (_, n) => Task.FromResult(n))
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                await Codes[code](context);
                return await context.WaitForExternalEvent<string>("end");
            }));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.AdvanceAsync(TimeSpan.FromMinutes(2));

        code = after;
        await engine.RestartAsync();
        await engine.Client.RaiseEventAsync(id, "end", "fine");
        var failed = await engine.RunAsync(id);

        Assert.Equal(RuntimeStatus.Failed, failed.RuntimeStatus);
        Assert.EndsWith("NonDeterministicOrchestrationException", failed.Failure!.ErrorType, StringComparison.Ordinal);
        Assert.Contains($"the history has {expected}, the code made {actual}", failed.Failure.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("rewind", failed.Failure.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(after != "nothing", failed.Failure.ErrorMessage.Contains("at NonDeterminismTests.cs:", StringComparison.Ordinal));

        code = before;
        await engine.Client.RewindInstanceAsync(id, "the right code is back");
        Assert.Equal("fine", (await engine.RunAsync(id)).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData("""{"a":1,"b":"x","c":[1,2]}""", """{"c":[1,2],"b":"x","a":1.0}""", null)] // written in another order
    [InlineData("""{"a":1}""", """{"a":1,"new":5}""", null)] // a property of a newer program
    [InlineData("""{"a":1,"gone":5}""", """{"a":1}""", null)] // and of an older one
    [InlineData("""{"a":1,"b":null}""", """{"a":1,"b":{"c":1}}""", null)] // null is not written
    [InlineData("""{"plan":{"steps":[{"weight":10},{"weight":20,"new":true}]}}""", """{"plan":{"steps":[{"weight":10},{"weight":20}]}}""", null)]
    [InlineData("""{"plan":{"steps":[{"weight":10},{"weight":20}]}}""", """{"plan":{"steps":[{"weight":10},{"weight":25}]}}""", "plan.steps[1].weight: 20, 25")]
    [InlineData("""{"a":[1,2]}""", """{"a":[1,2,3]}""", "a: [1,2], [1,2,3]")]
    [InlineData("""{"a":"1"}""", """{"a":1}""", "a: \"1\", 1")]
    [InlineData("1", "2", ": 1, 2")]
    [InlineData(null, "{}", ": null, {}")]
    [InlineData(null, null, null)]
    public void Inputs_differ_where_both_say_something_and_not_the_same(string? expected, string? actual, string? difference)
    {
        var found = JsonDifference.Find(expected, actual);

        Assert.Equal(difference, found is null ? null : $"{found.Path}: {found.Expected}, {found.Actual}");
    }

    [Fact]
    public async Task Where_the_code_stopped_short_its_last_call_is_shown()
    {
        var both = true;
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("a", n => n)
            .Orchestrator<int, int>("main", async (context, _) =>
            {
                await context.CallActivityAsync<int>("a", 0);
                if (both)
                {
                    await context.CallActivityAsync<int>("a", 1);
                }

                return await context.WaitForExternalEvent<int>("end");
            }));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.SettleAsync();

        both = false;
        await engine.RestartAsync();
        await engine.Client.RaiseEventAsync(id, "end", 1);

        Assert.Contains(
            "the code made no call at this point (its last call was at NonDeterminismTests.cs:", (await engine.RunAsync(id)).Failure!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_that_returns_where_its_history_went_on_is_found_out()
    {
        var returnsEarly = false;
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                await context.WaitForExternalEvent<string>("first");
                return returnsEarly ? "early" : await context.WaitForExternalEvent<string>("end");
            }));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.Client.RaiseEventAsync(id, "first", "");
        await engine.SettleAsync();

        returnsEarly = true;
        await engine.RestartAsync();
        await engine.Client.RaiseEventAsync(id, "end", "");
        var failed = await engine.RunAsync(id);

        Assert.Contains("the code made the end of the run", failed.Failure!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suspended_instance_does_not_meet_changed_code_until_it_is_resumed()
    {
        var activity = "a";
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("a", n => n)
            .Activity<int, int>("b", n => n)
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                await context.CallActivityAsync<int>(activity, 0);
                return await context.WaitForExternalEvent<string>("end");
            }));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.SettleAsync();
        await engine.Client.SuspendInstanceAsync(id, "before the deployment");
        await engine.SettleAsync();

        activity = "b";
        await engine.RestartAsync();
        await engine.Client.RaiseEventAsync(id, "end", "fine");
        await engine.SettleAsync();
        Assert.Equal(RuntimeStatus.Suspended, (await engine.Client.GetInstanceAsync(id))!.RuntimeStatus);

        activity = "a";
        await engine.RestartAsync();
        await engine.Client.ResumeInstanceAsync(id);
        Assert.Equal("fine", (await engine.RunAsync(id)).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData("delay")]
    [InlineData("delay beside an open timer")]
    [InlineData("thread")]
    [InlineData("context on another thread")]
    public async Task Awaiting_what_did_not_come_from_the_context_fails_the_instance(string how)
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Orchestrator<string, int>("main", async (context, _) =>
            {
                switch (how)
                {
                    case "delay":
                        await Task.Delay(TimeSpan.FromDays(1));
                        break;
                    case "delay beside an open timer":
                        var timer = context.CreateTimer(TimeSpan.FromDays(1));
                        await Task.Delay(TimeSpan.FromMilliseconds(200)); // long enough not to be over before it is awaited
                        await timer;
                        break;
                    case "thread":
                        var other = context.WaitForExternalEvent<int>("never");
                        await Task.Run(() => Thread.Sleep(1));
                        await other;
                        break;
                    default:
                        var never = context.WaitForExternalEvent<int>("never");
                        await Task.Run(() => context.CreateTimer(TimeSpan.FromDays(1))).ConfigureAwait(false);
                        await never;
                        break;
                }

                return 1;
            }));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", "");

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var failed = await engine.Client.WaitForInstanceCompletionAsync(id, cancellationToken: patience.Token);

        Assert.Equal(RuntimeStatus.Failed, failed.RuntimeStatus);
        Assert.Equal("ForeignAwait", failed.Failure!.Code);
    }
}
