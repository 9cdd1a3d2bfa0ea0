using System.Net;

namespace Sluice.Platforms.Gateway;

/// <summary>One address on which the gateway serves one service in one environment.</summary>
/// <param name="Service">The service's name.</param>
/// <param name="Environment">The environment's name; a gateway holds one listener for each (service, environment).</param>
/// <param name="Listen">Address and port, such as <c>127.0.0.1:8080</c> or <c>[::1]:8080</c>; port 0 picks a free one.</param>
public sealed record ListenerSpec(string Service, string Environment, string Listen)
{
    /// <summary>What names a client, for counting; null when neither a header nor a cookie does.</summary>
    public ClientSource? Client { get; init; }

    /// <summary>What keeps a client on its revision; null for a draw at every request.</summary>
    public StickySpec? Sticky { get; init; }

    /// <summary>Addresses or networks (<c>10.0.0.0/8</c>) whose <c>X-Forwarded-*</c> headers are believed.</summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];
}

/// <summary>Where a value about the client is found in a request.</summary>
public enum ClientSourceKind
{
    /// <summary>A request header.</summary>
    Header,

    /// <summary>A cookie.</summary>
    Cookie,
}

/// <summary>The header or cookie that names a client.</summary>
/// <param name="Kind">Header or cookie.</param>
/// <param name="Name">Its name.</param>
public sealed record ClientSource(ClientSourceKind Kind, string Name)
{
    /// <summary>Reads the plan's form, <c>header:NAME</c> or <c>cookie:NAME</c>.</summary>
    /// <exception cref="FormatException">Anything else.</exception>
    public static ClientSource Parse(string text) => NamedValue.Parse(text) is var (kind, name)
        ? new(kind, name)
        : throw new FormatException($"Expected 'header:NAME' or 'cookie:NAME' for the client, got '{text}'.");

    /// <inheritdoc/>
    public override string ToString() => NamedValue.Format(Kind, Name);
}

/// <summary>What keeps a client on the revision that served it first.</summary>
/// <param name="Kind">
/// A cookie is set by the gateway. A header is only read: clients are spread by its hash, and one moves only when the weights make it.
/// </param>
/// <param name="Name">Its name.</param>
public sealed record StickySpec(ClientSourceKind Kind, string Name)
{
    /// <summary>Reads the plan's form, <c>cookie:NAME</c> or <c>header:NAME</c>.</summary>
    /// <exception cref="FormatException">Anything else.</exception>
    public static StickySpec Parse(string text) => NamedValue.Parse(text) is var (kind, name)
        ? new(kind, name)
        : throw new FormatException($"Expected 'cookie:NAME' or 'header:NAME' for sticky, got '{text}'.");

    /// <inheritdoc/>
    public override string ToString() => NamedValue.Format(Kind, Name);
}

/// <summary>How traffic is split. Replaces the previous one as a whole.</summary>
/// <param name="Revisions">Each revision once. The weights add up to 100, or all are 0 and every request gets a 503.</param>
public sealed record RouteTable(IReadOnlyList<RevisionRoute> Revisions);

/// <summary>The share and the replicas of one revision.</summary>
/// <param name="Revision">The revision's name.</param>
/// <param name="Weight">Percent of the requests, 0 to 100.</param>
/// <param name="Endpoints">The replicas that are ready now. A revision with a weight but none of them answers 503 for its share.</param>
public sealed record RevisionRoute(string Revision, int Weight, IReadOnlyList<IPEndPoint> Endpoints);

/// <summary><c>header:NAME</c> and <c>cookie:NAME</c>.</summary>
internal static class NamedValue
{
    public static (ClientSourceKind Kind, string Name)? Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !HttpText.IsToken(text.AsSpan(colon + 1)))
        {
            return null;
        }

        return text[..colon] switch
        {
            "header" => (ClientSourceKind.Header, text[(colon + 1)..]),
            "cookie" => (ClientSourceKind.Cookie, text[(colon + 1)..]),
            _ => null,
        };
    }

    public static string Format(ClientSourceKind kind, string name) =>
        kind == ClientSourceKind.Header ? $"header:{name}" : $"cookie:{name}";
}
