using System.Globalization;
using System.Text.Json.Nodes;
using Sluice.Durable;

namespace Sluice.Api.Management;

/// <summary>
/// Histories as Durable Functions' HTTP API shows them (DurableClient.cs of the extension): what a task was asked is told with its answer, turns are
/// left out, inputs are texts of JSON and results are JSON.
/// </summary>
internal static class HistoryPayload
{
    /// <param name="records">In order.</param>
    /// <param name="showInput">Whether inputs are shown.</param>
    /// <param name="showOutput">Whether results are shown.</param>
    public static JsonArray Of(IReadOnlyList<HistoryRecord> records, bool showInput, bool showOutput)
    {
        var answered = records.Where(r => r.TaskScheduledId is not null).Select(r => (Question(r), r.TaskScheduledId!.Value)).ToHashSet();
        var asked = new Dictionary<(string EventType, int EventId), HistoryRecord>();
        var events = new JsonArray();
        foreach (var record in records)
        {
            if (record.EventType is "TaskScheduled" or "SubOrchestrationInstanceCreated")
            {
                asked[(record.EventType, record.EventId)] = record;
                if (answered.Contains((record.EventType, record.EventId)))
                {
                    continue;
                }
            }

            if (record.EventType is not ("OrchestratorStarted" or "OrchestratorCompleted"))
            {
                events.Add(Of(record, record.TaskScheduledId is { } id ? asked.GetValueOrDefault((Question(record), id)) : null, showInput, showOutput));
            }
        }

        return events;
    }

    private static string Question(HistoryRecord answer) => answer.EventType switch
    {
        "TaskCompleted" or "TaskFailed" => "TaskScheduled",
        "SubOrchestrationInstanceCompleted" or "SubOrchestrationInstanceFailed" => "SubOrchestrationInstanceCreated",
        _ => "",
    };

    private static JsonObject Of(HistoryRecord record, HistoryRecord? question, bool showInput, bool showOutput)
    {
        var item = new JsonObject
        {
            ["EventType"] = record.EventType == "ExecutionFailed" ? "ExecutionCompleted" : record.EventType,
            ["Timestamp"] = Time(record.Timestamp),
        };
        if (question is not null)
        {
            item["ScheduledTime"] = Time(question.Timestamp);
            item["FunctionName"] = question.Name;
        }

        var result = false;
        switch (record.EventType)
        {
            case "ExecutionStarted":
                item["FunctionName"] = record.Name;
                break;
            case "ExecutionCompleted":
                item["OrchestrationStatus"] = "Completed";
                result = true;
                break;
            case "ExecutionFailed":
                item["OrchestrationStatus"] = "Failed";
                result = true;
                break;
            case "TaskCompleted" or "SubOrchestrationInstanceCompleted":
                result = true;
                break;
            case "TaskFailed" or "SubOrchestrationInstanceFailed":
                item["Reason"] = record.Failure?.ErrorMessage;
                item["Details"] = record.Failure is { } failure ? $"{failure.ErrorType}: {failure.ErrorMessage}\n{failure.StackTrace}".TrimEnd() : null;
                break;
            case "ExecutionSuspended" or "ExecutionResumed" or "ExecutionRewound":
                item["Reason"] = InstancePayload.Parse(record.Input);
                break;
            case "TimerCreated" or "TimerFired":
                item["FireAt"] = record.FireAt is { } due ? Time(due) : null;
                break;
        }

        if (record.Name is not null && question is null && record.EventType != "ExecutionStarted")
        {
            item["Name"] = record.Name;
        }

        if (record.InstanceId is not null)
        {
            item["InstanceId"] = record.InstanceId;
        }

        var input = record.EventType switch
        {
            "ExecutionTerminated" => record.Result,
            "ExecutionSuspended" or "ExecutionResumed" or "ExecutionRewound" => null,
            _ => (question ?? record).Input,
        };
        if (showInput && input is not null)
        {
            item["Input"] = input;
        }

        if (showOutput && result)
        {
            item["Result"] = record.Failure is { } error ? error.ErrorMessage : InstancePayload.Parse(record.Result);
        }

        return item;
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("o", CultureInfo.InvariantCulture);
}
