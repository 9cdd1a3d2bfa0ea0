using System.Net;
using Microsoft.Extensions.Primitives;

namespace Sluice.CatalogApi;

/// <summary>Who a request is from.</summary>
internal static class ClientAddress
{
    private const int Longest = 64;

    /// <summary>
    /// The peer, or, when the peer is a proxy on this machine, the last hop of <c>X-Forwarded-For</c> that is not on this machine. Hops further
    /// left are what the client said about itself.
    /// </summary>
    /// <param name="peer">Address of the connection; null when there is none.</param>
    /// <param name="forwardedFor">The header's lines; each hop an address, with or without a port, or a token without meaning to us.</param>
    public static string Of(IPAddress? peer, StringValues forwardedFor)
    {
        if (peer is null || !IPAddress.IsLoopback(peer))
        {
            return Text(peer);
        }

        for (var line = forwardedFor.Count - 1; line >= 0; line--)
        {
            var hops = (forwardedFor[line] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            for (var i = hops.Length - 1; i >= 0; i--)
            {
                if (!IPEndPoint.TryParse(hops[i], out var hop))
                {
                    return hops[i].Length <= Longest ? hops[i] : hops[i][..Longest];
                }

                if (!IPAddress.IsLoopback(hop.Address))
                {
                    return Text(hop.Address);
                }
            }
        }

        return Text(peer);
    }

    private static string Text(IPAddress? address) =>
        address is null ? "" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
}
