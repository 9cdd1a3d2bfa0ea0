using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Durable;

namespace Sluice.Api.Management;

/// <summary>Instances as Durable Functions' HTTP API writes them (Azure/azure-functions-durable-extension, HttpApiHandler.cs).</summary>
internal static class InstancePayload
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public static JsonObject Of(InstanceMetadata instance, bool showInput) => new()
    {
        ["name"] = instance.Name,
        ["instanceId"] = instance.InstanceId,
        ["runtimeStatus"] = instance.RuntimeStatus.ToString(),
        ["input"] = showInput ? Parse(instance.SerializedInput) : null,
        ["customStatus"] = Parse(instance.SerializedCustomStatus),
        ["output"] = Output(instance),
        ["createdTime"] = Time(instance.CreatedAt),
        ["lastUpdatedTime"] = Time(instance.LastUpdatedAt),
    };

    public static JsonNode? Output(InstanceMetadata instance) =>
        instance.Failure is { } failure ? JsonValue.Create(failure.ErrorMessage) : Parse(instance.SerializedOutput);

    public static JsonArray History(IReadOnlyList<HistoryRecord> records, bool showOutput)
    {
        var events = new JsonArray();
        foreach (var record in records)
        {
            var item = new JsonObject { ["EventType"] = record.EventType, ["Timestamp"] = record.Timestamp.UtcDateTime.ToString("o", CultureInfo.InvariantCulture) };
            Add(item, "FunctionName", record.Name);
            Add(item, "TaskScheduledId", record.TaskScheduledId);
            Add(item, "FireAt", record.FireAt?.UtcDateTime.ToString("o", CultureInfo.InvariantCulture));
            Add(item, "Reason", record.Failure?.ErrorMessage);
            if (showOutput && record.Result is not null)
            {
                item["Result"] = Parse(record.Result);
            }

            events.Add(item);
        }

        return events;
    }

    private static void Add<T>(JsonObject item, string name, T? value)
    {
        if (value is not null)
        {
            item[name] = JsonValue.Create(value);
        }
    }

    // What is stored is JSON; if it is not, it is shown as the text it is.
    private static JsonNode? Parse(string? json)
    {
        if (json is null)
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            return JsonValue.Create(json);
        }
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);
}
