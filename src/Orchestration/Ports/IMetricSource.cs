using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;

namespace Sluice.Orchestration.Ports;

/// <summary>Reads what the revisions of an environment were seen to do.</summary>
public interface IMetricSource
{
    /// <summary>Cumulative counts now.</summary>
    /// <exception cref="PlatformException">The source cannot be read: no verdict, never a failure of the release.</exception>
    Task<MetricReading> ReadAsync(EnvironmentTarget target, CancellationToken cancellationToken);
}

/// <summary>Finds the adapters that a plan names.</summary>
public interface IPlatforms
{
    /// <summary>What runs the revisions of this environment.</summary>
    IPlatform Platform(EnvironmentSpec environment);

    /// <summary>What splits its traffic.</summary>
    ITrafficRouter Router(EnvironmentSpec environment);

    /// <summary>Where its numbers come from; null when the plan has none.</summary>
    IMetricSource? Metrics(EnvironmentSpec environment);
}
