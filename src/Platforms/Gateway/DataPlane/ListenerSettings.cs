using System.Net;

namespace Sluice.Platforms.Gateway;

/// <summary>A <see cref="ListenerSpec"/>, read and checked.</summary>
/// <param name="Spec">Where it came from.</param>
/// <param name="Address">Where to listen.</param>
/// <param name="TrustedProxies">Whose <c>X-Forwarded-*</c> headers are believed.</param>
internal sealed record ListenerSettings(ListenerSpec Spec, IPEndPoint Address, IReadOnlyList<IPNetwork> TrustedProxies)
{
    /// <exception cref="GatewayException"><see cref="GatewayFault.InvalidListener"/>, naming every fault.</exception>
    public static ListenerSettings Parse(ListenerSpec spec)
    {
        var faults = new List<string>();
        if (string.IsNullOrWhiteSpace(spec.Service) || string.IsNullOrWhiteSpace(spec.Environment))
        {
            faults.Add("a listener needs a service and an environment");
        }

        if (!spec.Listen.Contains(':', StringComparison.Ordinal) || !IPEndPoint.TryParse(spec.Listen, out var address))
        {
            faults.Add($"listen '{spec.Listen}' is not ADDRESS:PORT with a numeric address, such as 127.0.0.1:8080");
            address = new IPEndPoint(IPAddress.None, 0);
        }

        var networks = new List<IPNetwork>();
        foreach (var text in spec.TrustedProxies)
        {
            if (IPNetwork.TryParse(text, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(text, out var single))
            {
                networks.Add(new IPNetwork(single, single.GetAddressBytes().Length * 8));
            }
            else
            {
                faults.Add($"trusted proxy '{text}' is neither an address nor a network such as 10.0.0.0/8");
            }
        }

        foreach (var name in new[] { spec.Client?.Name, spec.Sticky?.Name })
        {
            if (name is not null && !HttpText.IsToken(name))
            {
                faults.Add($"'{name}' is not a name that a header or cookie can have");
            }
        }

        return faults.Count == 0
            ? new ListenerSettings(spec, address, networks)
            : throw new GatewayException(GatewayFault.InvalidListener, $"{spec.Service}/{spec.Environment}: {string.Join("; ", faults)}.");
    }

    /// <summary>Whether what this address says about others is believed.</summary>
    public bool Trusts(IPAddress address)
    {
        if (TrustedProxies.Count == 0)
        {
            return false;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        foreach (var network in TrustedProxies)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
