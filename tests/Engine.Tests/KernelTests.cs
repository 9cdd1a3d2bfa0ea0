using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.Kernel;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>What the embedded engine does beyond the contract of all hosts.</summary>
public sealed class KernelTests
{
    [Fact]
    public void Ids_are_the_version_5_uuids_that_durabletask_dotnet_makes()
    {
        // Computed with Python's uuid.uuid5(UUID('9e952958-5e33-4daf-827f-2fa12937b875'), 'abc_2026-01-02T03:04:05.0000000Z_0').
        var id = DeterministicGuid.Create("abc", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), 0);

        Assert.Equal(new Guid("370d3d9a-7333-5a0f-8ab2-b41ade0b372d"), id);
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_is_thrown_where_it_is_awaited_and_can_be_caught()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                try
                {
                    return $"{await context.WaitForExternalEvent<int>("number")}";
                }
                catch (JsonException e)
                {
                    return $"{e.Message.Split(':')[0]}, then {await context.WaitForExternalEvent<int>("number")}";
                }
            }));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.Client.RaiseEventAsync(id, "number", "notint");
        await engine.Client.RaiseEventAsync(id, "number", 7);

        Assert.Equal("EventUnreadable, then 7", (await engine.RunAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_line_is_logged_once_however_often_the_code_is_replayed()
    {
        using var lines = new Lines("orchestration");
        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks()
                .Activity<int, int>("a", n => n)
                .Orchestrator<int, int>("main", async (context, _) =>
                {
                    var log = context.CreateReplaySafeLogger("orchestration");
                    for (var i = 0; i < 3; i++)
                    {
                        await context.CallActivityAsync<int>("a", i);
#pragma warning disable CA1848, CA1873, CA2254 // A line of a test.
                        log.LogInformation($"after {i}");
#pragma warning restore CA1848, CA1873, CA2254
                    }

                    return 0;
                }),
            options: new VirtualEngineOptions { MaxCachedInstances = 0, Loggers = lines });

        await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0));

        Assert.Equal(["after 0", "after 1", "after 2"], lines.Written);
    }

    [Fact]
    public async Task A_run_that_throws_after_it_asked_for_the_next_one_is_warned_of()
    {
        using var lines = new Lines("Sluice.Engine");
        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks().Orchestrator<int, int>("main", (context, _) =>
            {
                context.ContinueAsNew(1);
                throw new InvalidOperationException("no");
            }),
            options: new VirtualEngineOptions { Loggers = lines });

        await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { InstanceId = "i" }));

        Assert.Contains("Instance i asked for a next run and then threw: it fails, and the next run does not begin", lines.Written);
    }

    [Fact]
    public async Task Rewinding_keeps_the_failures_that_the_code_went_on_from()
    {
        var calls = new List<string>();
        var healed = false;
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<string, string>("do", name =>
            {
                lock (calls)
                {
                    calls.Add(name);
                }

                return name == "always bad" || !healed && name.StartsWith("bad", StringComparison.Ordinal) ? throw new InvalidOperationException("no") : name;
            })
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                var handled = "";
                try
                {
                    await context.CallActivityAsync<string>("do", "always bad");
                }
                catch (TaskFailureException)
                {
                    handled = await context.CallActivityAsync<string>("do", "instead");
                }

                var both = await Task.WhenAll(
                    context.CallActivityAsync<string>("do", "bad 1"),
                    TwoAsync(),
                    context.CallActivityAsync<string>("do", "bad 2", TaskOptions.FromRetryPolicy(new RetryPolicy(2, TimeSpan.FromMinutes(1)))));
                return handled + ", " + string.Join(", ", both);

                async Task<string> TwoAsync() =>
                    await context.CallActivityAsync<string>("do", "good 1") + await context.CallActivityAsync<string>("do", "good 2");
            }));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        Assert.Equal(RuntimeStatus.Failed, (await engine.RunAsync(id)).RuntimeStatus);
        calls.Clear();
        healed = true;

        await engine.Client.RewindInstanceAsync(id, "healed");
        var done = await engine.RunAsync(id);

        Assert.Equal("instead, bad 1, good 1good 2, bad 2", done.ReadOutputAs<string>());
        Assert.Equal(["bad 1", "bad 2"], calls.Order());
    }

    [Fact]
    public async Task Rewinding_runs_code_again_that_threw_by_itself()
    {
        var (calls, broken) = (0, true);
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("work", _ => Interlocked.Increment(ref calls))
            .Orchestrator<int, int>("main", async (context, _) =>
                await context.CallActivityAsync<int>("work", 0) is var n && broken ? throw new InvalidOperationException("no") : n));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        Assert.Equal(RuntimeStatus.Failed, (await engine.RunAsync(id)).RuntimeStatus);

        broken = false;
        await engine.Client.RewindInstanceAsync(id, "repaired");

        Assert.Equal(1, (await engine.RunAsync(id)).ReadOutputAs<int>());
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_next_run_begins_with_an_empty_history()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("work", n => n)
            .Orchestrator<int, int>("main", async (context, n) =>
            {
                await context.CallActivityAsync<int>("work", n);
                if (n < 20)
                {
                    context.ContinueAsNew(n + 1);
                }

                return n;
            }));
        var id = (await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0))).InstanceId;

        var history = await engine.Client.GetOrchestrationHistoryAsync(id);

        Assert.Equal("20", Assert.Single(history, e => e.EventType == "ExecutionStarted").Input);
        Assert.Single(history, e => e.EventType == "TaskScheduled");
    }

    [Fact]
    public async Task A_child_whose_id_is_taken_fails_its_call()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Orchestrator<int, int>("other", (context, _) => context.WaitForExternalEvent<int>("never"))
            .Orchestrator<int, int>("main", (context, _) =>
                context.CallSubOrchestratorAsync<int>("other", 0, new SubOrchestrationOptions { InstanceId = "taken" })));
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("other", 0, new StartOptions { InstanceId = "taken" });

        var done = await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0));

        Assert.Equal("InstanceExists", done.Failure!.Code);
    }

    [Fact]
    public async Task An_orchestrator_that_the_program_lost_fails_its_instance_and_a_rewind_repairs_it()
    {
        var tasks = new DurableTasks().Orchestrator<int, int>("main", (context, _) => context.WaitForExternalEvent<int>("go"));
        await using var engine = await VirtualEngine.StartAsync(tasks);
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.SettleAsync();

        await engine.RestartAsync(new DurableTasks());
        await engine.Client.RaiseEventAsync(id, "go", 3);
        var failed = await engine.RunAsync(id);
        await engine.RestartAsync(tasks);
        await engine.Client.RewindInstanceAsync(id, "it is back");

        Assert.Equal("OrchestratorMissing", failed.Failure!.Code);
        Assert.Equal(3, (await engine.RunAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Instances_are_found_by_name_and_tag()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Orchestrator<int, int>("one", (_, n) => Task.FromResult(n))
            .Orchestrator<int, int>("two", (_, n) => Task.FromResult(n)));
        var blue = new Dictionary<string, string> { ["colour"] = "blue", ["size"] = "1" };
        var red = new Dictionary<string, string> { ["colour"] = "red" };
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("one", 0, new StartOptions { InstanceId = "a", Tags = blue });
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("one", 0, new StartOptions { InstanceId = "b", Tags = red });
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("two", 0, new StartOptions { InstanceId = "c", Tags = blue });

        var found = await engine.Client.QueryAsync(new EngineQuery { Name = "ONE", Tags = new Dictionary<string, string> { ["colour"] = "blue" } });

        Assert.Equal("a", Assert.Single(found.Instances).InstanceId);
        Assert.Equal(blue, found.Instances[0].Tags);
        await Assert.ThrowsAsync<ArgumentException>(() => engine.Client.QueryAsync(new EngineQuery { ContinuationToken = "nonsense" }));
        await Assert.ThrowsAsync<ArgumentException>(() => engine.Client.QueryAsync(new EngineQuery { PageSize = 0 }));
    }

    private sealed class Lines(string category) : ILoggerFactory, ILogger
    {
        public List<string> Written { get; } = [];

        public ILogger CreateLogger(string categoryName) => categoryName == category ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Written)
            {
                Written.Add(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
