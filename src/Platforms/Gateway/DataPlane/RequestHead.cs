using System.Buffers;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Platforms.Gateway;

/// <summary>The request line and header section that the gateway sends to a replica, in a rented buffer.</summary>
internal struct RequestHead : IDisposable
{
    private byte[] _buffer;
    private int _length;

    /// <param name="request">What the client sent.</param>
    /// <param name="peer">The client's address, or the last proxy's.</param>
    /// <param name="trusted">Whether <paramref name="peer"/> may speak for others.</param>
    /// <param name="chunked">Whether the body's length is unknown.</param>
    /// <param name="upgrade">Whether the client asks for another protocol.</param>
    public RequestHead(IHttpRequestFeature request, IPAddress? peer, bool trusted, bool chunked, bool upgrade)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(2048);
        var headers = request.Headers;
        var nominated = Nominated(headers);

        Append(request.Method);
        Append(" "u8);
        Append(OriginForm(request.RawTarget));
        Append(" HTTP/1.1\r\n"u8);

        foreach (var (name, values) in headers)
        {
            if (HopByHop.Contains(name) || (nominated is not null && IsNominated(name, nominated)) || IsOurs(name, trusted))
            {
                continue;
            }

            // Kestrel takes nearly anything for a name; what a replica makes of it is anybody's guess.
            IsMalformed |= !HttpText.IsToken(name);
            foreach (var value in values)
            {
                AppendField(name, value);
            }
        }

        if (headers.Host.Count == 0)
        {
            AppendField("Host", "");
        }

        var forwardedFor = trusted ? headers["X-Forwarded-For"].ToString() : "";
        AppendField("X-Forwarded-For", forwardedFor.Length == 0 ? $"{peer}" : $"{forwardedFor}, {peer}");
        AppendField("X-Forwarded-Proto", Believed(headers, "X-Forwarded-Proto", trusted) ?? "http");
        AppendField("X-Forwarded-Host", Believed(headers, "X-Forwarded-Host", trusted) ?? headers.Host.ToString());

        if (chunked)
        {
            Append("Transfer-Encoding: chunked\r\n"u8);
        }

        if (upgrade)
        {
            Append("Connection: Upgrade\r\n"u8);
            AppendField("Upgrade", headers.Upgrade.ToString());
        }

        Append("\r\n"u8);
    }

    /// <summary>Whether a field's name is not one (RFC 9110 §5.1), so that the request must not be sent.</summary>
    public bool IsMalformed { get; }

    public readonly ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    public readonly void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    // Kestrel replaces a single Connection field that has keep-alive, close or Upgrade among other options by that option alone: the
    // others are then lost to us, and what they nominate is passed on. Fields of this hop by their nature are not affected.
    private static string[]? Nominated(IHeaderDictionary headers)
    {
        var connection = headers.Connection;
        if (connection.Count == 0 || (connection.Count == 1 && connection[0] is "keep-alive" or "close"))
        {
            return null;
        }

        return connection.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    // What frames and addresses the message is not the client's to take away.
    private static bool IsNominated(string name, string[] nominated) =>
        nominated.Contains(name, StringComparer.OrdinalIgnoreCase)
        && !name.Equals("Host", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);

    private static bool IsOurs(string name, bool trusted) =>
        name.Length switch
        {
            9 => !trusted && name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase),
            14 => name.Equals(ProbeHeaders.Token, StringComparison.OrdinalIgnoreCase),
            15 => name.Equals("X-Forwarded-For", StringComparison.OrdinalIgnoreCase),
            16 => name.Equals("X-Forwarded-Host", StringComparison.OrdinalIgnoreCase),
            17 => name.Equals("X-Forwarded-Proto", StringComparison.OrdinalIgnoreCase)
                || name.Equals(ProbeHeaders.Revision, StringComparison.OrdinalIgnoreCase),
            _ => false,
        };

    private static string? Believed(IHeaderDictionary headers, string name, bool trusted) =>
        trusted && headers.TryGetValue(name, out var value) ? value.ToString() : null;

    // A client that takes us for a forward proxy sends http://host/path (RFC 9112 §3.2.2); Kestrel has checked the host.
    private static string OriginForm(string target)
    {
        if (target.StartsWith('/') || target == "*")
        {
            return target;
        }

        var authority = target.IndexOf("://", StringComparison.Ordinal) + 3;
        var path = target.AsSpan(authority).IndexOfAny('/', '?');
        return path < 0 ? "/" : target[authority + path] == '/' ? target[(authority + path)..] : "/" + target[(authority + path)..];
    }

    private void AppendField(string name, string? value)
    {
        Append(name);
        Append(": "u8);
        Append(value ?? "");
        Append("\r\n"u8);
    }

    private void Append(string text)
    {
        Reserve(text.Length);
        _length += Encoding.Latin1.GetBytes(text, _buffer.AsSpan(_length));
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Reserve(int length)
    {
        if (_length + length > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + length));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }
}
