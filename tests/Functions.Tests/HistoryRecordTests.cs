using DurableTask.Core;
using DurableTask.Core.History;
using Sluice.Durable;
using Sluice.Functions.Adapters;

namespace Sluice.Functions.Tests;

/// <summary>Durable Task's history reads as the embedded engine's does.</summary>
public sealed class HistoryRecordTests
{
    private static readonly DateTime Noon = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void A_call_and_its_answer_name_each_other()
    {
        var scheduled = HistoryRecords.Of(new TaskScheduledEvent(3, "SetTraffic", "", "{\"weight\":10}") { Timestamp = Noon });
        var completed = HistoryRecords.Of(new TaskCompletedEvent(-1, 3, "{\"weight\":10}") { Timestamp = Noon });

        Assert.Equal(("TaskScheduled", 3, "SetTraffic", "{\"weight\":10}"), (scheduled.EventType, scheduled.EventId, scheduled.Name, scheduled.Input));
        Assert.Equal(("TaskCompleted", (int?)3, "{\"weight\":10}"), (completed.EventType, completed.TaskScheduledId, completed.Result));
        Assert.Equal(new DateTimeOffset(Noon), scheduled.Timestamp);
    }

    [Fact]
    public void A_failure_keeps_its_causes_and_says_something_without_details()
    {
        var details = new FailureDetails("Outer", "it broke", "here", new FailureDetails("Inner", "StaleWrite: fence 3 < 4", null, null, isNonRetriable: false), isNonRetriable: true);

        var failed = HistoryRecords.Of(new TaskFailedEvent(-1, 5, "it broke", null, details));
        var bare = HistoryRecords.Of(new SubOrchestrationInstanceFailedEvent(-1, 6, "ended", null));

        Assert.Equal(("StaleWrite", true, (int?)5), (failed.Failure!.Code, failed.Failure.IsNonRetriable, failed.TaskScheduledId));
        Assert.Equal(("ended", (int?)6), (bare.Failure!.ErrorMessage, bare.TaskScheduledId));
    }

    [Fact]
    public void A_diagnosis_is_made_of_the_calls_without_an_answer()
    {
        HistoryEvent[] history =
        [
            new TaskScheduledEvent(0, "quick") { Timestamp = Noon },
            new TaskCompletedEvent(-1, 0, "1") { Timestamp = Noon },
            new SubOrchestrationInstanceCreatedEvent(1) { Name = "Soak", InstanceId = "x:soak", Timestamp = Noon },
            new TaskScheduledEvent(2, "Look") { Timestamp = Noon },
            new TimerCreatedEvent(3) { FireAt = Noon.AddHours(1), Timestamp = Noon },
            new TimerCreatedEvent(4) { FireAt = Noon, Timestamp = Noon },
            new TimerFiredEvent(-1) { TimerId = 4, FireAt = Noon, Timestamp = Noon },
        ];
        var instance = new InstanceMetadata("Rollout", "x", RuntimeStatus.Running, new DateTimeOffset(Noon), new DateTimeOffset(Noon));

        var found = InstanceDiagnosis.From(instance, [.. history.Select(HistoryRecords.Of)], new DateTimeOffset(Noon.AddMinutes(30)));

        Assert.Equal((2, "Look"), (Assert.Single(found.Activities).Task, found.Activities[0].Name));
        Assert.Equal((1, "x:soak"), (Assert.Single(found.Children).Task, found.Children[0].InstanceId));
        Assert.Equal((3, new DateTimeOffset(Noon.AddHours(1))), (Assert.Single(found.Timers).Task, found.Timers[0].Due));
        Assert.Contains("Activity 'Look' (#2), called 2026-03-01T12:00:00Z, has no result yet.", found.Reasons);
        Assert.Empty(found.Faults);
    }

    [Fact]
    public void Timers_and_events_say_when_and_what()
    {
        var created = HistoryRecords.Of(new TimerCreatedEvent(7) { FireAt = Noon });
        var fired = HistoryRecords.Of(new TimerFiredEvent(-1) { TimerId = 7, FireAt = Noon });
        var raised = HistoryRecords.Of(new EventRaisedEvent(-1, "\"x\"") { Name = "Wake" });

        Assert.Equal((new DateTimeOffset(Noon), (int?)7), (created.FireAt!.Value, fired.TaskScheduledId));
        Assert.Equal(("EventRaised", "Wake", "\"x\""), (raised.EventType, raised.Name, raised.Input));
    }
}
