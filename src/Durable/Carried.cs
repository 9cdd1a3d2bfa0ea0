using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Durable;

/// <summary>
/// A value, never changed, that an orchestration takes from one activity and hands to the next: its JSON goes on as it came, and is read only
/// where somebody asks for it. In histories it looks as the value itself does.
/// </summary>
[JsonConverter(typeof(CarriedJson))]
public sealed class Carried<T>
    where T : class
{
    private const int Places = 64;

    private static readonly Known?[] Lately = new Known?[Places];

    private byte[]? _json;
    private T? _value;

    /// <summary>One that is at hand.</summary>
    public Carried(T value) => _value = value;

    private Carried(byte[] json) => _json = json;

    /// <summary>The value.</summary>
    /// <exception cref="JsonException">What was written is none.</exception>
    public T Value => Volatile.Read(ref _value) ?? Recall(_json!);

    /// <summary>As it is written, in UTF-8.</summary>
    internal ReadOnlySpan<byte> Json
    {
        get
        {
            if (Volatile.Read(ref _value) is { } value)
            {
                var json = JsonSerializer.SerializeToUtf8Bytes(value, DurableJson.Options);
                Place(json) = new Known(json, value);
                _json = json;

                // Whoever waits holds the bytes alone, whether they were read or handed over.
                Volatile.Write(ref _value, null);
            }

            return _json;
        }
    }

    /// <summary>What was written. The value is not kept with it until somebody asks: who only hands it on holds the bytes alone.</summary>
    internal static Carried<T> Of(ReadOnlySpan<byte> json)
    {
        ref var place = ref Place(json);
        if (Volatile.Read(ref place) is { } known && json.SequenceEqual(known.Json))
        {
            return new Carried<T>(known.Json);
        }

        var own = json.ToArray();
        place = new Known(own, null);
        return new Carried<T>(own);
    }

    // Mostly this program wrote it just now: then nothing is to be read.
    private static T Recall(byte[] json)
    {
        ref var place = ref Place(json);
        if (Volatile.Read(ref place) is { Value: { } value } known && json.AsSpan().SequenceEqual(known.Json))
        {
            return value;
        }

        value = JsonSerializer.Deserialize<T>(json, DurableJson.Options) ?? throw new JsonException($"A {typeof(T).Name} is null.");
        place = new Known(json, value);
        return value;
    }

    private static ref Known? Place(ReadOnlySpan<byte> json)
    {
        var hash = default(HashCode);
        hash.AddBytes(json);
        return ref Lately[(uint)hash.ToHashCode() % Places];
    }

    private sealed record Known(byte[] Json, T? Value);
}

/// <summary>Hands JSON on as it came.</summary>
internal sealed class CarriedJson : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Carried<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;

    private sealed class Of<T> : JsonConverter<Carried<T>>
        where T : class
    {
        public override Carried<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            return Carried<T>.Of(JsonMarshal.GetRawUtf8Value(document.RootElement));
        }

        public override void Write(Utf8JsonWriter writer, Carried<T> value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.Json, skipInputValidation: true);
    }
}
