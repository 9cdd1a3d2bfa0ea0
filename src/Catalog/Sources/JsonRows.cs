using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Sluice.Catalog.Sources;

/// <summary>
/// The wanted values of a JSON document, one at a time while it arrives: a list of many megabytes never lies in memory as a whole.
/// A pattern is the way to a value: names of members, <c>*</c> for any member, <c>[]</c> for any element, parted by dots.
/// </summary>
internal static class JsonRows
{
    /// <summary>Reads the values that one of the patterns leads to, in the order of the document.</summary>
    /// <exception cref="JsonException">Not JSON, or torn.</exception>
    public static async IAsyncEnumerable<JsonRow> ReadAsync(
        Stream stream, IReadOnlyList<string> patterns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var walk = new Walk(patterns);
        var final = false;
        while (true)
        {
            while (walk.TryRead(final, out var row))
            {
                yield return row;
            }

            if (final)
            {
                yield break;
            }

            var read = await stream.ReadAsync(walk.Free(), cancellationToken);
            walk.Received(read);
            final = read == 0;
        }
    }

    private sealed class Walk(IReadOnlyList<string> patterns)
    {
        private const string Member = "*";
        private const string Element = "[]";
        private readonly string[][] _patterns = [.. patterns.Select(pattern => pattern.Split('.'))];

        // From the root inwards. What no pattern leads into is walked through without a text being made of it.
        private readonly List<Level> _open = [];
        private byte[] _buffer = new byte[64 * 1024];
        private int _start;
        private int _end;
        private string _name = "";
        private uint _nameLeads;
        private JsonReaderState _state;

        public Memory<byte> Free()
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            if (_end == _buffer.Length)
            {
                Array.Resize(ref _buffer, 2 * _buffer.Length);
            }

            return _buffer.AsMemory(_end);
        }

        public void Received(int bytes) => _end += bytes;

        public bool TryRead(bool final, out JsonRow row)
        {
            var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), final, _state);
            var before = reader;
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        _nameLeads = Leads(ref reader);
                        _name = _nameLeads == 0 ? "" : reader.GetString()!;
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        _open.RemoveAt(_open.Count - 1);
                        break;
                    default:
                        var (name, leads) = _open switch
                        {
                            [] => ("", uint.MaxValue),
                            [.., { IsList: true }] => (Element, Leads(ref reader)),
                            _ => (_name, _nameLeads),
                        };
                        if (leads != 0 && IsWanted(leads))
                        {
                            if (!JsonDocument.TryParseValue(ref reader, out var document))
                            {
                                Keep(before);
                                row = default;
                                return false;
                            }

                            using (document)
                            {
                                row = new JsonRow([.. _open.Skip(1).Select(level => level.Name), name], document.RootElement.Clone());
                            }

                            Keep(reader);
                            return true;
                        }

                        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                        {
                            _open.Add(new Level(name, reader.TokenType == JsonTokenType.StartArray, leads));
                        }

                        break;
                }

                before = reader;
            }

            Keep(reader);
            row = default;
            return false;
        }

        private void Keep(in Utf8JsonReader reader)
        {
            _state = reader.CurrentState;
            _start += (int)reader.BytesConsumed;
        }

        // The patterns, a bit each, whose next step this member or element of the innermost level is.
        private uint Leads(ref Utf8JsonReader reader)
        {
            var level = _open[^1];
            var leads = 0u;
            for (var n = 0; n < _patterns.Length && level.Leads != 0; n++)
            {
                if ((level.Leads & (1u << n)) != 0 && _patterns[n].Length >= _open.Count)
                {
                    var step = _patterns[n][_open.Count - 1];
                    leads |= (level.IsList ? step == Element : step != Element && (step == Member || reader.ValueTextEquals(step))) ? 1u << n : 0;
                }
            }

            return leads;
        }

        private bool IsWanted(uint leads)
        {
            for (var n = 0; n < _patterns.Length; n++)
            {
                if ((leads & (1u << n)) != 0 && _patterns[n].Length == _open.Count)
                {
                    return true;
                }
            }

            return false;
        }

        private readonly record struct Level(string Name, bool IsList, uint Leads);
    }
}

/// <summary>A value and the way to it.</summary>
internal readonly record struct JsonRow(IReadOnlyList<string> Path, JsonElement Value);
