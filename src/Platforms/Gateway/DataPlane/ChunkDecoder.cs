using System.Globalization;

namespace Sluice.Platforms.Gateway;

/// <summary>Takes the chunked transfer coding (RFC 9112 §7.1) off a stream of bytes that comes in pieces. Trailers are dropped.</summary>
internal struct ChunkDecoder
{
    // A size, its extensions or a trailer field; more is an attack or not HTTP.
    private const int MaxLineLength = 4096;
    private const int MaxTrailerLength = 32 * 1024;

    private State _state;
    private long _remaining;
    private int _trailerLength;

    private enum State
    {
        Size,
        Data,
        DataEnd,
        Trailer,
        Complete,
    }

    /// <summary>Whether the last chunk and its trailers have been read.</summary>
    public readonly bool IsComplete => _state == State.Complete;

    /// <summary>Reads up to the end of the next piece of data.</summary>
    /// <param name="input">What has been received and not consumed.</param>
    /// <param name="data">The data found, perhaps empty; a part of <paramref name="input"/>.</param>
    /// <returns>How many bytes to consume, <paramref name="data"/> included; 0 when more must be received.</returns>
    /// <exception cref="MalformedResponseException">It is not chunked coding.</exception>
    public int Read(ReadOnlySpan<byte> input, out Range data)
    {
        data = default;
        var consumed = 0;
        while (consumed < input.Length && _state != State.Complete)
        {
            if (_state == State.Data)
            {
                var length = (int)Math.Min(_remaining, input.Length - consumed);
                data = consumed..(consumed + length);
                _remaining -= length;
                _state = _remaining == 0 ? State.DataEnd : State.Data;
                return consumed + length;
            }

            var rest = input[consumed..];
            var end = rest.IndexOf("\r\n"u8);
            if (end < 0)
            {
                if (rest.Length > MaxLineLength)
                {
                    throw new MalformedResponseException("a chunk's head is too long");
                }

                return consumed;
            }

            TakeLine(rest[..end]);
            consumed += end + 2;
        }

        return consumed;
    }

    private void TakeLine(ReadOnlySpan<byte> line)
    {
        switch (_state)
        {
            case State.DataEnd:
                if (!line.IsEmpty)
                {
                    throw new MalformedResponseException("a chunk is longer than it says");
                }

                _state = State.Size;
                break;
            case State.Size:
                var semicolon = line.IndexOf((byte)';');
                var size = (semicolon < 0 ? line : line[..semicolon]).TrimEnd(" \t"u8);

                // At most 15 digits, so that the size stays positive.
                if (size.Length is 0 or > 15 || !long.TryParse(size, NumberStyles.AllowHexSpecifier, null, out _remaining))
                {
                    throw new MalformedResponseException("a chunk's size is not a hexadecimal number");
                }

                _state = _remaining == 0 ? State.Trailer : State.Data;
                break;
            case State.Trailer:
                _trailerLength += line.Length;
                if (_trailerLength > MaxTrailerLength)
                {
                    throw new MalformedResponseException("its trailers are too long");
                }

                _state = line.IsEmpty ? State.Complete : State.Trailer;
                break;
            case State.Data:
            case State.Complete:
            default:
                throw new InvalidOperationException($"No line is expected in {_state}.");
        }
    }
}
