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
        private readonly string[][] _patterns = [.. patterns.Select(pattern => pattern.Split('.'))];
        private readonly List<string> _path = [];
        private readonly Stack<bool> _inList = new();
        private byte[] _buffer = new byte[64 * 1024];
        private int _start;
        private int _end;
        private string _name = "";
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
                        _name = reader.GetString()!;
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        _inList.Pop();
                        if (_path.Count > 0)
                        {
                            _path.RemoveAt(_path.Count - 1);
                        }

                        break;
                    default:
                        if (_inList.TryPeek(out var inList))
                        {
                            _path.Add(inList ? "[]" : _name);
                        }

                        if (IsWanted())
                        {
                            string[] path = [.. _path];
                            _path.RemoveAt(_path.Count - 1);
                            if (!JsonDocument.TryParseValue(ref reader, out var document))
                            {
                                Keep(before);
                                row = default;
                                return false;
                            }

                            using (document)
                            {
                                row = new JsonRow(path, document.RootElement.Clone());
                            }

                            Keep(reader);
                            return true;
                        }

                        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                        {
                            _inList.Push(reader.TokenType == JsonTokenType.StartArray);
                        }
                        else if (_path.Count > 0)
                        {
                            _path.RemoveAt(_path.Count - 1);
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

        private bool IsWanted() => _patterns.Any(pattern =>
            pattern.Length == _path.Count && pattern.Zip(_path).All(step => step.First == step.Second || (step.First == "*" && step.Second != "[]")));
    }
}

/// <summary>A value and the way to it.</summary>
internal readonly record struct JsonRow(IReadOnlyList<string> Path, JsonElement Value);
