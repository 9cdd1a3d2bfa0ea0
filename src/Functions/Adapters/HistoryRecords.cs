using DurableTask.Core;
using DurableTask.Core.History;
using Sluice.Durable;

namespace Sluice.Functions.Adapters;

/// <summary>Durable Task's own history as neutral records.</summary>
internal static class HistoryRecords
{
    public static HistoryRecord Of(HistoryEvent item)
    {
        var record = new HistoryRecord(item.EventType.ToString(), new DateTimeOffset(DateTime.SpecifyKind(item.Timestamp, DateTimeKind.Utc)), item.EventId);
        return item switch
        {
            ExecutionStartedEvent e => record with { Name = e.Name, Input = e.Input },
            ExecutionTerminatedEvent e => record with { Result = e.Input },
            ContinueAsNewEvent e => record with { Result = e.Result },
            ExecutionCompletedEvent e => record with { Result = e.Result, Failure = Of(e.FailureDetails) },
            TaskScheduledEvent e => record with { Name = e.Name, Input = e.Input },
            TaskCompletedEvent e => record with { TaskScheduledId = e.TaskScheduledId, Result = e.Result },
            TaskFailedEvent e => record with { TaskScheduledId = e.TaskScheduledId, Failure = Of(e.FailureDetails) ?? new TaskFailure("(unknown)", e.Reason ?? "") },
            SubOrchestrationInstanceCreatedEvent e => record with { Name = e.Name, Input = e.Input, InstanceId = e.InstanceId },
            SubOrchestrationInstanceCompletedEvent e => record with { TaskScheduledId = e.TaskScheduledId, Result = e.Result },
            SubOrchestrationInstanceFailedEvent e => record with
            {
                TaskScheduledId = e.TaskScheduledId,
                Failure = Of(e.FailureDetails) ?? new TaskFailure("(unknown)", e.Reason ?? ""),
            },
            TimerCreatedEvent e => record with { FireAt = Utc(e.FireAt) },
            TimerFiredEvent e => record with { TaskScheduledId = e.TimerId, FireAt = Utc(e.FireAt) },
            EventSentEvent e => record with { Name = e.Name, Input = e.Input, InstanceId = e.InstanceId },
            EventRaisedEvent e => record with { Name = e.Name, Input = e.Input },
            ExecutionSuspendedEvent e => record with { Input = e.Reason },
            ExecutionResumedEvent e => record with { Input = e.Reason },
            _ => record,
        };
    }

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    private static TaskFailure? Of(FailureDetails? details) => details is null
        ? null
        : new TaskFailure(details.ErrorType, details.ErrorMessage, details.StackTrace, Of(details.InnerFailure)) { IsNonRetriable = details.IsNonRetriable };
}
