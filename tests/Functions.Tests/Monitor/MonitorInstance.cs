using System.Text.Json;
using Newtonsoft.Json.Linq;

namespace Sluice.Functions.Tests.Monitor;

/// <summary>
/// What Durable Functions Monitor 6.7.3 hands to a tab's template, by the same names and types (DetailedOrchestrationStatus.cs and
/// OrchestrationHistory.cs of its DotNetIsolated.core): input, output and custom status as parsed JSON, the history as a JSON array.
/// </summary>
public sealed class MonitorInstance
{
    public string? Name { get; set; }

    public string? InstanceId { get; set; }

    public DateTime CreatedTime { get; set; }

    public DateTime LastUpdatedTime { get; set; }

    public JToken? Input { get; set; }

    public JToken? Output { get; set; }

    public MonitorStatus RuntimeStatus { get; set; }

    public JToken? CustomStatus { get; set; }

    public string? ParentInstanceId { get; set; }

    public JArray? History { get; set; }

    /// <summary>Reads <c>Recorded/{name}.json</c>.</summary>
    public static MonitorInstance Recorded(string name) => Parse(File.ReadAllText(Path.Combine(RecordedFolder, name + ".json")));

    /// <summary>Reads a recording's text.</summary>
    public static MonitorInstance Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var recorded = document.RootElement;
        return new MonitorInstance
        {
            Name = recorded.GetProperty(nameof(Name)).GetString(),
            InstanceId = recorded.GetProperty(nameof(InstanceId)).GetString(),
            CreatedTime = recorded.GetProperty(nameof(CreatedTime)).GetDateTime(),
            LastUpdatedTime = recorded.GetProperty(nameof(LastUpdatedTime)).GetDateTime(),
            RuntimeStatus = Enum.Parse<MonitorStatus>(recorded.GetProperty(nameof(RuntimeStatus)).GetString()!),
            ParentInstanceId = recorded.GetProperty(nameof(ParentInstanceId)).GetString(),
            Input = Token(recorded.GetProperty(nameof(Input))),
            Output = Token(recorded.GetProperty(nameof(Output))),
            CustomStatus = Token(recorded.GetProperty(nameof(CustomStatus))),
            History = JArray.FromObject(recorded.GetProperty(nameof(History)).EnumerateArray().Select(Event).ToList()),
        };
    }

    /// <summary>Where recordings are, in the source tree.</summary>
    public static string RecordedFolder => Path.Combine(TabTemplate.Repository, "tests", "Functions.Tests", "Monitor", "Recorded");

    // As the monitor does: what is absent becomes the empty text, objects and arrays are parsed (dates too), everything else is text.
    private static JToken Token(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => string.Empty,
        JsonValueKind.Object or JsonValueKind.Array => JToken.Parse(value.GetRawText()),
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };

    private static MonitorEvent Event(JsonElement value) => new(
        value.GetProperty("Timestamp").GetDateTimeOffset(),
        value.GetProperty("EventType").GetString()!,
        value.GetProperty("EventId") is { ValueKind: JsonValueKind.Number } id ? id.GetInt32() : null,
        value.GetProperty(nameof(Name)).GetString(),
        value.GetProperty("ScheduledTime") is { ValueKind: JsonValueKind.String } at ? at.GetDateTimeOffset() : null,
        value.GetProperty(nameof(Input)).GetString(),
        value.GetProperty("Result").GetString(),
        value.GetProperty("Details").GetString(),
        value.GetProperty("DurationInMs").GetDouble(),
        value.GetProperty("SubOrchestrationId").GetString());
}

/// <summary>A line of the history as the monitor makes it: a task and its completion are one; <c>Input</c> and <c>Result</c> are JSON texts.</summary>
public sealed record MonitorEvent(
    DateTimeOffset Timestamp, string EventType, int? EventId, string? Name, DateTimeOffset? ScheduledTime, string? Input, string? Result,
    string? Details, double DurationInMs, string? SubOrchestrationId);

/// <summary>The statuses of Microsoft.DurableTask.Client in their order: Fluid 2.7 gives templates the number, later ones the name.</summary>
public enum MonitorStatus
{
    Running,
    Completed,
    ContinuedAsNew,
    Failed,
    Canceled,
    Terminated,
    Pending,
    Suspended,
}
