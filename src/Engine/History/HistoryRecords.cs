using Sluice.Durable;

namespace Sluice.Engine.History;

/// <summary>Histories as the vocabulary shows them, the same on every host.</summary>
internal static class HistoryRecords
{
    public static HistoryRecord ToRecord(this HistoryEvent historyEvent)
    {
        var record = new HistoryRecord(historyEvent.GetType().Name, new DateTimeOffset(historyEvent.Timestamp));
        if (historyEvent is Decision decision)
        {
            record = record with { EventId = decision.EventId };
        }

        if (historyEvent is Answer answer)
        {
            record = record with { TaskScheduledId = answer.TaskId };
        }

        return historyEvent switch
        {
            ExecutionStarted e => record with { Name = e.Name, Input = e.Input },
            ExecutionCompleted e => record with { Result = e.Result },
            ExecutionFailed e => record with { Failure = e.Failure },
            ExecutionTerminated e => record with { Result = e.Output },
            ExecutionSuspended e => record with { Input = DurableJson.Write(e.Reason) },
            ExecutionResumed e => record with { Input = DurableJson.Write(e.Reason) },
            ExecutionRewound e => record with { Input = DurableJson.Write(e.Reason) },
            TaskScheduled e => record with { Name = e.Name, Input = e.Input },
            TaskCompleted e => record with { Result = e.Result },
            TaskFailed e => record with { Failure = e.Failure },
            SubOrchestrationInstanceCreated e => record with { Name = e.Name, Input = e.Input, InstanceId = e.InstanceId },
            SubOrchestrationInstanceCompleted e => record with { Result = e.Result },
            SubOrchestrationInstanceFailed e => record with { Failure = e.Failure },
            TimerCreated e => record with { FireAt = new DateTimeOffset(e.FireAt) },
            TimerFired e => record with { FireAt = new DateTimeOffset(e.FireAt) },
            EventSent e => record with { Name = e.Name, Input = e.Input, InstanceId = e.InstanceId },
            EventRaised e => record with { Name = e.Name, Input = e.Input },
            _ => record,
        };
    }
}
