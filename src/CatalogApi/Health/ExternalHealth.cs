using Sluice.Catalog;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;

namespace Sluice.CatalogApi;

/// <summary>
/// The lists of others that the catalogue is made of. This service reads none of them, so it tells what the syncs found, and asks nobody:
/// probes come often, and some of the lists allow a hundred requests a day.
/// </summary>
/// <param name="store">Where syncs write what they found.</param>
/// <param name="staleAfter">A list that was good so long ago is old; null for never.</param>
/// <param name="time">The clock.</param>
internal sealed class ExternalHealth(CatalogStore store, TimeSpan? staleAfter, TimeProvider time)
{
    public async Task<ExternalCheck> CheckAsync()
    {
        var asked = await HealthEndpoints.AskAsync(store.ListSourcesAsync, time);
        if (asked.Answer is not { } standings)
        {
            return new ExternalCheck(HealthStatus.Degraded, asked.LatencyMs, [], "The database does not say how the lists are.");
        }

        var sources = standings.Select(Check).ToList();
        var bad = sources.Where(source => source.Status != HealthStatus.Ok).Select(source => source.Name).ToList();
        return new ExternalCheck(
            bad.Count == 0 ? HealthStatus.Ok : HealthStatus.Degraded,
            asked.LatencyMs,
            sources,
            bad.Count == 0 ? null : $"Failed, believed in part, or not good for long: {string.Join(", ", bad)}. The history of syncs says why.");
    }

    private SourceCheck Check(SourceStanding standing)
    {
        var status = standing.GoodAt is not { } good || time.GetUtcNow() - good > staleAfter ? HealthStatus.Unhealthy
            : standing.Status == SyncStatuses.Completed ? HealthStatus.Ok
            : HealthStatus.Degraded;
        return new SourceCheck(
            standing.Source, status, Timestamps.Text(standing.ReadAt), standing.GoodAt is { } at ? Timestamps.Text(at) : null);
    }
}
