using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Domain.Analysis;

/// <summary>
/// Numbers that nobody reads, as they are stored: the base64 of their IEEE 754 bytes, little-endian. Half as long as in digits, and much sooner
/// written and read. A plain array is read as well.
/// </summary>
internal sealed class PackedDoubles : JsonConverter<IReadOnlyList<double>>
{
    public override IReadOnlyList<double> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return MemoryMarshal.Cast<byte, double>(reader.GetBytesFromBase64()).ToArray();
        }

        var numbers = new List<double>();
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            numbers.Add(reader.GetDouble());
        }

        return numbers;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<double> value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(MemoryMarshal.AsBytes<double>(value as double[] ?? [.. value]));
}
