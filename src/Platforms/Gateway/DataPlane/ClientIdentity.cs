using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Sluice.Platforms.Gateway;

/// <summary>
/// Who a request comes from: the first that exists of the header or cookie that the listener names, the sticky cookie, the credentials, the
/// last hop of <c>X-Forwarded-For</c> that is not a trusted proxy (when the peer is one), the peer's address. Only a keyed hash leaves here.
/// </summary>
internal static class ClientIdentity
{
    private enum Domain : byte
    {
        Named,
        Sticky,
        Credentials,
        Address,
        Text,
    }

    public static ulong Of(IHeaderDictionary headers, IPAddress? peer, bool trusted, StickyCookie? sticky, ListenerSettings settings, SipHash hash)
    {
        if (settings.Spec.Client is { } source && ValueOf(headers, source.Kind, source.Name) is { IsEmpty: false } named)
        {
            return hash.Hash(named, (byte)Domain.Named);
        }

        if (sticky is { } cookie)
        {
            return hash.Hash(BitConverter.GetBytes(cookie.Client), (byte)Domain.Sticky);
        }

        if (headers.Authorization is { Count: > 0 } credentials)
        {
            return hash.Hash(credentials.ToString(), (byte)Domain.Credentials);
        }

        if (trusted && headers.TryGetValue("X-Forwarded-For", out var hops) && OfHops(hops, settings, hash) is { } hop)
        {
            return hop;
        }

        return OfAddress(peer, hash);
    }

    /// <summary>The value of a header (the first, when there are several) or cookie; empty when the request has none.</summary>
    public static ReadOnlySpan<char> ValueOf(IHeaderDictionary headers, ClientSourceKind kind, string name)
    {
        if (kind == ClientSourceKind.Header)
        {
            return headers.TryGetValue(name, out var values) && values.Count > 0 ? values[0] : default;
        }

        foreach (var line in headers.Cookie)
        {
            foreach (var range in line.AsSpan().Split(';'))
            {
                var pair = line.AsSpan()[range].Trim();
                var equals = pair.IndexOf('=');
                if (equals > 0 && pair[..equals].SequenceEqual(name))
                {
                    return pair[(equals + 1)..];
                }
            }
        }

        return default;
    }

    private static ulong? OfHops(StringValues hops, ListenerSettings settings, SipHash hash)
    {
        ulong? farthest = null;
        for (var i = hops.Count - 1; i >= 0; i--)
        {
            var rest = hops[i].AsSpan();
            while (!rest.IsEmpty)
            {
                var comma = rest.LastIndexOf(',');
                var hop = rest[(comma + 1)..].Trim();
                rest = comma < 0 ? default : rest[..comma];
                if (hop.IsEmpty)
                {
                    continue;
                }

                // With a port too: some proxies write 192.0.2.1:4711 and [2001:db8::1]:4711.
                var address = IPAddress.TryParse(hop, out var plain) ? plain : IPEndPoint.TryParse(hop, out var withPort) ? withPort.Address : null;
                farthest = address is null ? hash.Hash(hop, (byte)Domain.Text) : OfAddress(address, hash);
                if (address is null || !settings.Trusts(address))
                {
                    return farthest;
                }
            }
        }

        return farthest;
    }

    private static ulong OfAddress(IPAddress? address, SipHash hash)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address is { IsIPv4MappedToIPv6: true })
        {
            address = address.MapToIPv4();
        }

        var length = 0;
        address?.TryWriteBytes(bytes, out length);
        return hash.Hash(bytes[..length], (byte)Domain.Address);
    }
}

/// <summary>The value of the gateway's sticky cookie: which revision, and a random number that stays with the client.</summary>
/// <param name="RevisionId"><see cref="Revision.Id"/>.</param>
/// <param name="Client">The client's number.</param>
internal readonly record struct StickyCookie(ulong RevisionId, ulong Client)
{
    public static StickyCookie? Parse(ReadOnlySpan<char> value) =>
        value.Length == 32
        && ulong.TryParse(value[..16], NumberStyles.AllowHexSpecifier, null, out var revision)
        && ulong.TryParse(value[16..], NumberStyles.AllowHexSpecifier, null, out var client)
            ? new StickyCookie(revision, client)
            : null;

    public string ToSetCookie(string name) => $"{name}={RevisionId:x16}{Client:x16}; Path=/; HttpOnly; SameSite=Lax";
}
