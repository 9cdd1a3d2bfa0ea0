using System.Text.Json.Serialization;
using Sluice.Durable;

namespace Sluice.Engine.History;

/// <summary>
/// One fact in the life of an instance. The set and its names are those of Durable Task (Azure/durabletask, src/DurableTask.Core/History).
/// A stored format: types and members are only ever added.
/// </summary>
/// <param name="Timestamp">When it happened, UTC.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ExecutionStarted), nameof(ExecutionStarted))]
[JsonDerivedType(typeof(ExecutionCompleted), nameof(ExecutionCompleted))]
[JsonDerivedType(typeof(ExecutionFailed), nameof(ExecutionFailed))]
[JsonDerivedType(typeof(ExecutionTerminated), nameof(ExecutionTerminated))]
[JsonDerivedType(typeof(ExecutionSuspended), nameof(ExecutionSuspended))]
[JsonDerivedType(typeof(ExecutionResumed), nameof(ExecutionResumed))]
[JsonDerivedType(typeof(ExecutionRewound), nameof(ExecutionRewound))]
[JsonDerivedType(typeof(ContinuedAsNew), "ContinueAsNew")]
[JsonDerivedType(typeof(TaskScheduled), nameof(TaskScheduled))]
[JsonDerivedType(typeof(TaskCompleted), nameof(TaskCompleted))]
[JsonDerivedType(typeof(TaskFailed), nameof(TaskFailed))]
[JsonDerivedType(typeof(SubOrchestrationInstanceCreated), nameof(SubOrchestrationInstanceCreated))]
[JsonDerivedType(typeof(SubOrchestrationInstanceCompleted), nameof(SubOrchestrationInstanceCompleted))]
[JsonDerivedType(typeof(SubOrchestrationInstanceFailed), nameof(SubOrchestrationInstanceFailed))]
[JsonDerivedType(typeof(TimerCreated), nameof(TimerCreated))]
[JsonDerivedType(typeof(TimerFired), nameof(TimerFired))]
[JsonDerivedType(typeof(EventSent), nameof(EventSent))]
[JsonDerivedType(typeof(EventRaised), nameof(EventRaised))]
[JsonDerivedType(typeof(OrchestratorStarted), nameof(OrchestratorStarted))]
[JsonDerivedType(typeof(OrchestratorCompleted), nameof(OrchestratorCompleted))]
[JsonDerivedType(typeof(GenericEvent), nameof(GenericEvent))]
[JsonDerivedType(typeof(HistoryState), nameof(HistoryState))]
internal abstract record HistoryEvent(DateTime Timestamp);

/// <summary>A run begins.</summary>
internal sealed record ExecutionStarted(
    DateTime Timestamp, string Name, string? Input, string Version, ParentInstance? Parent, IReadOnlyDictionary<string, string>? Tags)
    : HistoryEvent(Timestamp);

/// <summary>What the code decided in a turn: it carries the number that replay matches it by.</summary>
/// <param name="Timestamp">The turn's time.</param>
/// <param name="EventId">One counter numbers all decisions of a run, from 0.</param>
internal abstract record Decision(DateTime Timestamp, int EventId) : HistoryEvent(Timestamp);

/// <summary>An activity was called.</summary>
internal sealed record TaskScheduled(DateTime Timestamp, int EventId, string Name, string? Input) : Decision(Timestamp, EventId);

/// <summary>A child was called.</summary>
internal sealed record SubOrchestrationInstanceCreated(
    DateTime Timestamp, int EventId, string Name, string InstanceId, string Version, string? Input) : Decision(Timestamp, EventId)
{
    /// <summary>Whether the host chose the version: it may choose another one at a replay.</summary>
    [JsonIgnore]
    public bool IsHostVersion { get; init; }
}

/// <summary>A timer was set.</summary>
internal sealed record TimerCreated(DateTime Timestamp, int EventId, DateTime FireAt) : Decision(Timestamp, EventId);

/// <summary>An event was sent to another instance.</summary>
internal sealed record EventSent(DateTime Timestamp, int EventId, string InstanceId, string Name, string? Input) : Decision(Timestamp, EventId);

/// <summary>The code returned.</summary>
internal sealed record ExecutionCompleted(DateTime Timestamp, int EventId, string? Result) : Decision(Timestamp, EventId);

/// <summary>The code threw, or cannot be replayed.</summary>
internal sealed record ExecutionFailed(DateTime Timestamp, int EventId, TaskFailure Failure) : Decision(Timestamp, EventId);

/// <summary>The run ended to begin again. Never kept: the next run's history replaces it.</summary>
/// <param name="Timestamp">The turn's time.</param>
/// <param name="EventId">See <see cref="Decision"/>.</param>
/// <param name="Input">The next run's input.</param>
/// <param name="Carried">Events that the next run begins with.</param>
/// <param name="Version">The next run's version; the same when null.</param>
internal sealed record ContinuedAsNew(DateTime Timestamp, int EventId, string? Input, IReadOnlyList<EventRaised> Carried, string? Version = null)
    : Decision(Timestamp, EventId);

/// <summary>An answer to a decision.</summary>
/// <param name="Timestamp">When it came.</param>
/// <param name="TaskId">The decision's number.</param>
internal abstract record Answer(DateTime Timestamp, int TaskId) : HistoryEvent(Timestamp);

/// <summary>An activity returned.</summary>
internal sealed record TaskCompleted(DateTime Timestamp, int TaskId, string? Result) : Answer(Timestamp, TaskId);

/// <summary>An activity's attempt failed.</summary>
internal sealed record TaskFailed(DateTime Timestamp, int TaskId, TaskFailure Failure) : Answer(Timestamp, TaskId);

/// <summary>A child returned.</summary>
internal sealed record SubOrchestrationInstanceCompleted(DateTime Timestamp, int TaskId, string? Result) : Answer(Timestamp, TaskId);

/// <summary>A child failed, was terminated, or could not be started.</summary>
internal sealed record SubOrchestrationInstanceFailed(DateTime Timestamp, int TaskId, TaskFailure Failure) : Answer(Timestamp, TaskId);

/// <summary>A timer came due.</summary>
internal sealed record TimerFired(DateTime Timestamp, int TaskId, DateTime FireAt) : Answer(Timestamp, TaskId);

/// <summary>An event came from outside or from another instance.</summary>
internal sealed record EventRaised(DateTime Timestamp, string Name, string? Input) : HistoryEvent(Timestamp);

/// <summary>Ended from outside.</summary>
/// <param name="Timestamp">When.</param>
/// <param name="Output">JSON of the instance's output.</param>
/// <param name="Recursive">Whether its open children end, too.</param>
internal sealed record ExecutionTerminated(
    DateTime Timestamp, string? Output, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Recursive = false)
    : HistoryEvent(Timestamp);

/// <summary>Paused from outside.</summary>
internal sealed record ExecutionSuspended(DateTime Timestamp, string? Reason) : HistoryEvent(Timestamp);

/// <summary>Lets a paused run go on.</summary>
internal sealed record ExecutionResumed(DateTime Timestamp, string? Reason) : HistoryEvent(Timestamp);

/// <summary>Lets a failed run go on from its last good point.</summary>
internal sealed record ExecutionRewound(DateTime Timestamp, string? Reason) : HistoryEvent(Timestamp);

/// <summary>A turn begins; its time is what the code sees until the next one.</summary>
internal sealed record OrchestratorStarted(DateTime Timestamp) : HistoryEvent(Timestamp);

/// <summary>A turn ended: everything the code decided in it stands before this.</summary>
internal sealed record OrchestratorCompleted(DateTime Timestamp) : HistoryEvent(Timestamp);

/// <summary>Of Durable Task's set, never written here: read and passed over.</summary>
internal sealed record GenericEvent(DateTime Timestamp, string? Data) : HistoryEvent(Timestamp);

/// <summary>Of Durable Task's set, never written here: read and passed over.</summary>
internal sealed record HistoryState(DateTime Timestamp) : HistoryEvent(Timestamp);
