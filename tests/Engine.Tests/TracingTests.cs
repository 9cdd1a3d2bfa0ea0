using System.Collections.Concurrent;
using System.Diagnostics;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Spans as Durable Task's. Each test has a root of its own: listeners hear everybody.</summary>
public sealed class TracingTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_workflow_is_one_tree_also_across_a_restart(bool restarts)
    {
        using var recorder = new Recorder();
        var attempts = 0;
        var clock = new ManualTimeProvider();
        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks()
                .Activity<int, string?>("work", async (_, token) =>
                {
                    Interlocked.Increment(ref attempts);
                    var seen = Activity.Current?.DisplayName;
                    await Task.Delay(TimeSpan.FromMinutes(1), clock, token);
                    return seen;
                }, TimeSpan.FromHours(1))
                .Orchestrator<int, string?>("child", async (context, _) =>
                {
                    await context.CreateTimer(TimeSpan.FromMinutes(5));
                    context.SendEvent("main", "Done", 1);
                    return await context.CallActivityAsync<string?>("work", 0);
                })
                .Orchestrator<int, string?>("main", async (context, _) =>
                {
                    var first = await context.CallActivityAsync<string?>("work", 0);
                    var child = context.CallSubOrchestratorAsync<string?>("child", 0, new SubOrchestrationOptions { InstanceId = "main:child" });
                    await context.WaitForExternalEvent<int>("Done");
                    await context.WaitForExternalEvent<int>("Go");
                    return $"{first} {await child}";
                }),
            options: new VirtualEngineOptions { Clock = clock });
        using (recorder.Root.Start())
        {
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { InstanceId = "main", Version = "1.2" });
            await engine.Client.RaiseEventAsync("main", "Go", 1);
        }

        for (var minute = 0; minute < 10; minute++)
        {
            await engine.AdvanceAsync(TimeSpan.FromSeconds(30));
            if (restarts)
            {
                await engine.RestartAsync();
            }

            await engine.AdvanceAsync(TimeSpan.FromSeconds(30));
        }

        var done = await engine.RunAsync("main");
        Assert.Equal("activity:work@(1.2) activity:work@(1.2)", done.ReadOutputAs<string>());

        // Every attempt has its span; a killed one has none, as nothing of it ended.
        var lines = recorder.Tree();
        Assert.Equal(
            [
                "root",
                "  create_orchestration:main@(1.2) Producer Microsoft.DurableTask",
                "    orchestration:main@(1.2) Server DurableTask.Core",
                "      activity:work@(1.2) Client DurableTask.Core",
                "        activity:work@(1.2) Server DurableTask.Core",
                "      orchestration:child@(1.2) Client DurableTask.Core",
                "        orchestration:child@(1.2) Server DurableTask.Core",
                "          activity:work@(1.2) Client DurableTask.Core",
                "            activity:work@(1.2) Server DurableTask.Core",
                "          orchestration:child:timer Internal DurableTask.Core",
                "          orchestration_event:Done Producer DurableTask.Core",
                "  orchestration_event:Go Producer Microsoft.DurableTask",
            ],
            lines);
        Assert.Equal(restarts ? 4 : 2, attempts);

        var main = recorder.Of("orchestration:main@(1.2)");
        Assert.Equal(
            "durabletask.task.execution_id=1.0 durabletask.task.instance_id=main durabletask.task.name=main durabletask.task.status=Completed durabletask.task.version=1.2 durabletask.type=orchestration",
            Tags(main));
        Assert.Equal(TimeSpan.FromMinutes(restarts ? 7.5 : 7), main.Duration);
        var timer = recorder.Of("orchestration:child:timer");
        Assert.Equal(TimeSpan.FromMinutes(5), timer.Duration);
        Assert.Equal(
            $"durabletask.fire_at={timer.StartTimeUtc.AddMinutes(5):o} durabletask.task.instance_id=main:child durabletask.task.name=child durabletask.task.task_id=0 durabletask.type=timer",
            Tags(timer));
        Assert.Equal(
            "durabletask.event.target_instance_id=main durabletask.task.execution_id=2.0 durabletask.task.instance_id=main:child durabletask.task.name=Done durabletask.type=event",
            Tags(recorder.Of("orchestration_event:Done")));
        Assert.Equal(
            "durabletask.event.target_instance_id=main durabletask.task.name=Go durabletask.type=event", Tags(recorder.Of("orchestration_event:Go")));
        Assert.Equal(
            "durabletask.task.execution_id=1.0 durabletask.task.instance_id=main durabletask.task.name=main durabletask.task.version=1.2 durabletask.type=orchestration",
            Tags(recorder.Of("create_orchestration:main@(1.2)")));
        Assert.Equal(
            "durabletask.task.instance_id=main:child durabletask.task.name=child durabletask.task.task_id=1 durabletask.task.version=1.2 durabletask.type=orchestration",
            Tags(recorder.Spans.Single(s => s.DisplayName == "orchestration:child@(1.2)" && s.Kind == ActivityKind.Client)));
        Assert.All(
            recorder.Spans.Where(s => s.DisplayName == "activity:work@(1.2)"),
            s => Assert.Matches("durabletask.task.instance_id=main(:child)? durabletask.task.name=work durabletask.task.task_id=[012] durabletask.task.version=1.2 durabletask.type=activity", Tags(s)));
    }

    [Fact]
    public async Task Failures_are_told_by_their_codes_on_the_attempt_the_call_the_child_and_the_run()
    {
        using var recorder = new Recorder();
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("fails", (_, _) => throw new InvalidOperationException("Broken: a secret"))
            .Orchestrator<int, int>("child", (context, _) => context.CallActivityAsync<int>("fails", 0))
            .Orchestrator<int, int>("main", (context, _) => context.CallSubOrchestratorAsync<int>("child", 0)));
        using (recorder.Root.Start())
        {
            await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0));
        }

        var spans = recorder.Spans.Where(s => s.Source.Name == "DurableTask.Core").ToList();
        Assert.Equal(5, spans.Count);
        Assert.All(spans, s => Assert.Equal((ActivityStatusCode.Error, "Broken"), (s.Status, s.StatusDescription)));
        Assert.All(recorder.Spans, s => Assert.DoesNotContain("secret", Tags(s) + s.StatusDescription, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_run_of_one_that_continues_as_new_has_its_span_below_the_start_and_a_terminated_one_too()
    {
        using var recorder = new Recorder();
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks().Orchestrator<int, int>("main", async (context, n) =>
        {
            await context.CreateTimer(TimeSpan.FromMinutes(1));
            if (n > 0)
            {
                context.ContinueAsNew(n - 1);
                return 0;
            }

            return await context.WaitForExternalEvent<int>("never");
        }));
        string id;
        using (recorder.Root.Start())
        {
            id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 2);
        }

        await engine.AdvanceAsync(TimeSpan.FromMinutes(10));
        await engine.Client.TerminateInstanceAsync(id);
        await engine.SettleAsync();

        var runs = recorder.Spans.Where(s => s.DisplayName == "orchestration:main").ToList();
        Assert.Equal(["ContinuedAsNew", "ContinuedAsNew", "Terminated"], runs.Select(s => s.GetTagItem("durabletask.task.status")));
        Assert.Equal(["1.0", "1.1", "1.2"], runs.Select(s => s.GetTagItem("durabletask.task.execution_id")));
        Assert.Equal([1, 1, 8], runs.Select(s => s.Duration.TotalMinutes));
        Assert.Single(runs.Select(s => s.ParentSpanId).Distinct());
        Assert.Equal(3, runs.Select(s => s.SpanId).Distinct().Count());
        Assert.Equal(runs.Select(s => s.SpanId), recorder.Spans.Where(s => s.DisplayName == "orchestration:main:timer").Select(s => s.ParentSpanId));
    }

    [Fact]
    public async Task An_instance_that_was_started_while_nobody_listened_stays_untraced_and_keeps_nothing()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("unheard-work", n => n)
            .Orchestrator<int, int>("unheard", async (context, _) => await context.WaitForExternalEvent<int>("go") + await context.CallActivityAsync<int>("unheard-work", 1)));
        string id;
        using (Muted())
        {
            id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("unheard", 0);
        }

        using var recorder = new Recorder();
        await engine.Client.RaiseEventAsync(id, "go", 1);
        await engine.RunAsync(id);

        Assert.DoesNotContain(recorder.Everything, s => s.DisplayName.Contains("unheard", StringComparison.Ordinal));
    }

    // Other tests listen in this process; what they hear of a start is decided by its parent, which here says no.
    private static Activity Muted()
    {
        var span = new Activity("muted");
        span.SetParentId(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.None);
        return span.Start();
    }

    private static string Tags(Activity span) => string.Join(' ', span.TagObjects.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key}={t.Value}"));

    /// <summary>Hears the spans of one trace, as an exporter with a parent-based sampler would.</summary>
    private sealed class Recorder : IDisposable
    {
        private readonly ActivityListener _listener;
        private readonly ConcurrentQueue<Activity> _ended = [];

        public Recorder()
        {
            Root.SetIdFormat(ActivityIdFormat.W3C);
            Root.ActivityTraceFlags = ActivityTraceFlags.Recorded;
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name is "DurableTask.Core" or "Microsoft.DurableTask",
                Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
                ActivityStopped = _ended.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public Activity Root { get; } = new("root");

        public IReadOnlyCollection<Activity> Everything => _ended;

        public IReadOnlyList<Activity> Spans => [.. _ended.Where(s => s.TraceId == Root.TraceId)];

        public Activity Of(string name) => Assert.Single(Spans, s => s.DisplayName == name);

        /// <summary>The trace as lines, children below their parents, by name.</summary>
        public List<string> Tree()
        {
            var lines = new List<string> { "root" };
            Add(Root.SpanId, 1);
            Assert.Equal(Spans.Count, lines.Count - 1);
            return lines;

            void Add(ActivitySpanId parent, int depth)
            {
                foreach (var span in Spans.Where(s => s.ParentSpanId == parent).OrderBy(s => s.DisplayName, StringComparer.Ordinal).ThenBy(s => s.Kind))
                {
                    lines.Add($"{new string(' ', 2 * depth)}{span.DisplayName} {span.Kind} {span.Source.Name}");
                    Add(span.SpanId, depth + 1);
                }
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
