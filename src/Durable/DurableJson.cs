using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Durable;

/// <summary>The one JSON of everything durable: inputs, outputs, events, statuses. A stored format: settings are only ever added to.</summary>
public static class DurableJson
{
    /// <summary>camelCase names, read without case; enums by name.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>JSON of a value by its runtime type; null for null.</summary>
    public static string? Write(object? value)
    {
        if (value is null)
        {
            return null;
        }

        var json = JsonSerializer.Serialize(value, value.GetType(), Options);
        if (value is IUnchanging unchanging)
        {
            Handover.Keep(json, unchanging);
        }

        return json;
    }

    /// <summary>
    /// Not JSON, where a value is <see cref="IUnchanging"/>, but a string that stands for it in this process: for hosts that store nothing.
    /// </summary>
    public static string? StandIn(object? value) => value is IUnchanging unchanging ? Handover.StandIn(unchanging) : Write(value);

    /// <summary>Reads JSON; the type's default for null.</summary>
    /// <exception cref="JsonException">The text is not JSON of that type.</exception>
    public static T? Read<T>(string? json) =>
        json is null ? default
        : typeof(IUnchanging).IsAssignableFrom(typeof(T)) && Handover.Of(json) is T value ? value
        : JsonSerializer.Deserialize<T>(json, Options);

    /// <summary>Reads JSON as a type known at run time; the type's default for null.</summary>
    public static object? Read(string? json, Type type) =>
        json is null ? (type.IsValueType ? Activator.CreateInstance(type) : null)
        : typeof(IUnchanging).IsAssignableFrom(type) && Handover.Of(json) is { } value && type.IsInstanceOfType(value) ? value
        : JsonSerializer.Deserialize(json, type, Options);

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new JsonStringEnumConverter(), new WholeNumbers() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
