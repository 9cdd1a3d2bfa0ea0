using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms;

namespace Sluice.Functions.Hosting;

/// <summary>
/// The adapters of the Azure host. Processes of this machine are among them on a developer's machine only: on Azure nothing that a function
/// starts outlives it, so a plan that asks for them is refused when it is submitted.
/// </summary>
/// <param name="local">The adapters of the machine; null on Azure.</param>
/// <param name="servers">Those of servers that answer questions.</param>
internal sealed class AzurePlatforms(AdapterSet? local, MetricAdapters servers) : IPlatforms
{
    public IPlatform Platform(EnvironmentSpec environment) => Local(environment).Platform(environment);

    public ITrafficRouter Router(EnvironmentSpec environment) => Local(environment).Router(environment);

    public IMetricSource? Metrics(EnvironmentSpec environment) => Local(environment).Metrics(environment);

    public IMetricQueries Queries(ProviderSpec provider) => servers.Queries(provider);

    private AdapterSet Local(EnvironmentSpec environment) => local ?? throw new PlatformException(
        PlatformError.Invalid,
        $"environment '{environment.Name}': the platform '{environment.Platform.Kind}' runs on the machine of a standalone server; this one runs on Azure. "
            + "Use `sluice serve` for it, or set SLUICE__Azure__DataFolder and SLUICE__Azure__Program where this host runs on a machine of yours.");
}
