using Sluice.Catalog.Cache;

namespace Sluice.CatalogApi;

/// <summary>Asks Redis, where one is configured. Its loss costs time only, so it is never worse than degraded.</summary>
internal sealed class CacheHealth(ResponseCache memory, SharedCache? shared, ServiceFigures figures, TimeProvider time)
{
    public async Task<CacheCheck> CheckAsync()
    {
        if (shared is null)
        {
            return new CacheCheck(HealthStatus.Ok, 0, "memory", memory.Count, figures.HitRate, null);
        }

        var asked = await HealthEndpoints.AskAsync(
            async cancellationToken =>
            {
                await shared.PingAsync(cancellationToken);
                return this;
            },
            time);
        return asked.Fault is null
            ? new CacheCheck(HealthStatus.Ok, asked.LatencyMs, "redis", memory.Count, figures.HitRate, null)
            : new CacheCheck(
                HealthStatus.Degraded, asked.LatencyMs, "redis", memory.Count, figures.HitRate, "Redis does not answer; each replica keeps its own answers. The log says why.");
    }
}
