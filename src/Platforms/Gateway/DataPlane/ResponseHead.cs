using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Sluice.Platforms.Gateway;

/// <summary>How the end of a message body is found (RFC 9112 §6.3).</summary>
internal enum BodyFraming
{
    /// <summary>There is no body.</summary>
    None,

    /// <summary>By Content-Length.</summary>
    Length,

    /// <summary>By the last chunk.</summary>
    Chunked,

    /// <summary>By the end of the connection.</summary>
    UntilClose,
}

/// <summary>
/// The status line and header section of a replica's answer, read strictly: what could be read in two ways is refused, since the client
/// behind the gateway might read it in the other.
/// </summary>
/// <remarks>Reused from answer to answer of a connection; a field that is the same as in the last answer costs no new strings.</remarks>
internal sealed class ResponseHead
{
    private const int MaxFields = 200;
    private const int MaxRememberedFieldLength = 256;

    // All but the tab (RFC 9110 §5.5).
    private static readonly SearchValues<byte> Controls =
        SearchValues.Create([.. Enumerable.Range(0, 32).Append(127).Where(c => c != '\t').Select(c => (byte)c)]);

    private readonly List<Field> _fields = [];
    private readonly List<string> _nominated = [];
    private bool _close;
    private bool _keepAlive;
    private int _minorVersion;
    private int _fieldCount;

    public int Status { get; private set; }

    /// <summary>The body's length where <c>Content-Length</c> says it.</summary>
    public long? ContentLength { get; private set; }

    public bool IsChunked { get; private set; }

    /// <summary>Whether the replica will take another request on the connection.</summary>
    public bool KeepsAlive => !_close && (_minorVersion == 1 || _keepAlive);

    /// <summary>The value of <c>Upgrade</c>, if any.</summary>
    public string? Upgrade { get; private set; }

    public bool IsEventStream { get; private set; }

    /// <summary>Adds the fields that are not for this hop only, except Content-Length.</summary>
    public void CopyTo(IHeaderDictionary headers)
    {
        for (var i = 0; i < _fieldCount; i++)
        {
            var field = _fields[i];
            if (!field.IsForThisHop && !(_nominated.Count > 0 && _nominated.Contains(field.Name, StringComparer.OrdinalIgnoreCase)))
            {
                headers.Append(field.Name, field.Value);
            }
        }
    }

    /// <summary>The body's framing when the answer is to a request of this method.</summary>
    public BodyFraming Framing(bool isHead) =>
        isHead || Status is < 200 or 204 or 304 ? BodyFraming.None
        : IsChunked ? BodyFraming.Chunked
        : ContentLength is { } length ? length == 0 ? BodyFraming.None : BodyFraming.Length
        : BodyFraming.UntilClose;

    /// <summary>Reads a head.</summary>
    /// <returns>Its length in bytes, or 0 when it is not complete yet.</returns>
    /// <exception cref="MalformedResponseException">It is not HTTP/1.x, or could be read in two ways.</exception>
    public int Parse(ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return 0;
        }

        var head = data[..(end + 2)];
        var line = head[..head.IndexOf("\r\n"u8)];
        ParseStatusLine(line);
        _fieldCount = 0;
        ContentLength = null;
        IsChunked = _close = _keepAlive = IsEventStream = false;
        Upgrade = null;
        _nominated.Clear();

        for (head = head[(line.Length + 2)..]; !head.IsEmpty; head = head[(line.Length + 2)..])
        {
            line = head[..head.IndexOf("\r\n"u8)];
            ParseField(line);
        }

        if (IsChunked && ContentLength is not null)
        {
            throw new MalformedResponseException("it has both Transfer-Encoding and Content-Length");
        }

        return end + 4;
    }

    private void ParseStatusLine(ReadOnlySpan<byte> line)
    {
        // HTTP/1.x SP 3DIGIT [SP reason]
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' '
            || (line.Length > 12 && line[12] != ' ')
            || line[9..12].IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0 || line[9] is < (byte)'1' or > (byte)'9')
        {
            throw new MalformedResponseException("its first line is not that of HTTP/1.x");
        }

        _minorVersion = line[7] - '0';
        Status = ((line[9] - '0') * 100) + ((line[10] - '0') * 10) + line[11] - '0';
    }

    private void ParseField(ReadOnlySpan<byte> line)
    {
        if (_fieldCount == MaxFields)
        {
            throw new MalformedResponseException($"it has more than {MaxFields} fields");
        }

        if (_fieldCount < _fields.Count && line.SequenceEqual(_fields[_fieldCount].Line))
        {
            Interpret(_fields[_fieldCount]);
            _fieldCount++;
            return;
        }

        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || !HttpText.IsToken(line[..colon]))
        {
            throw new MalformedResponseException("a field has no proper name");
        }

        var value = line[(colon + 1)..].Trim(" \t"u8);
        if (value.ContainsAny(Controls))
        {
            throw new MalformedResponseException("a field's value has a control character in it");
        }

        var field = new Field(
            line.Length <= MaxRememberedFieldLength ? line.ToArray() : [], Encoding.ASCII.GetString(line[..colon]), Encoding.Latin1.GetString(value));
        if (_fieldCount < _fields.Count)
        {
            _fields[_fieldCount] = field;
        }
        else
        {
            _fields.Add(field);
        }

        Interpret(field);
        _fieldCount++;
    }

    private void Interpret(Field field)
    {
        switch (field.Kind)
        {
            case FieldKind.ContentLength:
                // Two different lengths are two messages to somebody (RFC 9112 §6.3, case 5).
                if (!long.TryParse(field.Value, System.Globalization.NumberStyles.None, null, out var length)
                    || (ContentLength is not null && ContentLength != length))
                {
                    throw new MalformedResponseException("its Content-Length is not one number");
                }

                ContentLength = length;
                break;
            case FieldKind.TransferEncoding:
                if (IsChunked || !field.Value.Equals("chunked", StringComparison.OrdinalIgnoreCase))
                {
                    throw new MalformedResponseException("it has a transfer coding other than chunked");
                }

                IsChunked = true;
                break;
            case FieldKind.Connection:
                foreach (var option in field.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                {
                    _close |= option.Equals("close", StringComparison.OrdinalIgnoreCase);
                    _keepAlive |= option.Equals("keep-alive", StringComparison.OrdinalIgnoreCase);
                    _nominated.Add(option);
                }

                break;
            case FieldKind.Upgrade:
                Upgrade = field.Value;
                break;
            case FieldKind.ContentType:
                IsEventStream |= field.Value.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);
                break;
            case FieldKind.Other:
            default:
                break;
        }
    }

    private enum FieldKind
    {
        Other,
        Connection,
        ContentLength,
        ContentType,
        TransferEncoding,
        Upgrade,
    }

    private sealed class Field(byte[] line, string name, string value)
    {
        public byte[] Line { get; } = line;

        public string Name { get; } = name;

        public string Value { get; } = value;

        public FieldKind Kind { get; } =
            Is(name, "Content-Length") ? FieldKind.ContentLength
            : Is(name, "Content-Type") ? FieldKind.ContentType
            : Is(name, "Connection") ? FieldKind.Connection
            : Is(name, "Transfer-Encoding") ? FieldKind.TransferEncoding
            : Is(name, "Upgrade") ? FieldKind.Upgrade
            : FieldKind.Other;

        public bool IsForThisHop { get; } = HopByHop.Contains(name) || Is(name, "Content-Length");

        private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>A replica's answer is not what RFC 9112 allows; the message says how.</summary>
internal sealed class MalformedResponseException(string message) : Exception(message);
