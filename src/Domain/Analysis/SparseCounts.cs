using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Domain.Analysis;

/// <summary>
/// Counts per bucket as they are stored: <c>{ "from": 40, "counts": [3, 17, 5] }</c>, the index of the first that is not 0 and all up to the last
/// that is not. Most of the <see cref="LatencyBuckets"/> are empty. A plain array is read as well.
/// </summary>
internal sealed class SparseCounts : JsonConverter<IReadOnlyList<long>>
{
    private const string From = "from";
    private const string Counts = "counts";

    public override IReadOnlyList<long> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            return ReadArray(ref reader, 0);
        }

        IReadOnlyList<long> counts = [];
        var from = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isFrom = reader.ValueTextEquals(From);
            reader.Read();
            if (isFrom)
            {
                from = reader.GetInt32();
                if (from < 0 || from >= LatencyBuckets.Count)
                {
                    throw new JsonException($"Counts begin at one of {LatencyBuckets.Count} buckets, not at {from}.");
                }
            }
            else
            {
                counts = ReadArray(ref reader, from);
            }
        }

        return counts;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<long> value, JsonSerializerOptions options)
    {
        var (first, end) = (0, value.Count);
        while (first < end && value[first] == 0)
        {
            first++;
        }

        while (end > first && value[end - 1] == 0)
        {
            end--;
        }

        writer.WriteStartObject();
        if (first < end)
        {
            writer.WriteNumber(From, first);
            writer.WriteStartArray(Counts);
            for (var i = first; i < end; i++)
            {
                writer.WriteNumberValue(value[i]);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static List<long> ReadArray(ref Utf8JsonReader reader, int zeros)
    {
        var counts = new List<long>(LatencyBuckets.Count);
        counts.AddRange(Enumerable.Repeat(0L, zeros));
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            counts.Add(reader.GetInt64());
        }

        return counts;
    }
}
