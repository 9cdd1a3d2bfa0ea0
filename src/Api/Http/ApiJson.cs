using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Http;

/// <summary>The JSON of the API: camelCase names, enum values by their PascalCase names, times in RFC 3339 UTC with milliseconds and <c>Z</c>.</summary>
public static class ApiJson
{
    /// <summary>For answers, and for clients reading them: members they do not know are passed over.</summary>
    public static JsonSerializerOptions Options { get; } = Create(strict: false);

    /// <summary>For request bodies: an unknown or missing member is a fault, so that a misspelt one is not silently ignored.</summary>
    public static JsonSerializerOptions Requests { get; } = Create(strict: true);

    private static JsonSerializerOptions Create(bool strict)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false), new UtcMilliseconds() },
            UnmappedMemberHandling = strict ? JsonUnmappedMemberHandling.Disallow : JsonUnmappedMemberHandling.Skip,
            RespectRequiredConstructorParameters = strict,
            RespectNullableAnnotations = strict,
            MaxDepth = 64,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutProjection } },
        };
        options.MakeReadOnly();
        return options;
    }

    // A view has the status itself; the registry's copy of it may lag and would contradict.
    private static void LeaveOutProjection(JsonTypeInfo type)
    {
        if (type.Type == typeof(RolloutRecord))
        {
            foreach (var property in type.Properties.Where(p => p.Name is "status" or "statusSequence").ToList())
            {
                type.Properties.Remove(property);
            }
        }
    }

    private sealed class UtcMilliseconds : JsonConverter<DateTimeOffset>
    {
        private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDateTimeOffset().ToUniversalTime();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture));
    }
}
