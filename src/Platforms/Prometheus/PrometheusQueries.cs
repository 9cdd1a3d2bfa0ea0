using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Prometheus;

/// <summary>Answers a plan's PromQL.</summary>
internal sealed class PrometheusQueries(PrometheusClient client, TimeProvider time) : IMetricQueries
{
    /// <inheritdoc/>
    public async Task<QueryResult> AskAsync(ProviderSpec provider, string query, QueryArguments arguments, CancellationToken cancellationToken)
    {
        try
        {
            var filled = QueryText.FillPromQl(query, arguments);
            return new QueryResult([.. (await client.QueryAsync(provider.Access, filled, time.GetUtcNow(), cancellationToken)).Select(s => s.Value)]);
        }
        catch (PlatformException e)
        {
            return QueryResult.Failed(e.Message);
        }
    }
}
