using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Http;
using Sluice.Platforms.Json;
using Sluice.Platforms.Prometheus;

namespace Sluice.Platforms;

/// <summary>The adapters of servers that answer questions: they need no machine of their own, so every host has them.</summary>
public sealed class MetricAdapters
{
    private readonly PrometheusQueries _prometheus;
    private readonly JsonQueries _json;

    /// <param name="secrets">Where the values of headers and passwords come from.</param>
    /// <param name="time">What now is.</param>
    public MetricAdapters(ISecretStore secrets, TimeProvider time)
    {
        var server = new MetricServer(secrets);
        var client = new PrometheusClient(server);
        _prometheus = new PrometheusQueries(client, time);
        _json = new JsonQueries(server);
        Counters = new PrometheusMetrics(client, time);
    }

    /// <summary>Raw counters of a Prometheus as an environment's source of metrics.</summary>
    public IMetricSource Counters { get; }

    /// <summary>Who asks a provider.</summary>
    public IMetricQueries Queries(ProviderSpec provider) => provider is ProviderSpec.Json ? _json : _prometheus;
}
