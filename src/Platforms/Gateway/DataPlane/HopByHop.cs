using System.Collections.Frozen;

namespace Sluice.Platforms.Gateway;

/// <summary>Fields that concern one hop (RFC 9110 §7.6.1) and are not passed on.</summary>
internal static class HopByHop
{
    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "HTTP2-Settings",
        "Proxy-Connection",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Authentication-Info");

    public static bool Contains(string name) => Names.Contains(name);
}
