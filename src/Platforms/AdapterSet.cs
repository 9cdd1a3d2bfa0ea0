using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;
using Sluice.Platforms.Process;

namespace Sluice.Platforms;

/// <summary>The adapters of the embedded host: processes of this machine behind Sluice's own gateway.</summary>
/// <param name="client">The gateway of the data folder.</param>
/// <param name="secrets">Where values of variables come from.</param>
/// <param name="baseDirectory">What a plan's relative directory is relative to.</param>
public sealed class AdapterSet(GatewayClient client, ISecretStore secrets, string baseDirectory) : IPlatforms
{
    private readonly ProcessPlatform _process = new(client, secrets, baseDirectory);
    private readonly GatewayRouter _gateway = new(client);
    private readonly GatewayMetrics _metrics = new(client);
    private readonly MetricAdapters _servers = new(secrets, TimeProvider.System);

    /// <inheritdoc/>
    public IPlatform Platform(EnvironmentSpec environment) => environment.Platform switch
    {
        PlatformSpec.Process => _process,
        var other => throw Unknown(environment, "platform", other.Kind),
    };

    /// <inheritdoc/>
    public ITrafficRouter Router(EnvironmentSpec environment) => environment.Router switch
    {
        RouterSpec.Gateway => _gateway,
        var other => throw Unknown(environment, "router", other.GetType().Name.ToLowerInvariant()),
    };

    /// <inheritdoc/>
    public IMetricSource? Metrics(EnvironmentSpec environment) => environment.Metrics switch
    {
        MetricsSpec.Gateway => _metrics,
        MetricsSpec.Prometheus => _servers.Counters,
        _ => null,
    };

    /// <inheritdoc/>
    public IMetricQueries Queries(ProviderSpec provider) => _servers.Queries(provider);

    private static PlatformException Unknown(EnvironmentSpec environment, string what, string kind) =>
        new(PlatformError.Invalid, $"environment '{environment.Name}': this host has no {what} '{kind}'.");
}
