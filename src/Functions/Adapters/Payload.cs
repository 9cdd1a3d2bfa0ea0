using System.Text.Json;
using Sluice.Durable;

namespace Sluice.Functions.Adapters;

/// <summary>
/// What crosses Durable Functions is written and read by <see cref="DurableJson"/> and handed over as a <see cref="JsonElement"/>, so that
/// neither the worker's serializer nor the SDK's converter changes it: histories read alike on both hosts.
/// </summary>
internal static class Payload
{
    public static JsonElement? Write(object? value) =>
        value is null ? null : JsonSerializer.SerializeToElement(value, value.GetType(), DurableJson.Options);

    public static T? Read<T>(JsonElement? payload) => Text(payload) is { } json ? DurableJson.Read<T>(json) : default;

    /// <summary>The JSON text; null for none and for a JSON null.</summary>
    public static string? Text(JsonElement? payload) =>
        payload is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } json ? json.GetRawText() : null;
}
