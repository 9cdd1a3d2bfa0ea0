using Sluice.Durable;
using Sluice.Engine.History;

namespace Sluice.Engine.Tests;

/// <summary>The stored form of histories: what an older program wrote must be readable for ever. Lines are added, never changed.</summary>
public sealed class HistoryFormatTests
{
    private static readonly DateTime At = new(2027, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private static readonly TaskFailure Failure = new("A.B", "Code: why", "at X", new TaskFailure("C", "d")) { IsNonRetriable = true };

    public static TheoryData<string, string> Lines => new()
    {
        { "ExecutionStarted", """{"type":"ExecutionStarted","name":"main","input":"{\"a\":1}","version":"1.0","parent":{"name":"p","instanceId":"q"},"tags":{"k":"v"},"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "ExecutionCompleted", """{"type":"ExecutionCompleted","result":"7","eventId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "ExecutionFailed", """{"type":"ExecutionFailed","failure":{"errorType":"A.B","errorMessage":"Code: why","stackTrace":"at X","inner":{"errorType":"C","errorMessage":"d","isNonRetriable":false},"isNonRetriable":true,"code":"Code"},"eventId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "ExecutionTerminated", """{"type":"ExecutionTerminated","output":"\"x\"","timestamp":"2027-01-02T03:04:05Z"}""" },
        { "ExecutionSuspended", """{"type":"ExecutionSuspended","reason":"r","timestamp":"2027-01-02T03:04:05Z"}""" },
        { "ExecutionResumed", """{"type":"ExecutionResumed","reason":"r","timestamp":"2027-01-02T03:04:05Z"}""" },
        { "ExecutionRewound", """{"type":"ExecutionRewound","reason":"r","timestamp":"2027-01-02T03:04:05Z"}""" },
        { "TaskScheduled", """{"type":"TaskScheduled","name":"a","input":"1","eventId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "TaskCompleted", """{"type":"TaskCompleted","result":"2","taskId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "TaskFailed", """{"type":"TaskFailed","failure":{"errorType":"C","errorMessage":"d","isNonRetriable":false},"taskId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "SubOrchestrationInstanceCreated", """{"type":"SubOrchestrationInstanceCreated","name":"c","instanceId":"i","version":"","input":"1","eventId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "SubOrchestrationInstanceCompleted", """{"type":"SubOrchestrationInstanceCompleted","result":"2","taskId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "SubOrchestrationInstanceFailed", """{"type":"SubOrchestrationInstanceFailed","failure":{"errorType":"C","errorMessage":"d","isNonRetriable":false},"taskId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "TimerCreated", """{"type":"TimerCreated","fireAt":"2027-01-02T03:04:05Z","eventId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "TimerFired", """{"type":"TimerFired","fireAt":"2027-01-02T03:04:05Z","taskId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "EventSent", """{"type":"EventSent","instanceId":"i","name":"e","input":"1","eventId":3,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "EventRaised", """{"type":"EventRaised","name":"e","input":"1","timestamp":"2027-01-02T03:04:05Z"}""" },
        { "OrchestratorStarted", """{"type":"OrchestratorStarted","timestamp":"2027-01-02T03:04:05Z"}""" },
        { "ExecutionTerminated", """{"type":"ExecutionTerminated","output":"\"x\"","recursive":true,"timestamp":"2027-01-02T03:04:05Z"}""" },
        { "GenericEvent", """{"type":"GenericEvent","data":"d","timestamp":"2027-01-02T03:04:05Z"}""" },
        { "HistoryState", """{"type":"HistoryState","timestamp":"2027-01-02T03:04:05Z"}""" },
        { "OrchestratorCompleted", """{"type":"OrchestratorCompleted","timestamp":"2027-01-02T03:04:05Z"}""" },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_stored_event_is_read_and_written_as_ever(string type, string line)
    {
        var historyEvent = HistoryJson.Read(line);

        Assert.Equal(type, historyEvent.GetType().Name);
        Assert.Equal(At, historyEvent.Timestamp);
        Assert.Equal(DateTimeKind.Utc, historyEvent.Timestamp.Kind);
        Assert.Equal(line, HistoryJson.Write(historyEvent));
        Assert.Equal(type, historyEvent.ToRecord().EventType);
    }

    [Fact]
    public void A_failure_keeps_its_causes()
    {
        var read = (ExecutionFailed)HistoryJson.Read(HistoryJson.Write(new ExecutionFailed(At, 0, Failure)));

        Assert.Equal(Failure, read.Failure);
    }

    [Fact]
    public void States_are_stored_by_the_numbers_of_durable_task() => Assert.Equal(
        ["Running", "Completed", "ContinuedAsNew", "Failed", "Canceled", "Terminated", "Pending", "Suspended"],
        Enumerable.Range(0, 8).Select(n => ((RuntimeStatus)n).ToString()));
}
