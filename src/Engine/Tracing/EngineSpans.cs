using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Store;

namespace Sluice.Engine.Tracing;

/// <summary>
/// Spans with the sources, names, kinds and tags of Durable Task (Azure/durabletask, docs/telemetry/traces/semantic-conventions.md):
/// what clients do is told by <c>Microsoft.DurableTask</c>, what runs by <c>DurableTask.Core</c>. Names, ids and codes only, never a message.
/// </summary>
/// <remarks>
/// What takes as long as a wait (a run, a call as its caller sees it, a timer) is told once, when the turn that ends it is durable, with the
/// times of the engine's clock; a replay tells nothing. A crash between a commit and the telling loses those spans.
/// </remarks>
internal static class EngineSpans
{
    private static readonly string Version = typeof(EngineSpans).Assembly.GetName().Version!.ToString(3);
    private static readonly ActivitySource Client = new("Microsoft.DurableTask", Version);
    private static readonly ActivitySource Core = new("DurableTask.Core", Version);

    /// <summary>Around the start of an instance.</summary>
    public static Activity? BeginStart(string name, string version, string instanceId) => Client.HasListeners()
        ? Client.StartActivity(NameOf("create_orchestration", name, version), ActivityKind.Producer)?.Tagged("orchestration", name, version, instanceId)
        : null;

    /// <summary>What the started instance keeps: null, at no cost, when nobody listens.</summary>
    public static string? Carried(Activity? start) => start?.Id ?? (Core.HasListeners() ? Activity.Current?.Id : null);

    /// <summary>Around an event that a client raises.</summary>
    public static Activity? BeginEvent(string name, string targetId) => Client.HasListeners()
        ? Client.StartActivity("orchestration_event:" + name, ActivityKind.Producer)
            ?.SetTag("durabletask.type", "event").SetTag("durabletask.task.name", name).SetTag("durabletask.event.target_instance_id", targetId)
        : null;

    /// <summary>Around an attempt at an activity.</summary>
    public static Activity? BeginAttempt(ActivityItem item) => item.Trace is not null && Core.HasListeners()
        ? Core.StartActivity(NameOf("activity", item.Name, item.Version), ActivityKind.Server, TraceIds.Call(item))
            ?.Tagged("activity", item.Name, item.Version, item.InstanceId).SetTag("durabletask.task.task_id", item.Task)
        : null;

    /// <summary>Marks a span as failed.</summary>
    public static void Failed(this Activity? span, TaskFailure failure) => span?.SetStatus(ActivityStatusCode.Error, failure.Code ?? failure.ErrorType);

    /// <summary>Marks a span as failed.</summary>
    public static void Failed(this Activity? span, Exception exception) => span?.SetStatus(ActivityStatusCode.Error, exception.GetType().FullName);

    /// <summary>An instance's run, as upstream names each by an id of its own.</summary>
    public static string ExecutionId(long key, int execution) => string.Create(CultureInfo.InvariantCulture, $"{key:x}.{execution}");

    /// <summary>Tells what a turn has ended and sent. Once it is durable, and only then.</summary>
    public static void Tell(TurnCommit commit)
    {
        var row = commit.Row;
        if (row.Trace is null || commit.Events is null || !Core.HasListeners())
        {
            return;
        }

        var run = TraceIds.Run(row);
        foreach (var (call, answer) in commit.Answered)
        {
            Tell(commit, run, call, answer);
        }

        foreach (var sent in commit.Decisions.OfType<EventSent>())
        {
            Tell("orchestration_event:" + sent.Name, ActivityKind.Producer, run, null, commit.Now, commit.Now, span => span
                .Tagged("event", sent.Name, "", row.Id)
                .SetTag("durabletask.task.execution_id", ExecutionId(row.Key, row.Execution))
                .SetTag("durabletask.event.target_instance_id", sent.InstanceId));
        }

        if (InstanceRow.IsTerminal(commit.Status) || commit.Next is not null)
        {
            Tell(NameOf("orchestration", row.Name, row.Version), ActivityKind.Server, TraceIds.Parent(row.Trace), run.SpanId, commit.Began, commit.Now, span =>
            {
                span.Tagged("orchestration", row.Name, row.Version, row.Id)
                    .SetTag("durabletask.task.execution_id", ExecutionId(row.Key, row.Execution))
                    .SetTag("durabletask.task.status", (commit.Next is null ? commit.Status : RuntimeStatus.ContinuedAsNew).ToString());
                if (commit.Failure is { } failure)
                {
                    span.Failed(failure);
                }
            });
        }
    }

    private static void Tell(TurnCommit commit, ActivityContext run, Decision call, Answer answer)
    {
        var row = commit.Row;
        var id = TraceIds.Call(row, call.EventId).SpanId;
        switch (call)
        {
            case TaskScheduled c:
                Tell(NameOf("activity", c.Name, row.Version), ActivityKind.Client, run, id, c.Timestamp, commit.Now, span => span
                    .Tagged("activity", c.Name, row.Version, row.Id).SetTag("durabletask.task.task_id", c.EventId)
                    .Failed(answer));
                break;
            case SubOrchestrationInstanceCreated c:
                Tell(NameOf("orchestration", c.Name, c.Version), ActivityKind.Client, run, id, c.Timestamp, commit.Now, span => span
                    .Tagged("orchestration", c.Name, c.Version, c.InstanceId).SetTag("durabletask.task.task_id", c.EventId)
                    .Failed(answer));
                break;
            case TimerCreated c:
                Tell($"orchestration:{row.Name}:timer", ActivityKind.Internal, run, id, c.Timestamp, commit.Now, span => span
                    .Tagged("timer", row.Name, "", row.Id).SetTag("durabletask.task.task_id", c.EventId)
                    .SetTag("durabletask.fire_at", c.FireAt.ToString("o", CultureInfo.InvariantCulture)));
                break;
            default:
                break;
        }
    }

    private static void Tell(
        string name, ActivityKind kind, ActivityContext parent, ActivitySpanId? id, DateTime from, DateTime to, Action<Activity> tag)
    {
        using var span = Core.StartActivity(name, kind, parent, startTime: new DateTimeOffset(from));
        if (span is null)
        {
            return;
        }

        if (id is { } known)
        {
            // Others hang on this id since before the span was told. .NET lets nobody choose one; Durable Task sets the same fields.
            SpanIdOf(span) = known.ToHexString();
            IdOf(span) = null;
        }

        tag(span);
        span.SetEndTime(to > from ? to : from.AddTicks(1));
    }

    private static Activity Tagged(this Activity span, string type, string name, string version, string instanceId)
    {
        span.SetTag("durabletask.type", type).SetTag("durabletask.task.name", name).SetTag("durabletask.task.instance_id", instanceId);
        return version.Length == 0 ? span : span.SetTag("durabletask.task.version", version);
    }

    private static void Failed(this Activity span, Answer answer)
    {
        if (answer is TaskFailed { Failure: var task })
        {
            span.Failed(task);
        }
        else if (answer is SubOrchestrationInstanceFailed { Failure: var child })
        {
            span.Failed(child);
        }
    }

    private static string NameOf(string what, string name, string version) => version.Length == 0 ? $"{what}:{name}" : $"{what}:{name}@({version})";

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? SpanIdOf(Activity span);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_id")]
    private static extern ref string? IdOf(Activity span);
}
