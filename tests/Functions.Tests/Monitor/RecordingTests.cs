using System.Net.Http.Json;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Functions.Tests.Monitor;

/// <summary>
/// Records an instance of a running server for the tab tests. <c>SLUICE_RECORD_MONITOR="{file name} {url}"</c>, where the URL is the
/// instance's <c>statusQueryGetUri</c> of the standalone server with its code, writes <c>Recorded/{file name}.json</c> anew. On Azure the
/// monitor itself gives the same shape: <c>orchestrations('{id}')</c> and its <c>/history</c>.
/// </summary>
public sealed class RecordingTests
{
    private const string Switch = "SLUICE_RECORD_MONITOR";
    private const int LongestNumbers = 16;
    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task Recordings_have_a_history_and_are_made_anew_when_told_to()
    {
        if (Environment.GetEnvironmentVariable(Switch)?.Split(' ', 2) is { } told)
        {
            await RecordAsync(told[0], told[1]);
        }

        Assert.All(
            Directory.GetFiles(MonitorInstance.RecordedFolder, "*.json"),
            file => Assert.NotEmpty(MonitorInstance.Parse(File.ReadAllText(file)).History!));
    }

    private static async Task RecordAsync(string name, string uri)
    {
        var url = new UriBuilder(uri);
        url.Query += "&showHistory=true&showHistoryOutput=true&showInput=true";
        using var http = new HttpClient();
        var answer = await http.GetFromJsonAsync<JsonObject>(url.Uri, TestContext.Current.CancellationToken);
        var id = (string)answer!["instanceId"]!;
        url.Path = url.Path[..(url.Path.LastIndexOf('/'))];
        url.Query += $"&top=100&instanceIdPrefix={Uri.EscapeDataString(id + ":")}";
        var children = await http.GetFromJsonAsync<JsonArray>(url.Uri, TestContext.Current.CancellationToken);

        var recorded = new JsonObject
        {
            ["Name"] = Copy(answer["name"]),
            ["InstanceId"] = id,
            ["CreatedTime"] = Copy(answer["createdTime"]),
            ["LastUpdatedTime"] = Copy(answer["lastUpdatedTime"]),
            ["RuntimeStatus"] = Copy(answer["runtimeStatus"]),
            ["ParentInstanceId"] = id.Contains(':', StringComparison.Ordinal) ? id[..id.LastIndexOf(':')] : null,
            ["Input"] = Short(answer["input"]),
            ["Output"] = Short(answer["output"]),
            ["CustomStatus"] = Copy(answer["customStatus"]),
            ["History"] = History(answer["historyEvents"]!.AsArray(), new Queue<string>(Ids(children!))),
        };
        await File.WriteAllTextAsync(
            Path.Combine(MonitorInstance.RecordedFolder, name + ".json"), recorded.ToJsonString(Written) + "\n", TestContext.Current.CancellationToken);
    }

    // The monitor joins a task and its completion into one line at the place of the first, and leaves the turns out.
    private static JsonArray History(JsonArray events, Queue<string> children)
    {
        var ends = events.Where(e => e!["TaskScheduledId"] is not null && (string)e["EventType"]! != "TimerFired").ToLookup(e => (int)e!["TaskScheduledId"]!);
        var started = events.First(e => (string)e!["EventType"]! == "ExecutionStarted");
        var lines = new JsonArray();
        var actions = 0;
        foreach (var happened in events)
        {
            var type = (string)happened!["EventType"]!;
            var line = type switch
            {
                "TaskScheduled" => Line(ends[actions++].FirstOrDefault() ?? happened, happened),
                "SubOrchestrationInstanceCreated" => Line(ends[actions++].FirstOrDefault() ?? happened, happened, children.Dequeue()),
                "ExecutionCompleted" or "ExecutionFailed" or "ExecutionTerminated" => Line(happened, started),
                "TimerCreated" or "EventSent" => Line(happened, null, null, actions++),
                "ExecutionStarted" or "TimerFired" or "EventRaised" or "ContinueAsNew" => Line(happened, null),
                _ => null,
            };
            if (line is not null)
            {
                lines.Add(line);
            }
        }

        return lines;
    }

    private static JsonObject Line(JsonNode shown, JsonNode? since, string? child = null, int? id = null)
    {
        var from = since is null || since == shown ? (DateTimeOffset?)null : (DateTimeOffset)since["Timestamp"]!;
        return new JsonObject
        {
            ["Timestamp"] = Copy(shown["Timestamp"]),
            ["EventType"] = Copy(shown["EventType"]),
            ["EventId"] = Copy(shown["TaskScheduledId"]) ?? id,
            ["Name"] = Copy(shown["FunctionName"] ?? since?["FunctionName"]),
            ["ScheduledTime"] = from,
            ["Input"] = null,
            ["Result"] = Short(shown["Result"])?.ToJsonString(OneLine),
            ["Details"] = Copy(shown["Reason"]),
            ["DurationInMs"] = from is null ? 0 : ((DateTimeOffset)shown["Timestamp"]! - from.Value).TotalMilliseconds,
            ["SubOrchestrationId"] = child,
        };
    }

    // In the order they were made, which is the order of the lines that made them.
    private static IEnumerable<string> Ids(JsonArray instances) =>
        instances.OrderBy(i => (string)i!["createdTime"]!, StringComparer.Ordinal).Select(i => (string)i!["instanceId"]!);

    private static JsonNode? Copy(JsonNode? node) => node?.DeepClone();

    // Histograms of latency are long, and no tab shows them.
    private static JsonNode? Short(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.Select(m => KeyValuePair.Create(m.Key, Short(m.Value)))),
        JsonArray { Count: > LongestNumbers } numbers when numbers.All(n => n is JsonValue v && v.GetValueKind() == JsonValueKind.Number) => new JsonArray(),
        JsonArray items => new JsonArray([.. items.Select(Short)]),
        _ => Copy(node),
    };
}
