using Sluice.Domain.Analysis;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;

namespace Sluice.Orchestration.Ports;

/// <summary>Reads what the revisions of an environment were seen to do.</summary>
public interface IMetricSource
{
    /// <summary>Cumulative counts now.</summary>
    /// <exception cref="PlatformException">The source cannot be read: no verdict, never a failure of the release.</exception>
    Task<MetricReading> ReadAsync(EnvironmentTarget target, CancellationToken cancellationToken);
}

/// <summary>Answers a plan's own queries.</summary>
public interface IMetricQueries
{
    /// <summary>Asks once, for now.</summary>
    /// <param name="provider">Who.</param>
    /// <param name="query">As the plan has it; its arguments are filled in here.</param>
    /// <param name="arguments">What they stand for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The numbers. An answer that cannot be had, or is none, is a value with the reason, in which no secret is left.</returns>
    Task<QueryResult> AskAsync(ProviderSpec provider, string query, QueryArguments arguments, CancellationToken cancellationToken);
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

    /// <summary>Who asks a provider.</summary>
    IMetricQueries Queries(ProviderSpec provider);
}
