using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Durable;

namespace Sluice.Engine.History;

/// <summary>The stored form of histories.</summary>
[JsonSerializable(typeof(List<HistoryEvent>))]
[JsonSerializable(typeof(HistoryEvent))]
[JsonSerializable(typeof(TaskFailure))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class HistoryJson : JsonSerializerContext
{
    private static readonly HistoryJson Stored = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>A turn as UTF-8, as the store takes it.</summary>
    public static byte[] WriteUtf8(List<HistoryEvent> events) => JsonSerializer.SerializeToUtf8Bytes(events, Stored.ListHistoryEvent);

    public static string Write(List<HistoryEvent> events) => JsonSerializer.Serialize(events, Stored.ListHistoryEvent);

    public static string Write(HistoryEvent historyEvent) => JsonSerializer.Serialize(historyEvent, Stored.HistoryEvent);

    public static List<HistoryEvent> ReadList(string json) => JsonSerializer.Deserialize(json, Stored.ListHistoryEvent) ?? [];

    public static HistoryEvent Read(string json) =>
        JsonSerializer.Deserialize(json, Stored.HistoryEvent) ?? throw new JsonException("A history event is null.");

    public static string? Write(TaskFailure? failure) => failure is null ? null : JsonSerializer.Serialize(failure, Stored.TaskFailure);

    public static TaskFailure? ReadFailure(string? json) => json is null ? null : JsonSerializer.Deserialize(json, Stored.TaskFailure);

    public static string? Write(IReadOnlyDictionary<string, string>? tags) =>
        tags is null or { Count: 0 } ? null : JsonSerializer.Serialize(new Dictionary<string, string>(tags), Stored.DictionaryStringString);

    public static IReadOnlyDictionary<string, string> ReadTags(string? json) =>
        json is null ? new Dictionary<string, string>() : JsonSerializer.Deserialize(json, Stored.DictionaryStringString)!;
}
