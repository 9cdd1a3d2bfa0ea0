using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>Sluice's own gateway as a router.</summary>
public sealed class GatewayRouter(GatewayClient client) : ITrafficRouter
{
    /// <inheritdoc/>
    public RouterCapabilities Capabilities { get; } = new(Splits: true, Granularity: 1);

    /// <inheritdoc/>
    public Task<Traffic> GetAsync(EnvironmentTarget target, CancellationToken cancellationToken) =>
        client.CallAsync<Traffic>(ControlProtocol.TrafficPath, Key(target), cancellationToken);

    /// <inheritdoc/>
    public async Task<Traffic> SetAsync(
        EnvironmentTarget target, Traffic wanted, Fence fence, string idempotencyKey, CancellationToken cancellationToken)
    {
        var listener = ListenerOf(target)
            ?? throw new PlatformException(PlatformError.Invalid, $"{target.Service}/{target.Environment.Name} has no gateway as its router.");
        return await client.CallAsync<Traffic>(
            ControlProtocol.SetTrafficPath, new SetTraffic(Key(target), listener, wanted, fence, idempotencyKey), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ProbeEndpoint> GetProbeEndpointAsync(EnvironmentTarget target, string revision, CancellationToken cancellationToken)
    {
        var access = await client.CallAsync<ProbeAccess>(ControlProtocol.ProbePath, Key(target), cancellationToken);
        return new ProbeEndpoint(
            new Uri($"http://{access.Address}"),
            new Dictionary<string, string> { [ProbeHeaders.Token] = access.Token, [ProbeHeaders.Revision] = revision });
    }

    internal static EnvironmentKey Key(EnvironmentTarget target) => new(target.Service, target.Environment.Name);

    /// <summary>The listener a plan asks for; null when its router is not the gateway.</summary>
    /// <exception cref="PlatformException"><c>Invalid</c>: client or sticky cannot be read.</exception>
    internal static ListenerSpec? ListenerOf(EnvironmentTarget target)
    {
        if (target.Environment.Router is not RouterSpec.Gateway gateway)
        {
            return null;
        }

        try
        {
            return new ListenerSpec(target.Service, target.Environment.Name, gateway.Listen)
            {
                Client = gateway.Client is null ? null : ClientSource.Parse(gateway.Client),
                Sticky = gateway.Sticky switch
                {
                    null => null,
                    "cookie" => new StickySpec(ClientSourceKind.Cookie, $"sluice_{target.Environment.Name}"),
                    var named => StickySpec.Parse(named),
                },
                TrustedProxies = gateway.TrustedProxies,
            };
        }
        catch (FormatException e)
        {
            throw new PlatformException(PlatformError.Invalid, $"router of {target.Service}/{target.Environment.Name}: {e.Message}", e);
        }
    }
}
