using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Durable;

/// <summary>
/// Numbers as they are always written, but those without a fraction, such as counts, by the way of integers: finding the shortest digits
/// of a fraction takes several times as long.
/// </summary>
internal sealed class WholeNumbers : JsonConverter<double>
{
    // Beyond it digits of an integer are no longer the shortest that read back the same.
    private const double Largest = 1e15;

    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        var whole = (long)value;
        if (whole == value && whole != 0 && Math.Abs(value) < Largest)
        {
            writer.WriteNumberValue(whole);
        }
        else
        {
            writer.WriteNumberValue(value);
        }
    }
}
