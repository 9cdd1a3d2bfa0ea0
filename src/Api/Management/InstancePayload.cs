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
        instance.Failure is { } failure ? JsonValue.Create($"{failure.ErrorType}: {failure.ErrorMessage}") : Parse(instance.SerializedOutput);

    /// <summary>What is stored is JSON; if it is not, it is shown as the text it is.</summary>
    public static JsonNode? Parse(string? json)
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
