using System.Globalization;
using System.Text;

namespace Sluice.Catalog.Cache;

/// <summary>
/// Reads replies of the Redis serialization protocol, version 2 and 3 (redis.io/docs/latest/develop/reference/protocol-spec): a type byte, a
/// line, and for some types so many bytes or replies more.
/// </summary>
/// <param name="stream">What the server sends.</param>
internal sealed class RespReader(Stream stream)
{
    // Our largest answer is a tenth of a megabyte; more is not what we asked for.
    private const int MostBytes = 16 * 1024 * 1024;
    private const int LongestLine = 64 * 1024;
    private const int Deepest = 8;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next reply.</summary>
    /// <exception cref="InvalidDataException">No such protocol.</exception>
    /// <exception cref="EndOfStreamException">The server has hung up.</exception>
    public Task<RespReply> ReadAsync(CancellationToken cancellationToken) => ReadAsync(depth: 0, cancellationToken);

    private async Task<RespReply> ReadAsync(int depth, CancellationToken cancellationToken)
    {
        var line = await ReadLineAsync(cancellationToken);
        if (line.Length == 0 || depth > Deepest)
        {
            throw new InvalidDataException("an empty line, or replies within replies");
        }

        var rest = line[1..];
        switch (line[0])
        {
            case '+' or ':' or ',' or '(' or '#':
                return new RespReply(rest, IsError: false);
            case '-':
                return new RespReply(rest, IsError: true);
            case '_':
                return RespReply.Nothing;
            case '$' or '=' or '!':
                var text = await ReadBulkAsync(Length(rest), cancellationToken);
                // Verbatim text begins with its kind: txt: or mkd:.
                return new RespReply(line[0] == '=' && text is { Length: >= 4 } ? text[4..] : text, line[0] == '!');
            case '*' or '~' or '>':
                await SkipAsync(Length(rest), depth, cancellationToken);
                return line[0] == '>' ? await ReadAsync(depth, cancellationToken) : RespReply.Nothing;
            case '%':
                await SkipAsync(2 * Length(rest), depth, cancellationToken);
                return RespReply.Nothing;
            case '|':
                await SkipAsync(2 * Length(rest), depth, cancellationToken);
                return await ReadAsync(depth, cancellationToken);
            default:
                throw new InvalidDataException($"a reply of type '{line[0]}'");
        }
    }

    // None of the commands that we send is answered by a collection whose members matter.
    private async Task SkipAsync(int replies, int depth, CancellationToken cancellationToken)
    {
        for (var i = 0; i < replies; i++)
        {
            await ReadAsync(depth + 1, cancellationToken);
        }
    }

    private static int Length(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var length) && length is >= -1 and <= MostBytes
            ? length
            : throw new InvalidDataException($"a length of '{text}'");

    private async Task<string?> ReadBulkAsync(int length, CancellationToken cancellationToken)
    {
        if (length < 0)
        {
            return null;
        }

        var bytes = new byte[length + 2];
        var have = Math.Min(bytes.Length, _end - _start);
        _buffer.AsSpan(_start, have).CopyTo(bytes);
        _start += have;
        await stream.ReadExactlyAsync(bytes.AsMemory(have), cancellationToken);
        return bytes is [.., (byte)'\r', (byte)'\n']
            ? Encoding.UTF8.GetString(bytes.AsSpan(0, length))
            : throw new InvalidDataException("a text without its end");
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new List<byte>();
        while (true)
        {
            if (_start == _end)
            {
                (_start, _end) = (0, await stream.ReadAsync(_buffer, cancellationToken));
                if (_end == 0)
                {
                    throw new EndOfStreamException("it has hung up");
                }
            }

            var at = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            var take = at < 0 ? _end - _start : at + 1;
            line.AddRange(_buffer.AsSpan(_start, take));
            _start += take;
            if (at >= 0)
            {
                return line is [.. var text, (byte)'\r', (byte)'\n']
                    ? Encoding.UTF8.GetString([.. text])
                    : throw new InvalidDataException("a line without its end");
            }

            if (line.Count > LongestLine)
            {
                throw new InvalidDataException("a line without end");
            }
        }
    }
}

/// <summary>A reply.</summary>
/// <param name="Text">Text, or a number as text; null for nothing and for collections.</param>
/// <param name="IsError">Whether the text says why the command was refused.</param>
internal readonly record struct RespReply(string? Text, bool IsError)
{
    public static RespReply Nothing => new(null, IsError: false);
}
