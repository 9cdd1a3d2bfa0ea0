using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary>Asks the database.</summary>
internal sealed class DatabaseHealth(CatalogStore store, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLag = TimeSpan.FromSeconds(30);
    private const double NearlyAll = 0.9;

    public async Task<DatabaseCheck> CheckAsync()
    {
        var kind = store.Address is DatabaseAddress.Postgres ? "postgresql" : "sqlite";
        var asked = await HealthEndpoints.AskAsync(store.CheckAsync, time);
        if (asked.Answer is not { } state)
        {
            // The reason names hosts and users, so it goes to the log; this answer is for everybody.
            log.DatabaseFailed(asked.Fault!);
            return new DatabaseCheck(
                HealthStatus.Unhealthy, asked.LatencyMs, kind, null, null, null, null, null, null, null, "The database does not answer; the log says why.");
        }

        var detail = Fault(state, asked.LatencyMs);
        return new DatabaseCheck(
            detail is null ? HealthStatus.Ok : HealthStatus.Degraded,
            asked.LatencyMs,
            kind,
            state.Offers,
            state.PoolBusy,
            state.PoolLimit,
            state.Connections,
            state.ConnectionLimit,
            state.Replicas,
            state.ReplicationLag?.TotalSeconds,
            detail);
    }

    /// <summary>What is worse than it should be; null when nothing is.</summary>
    internal static string? Fault(DatabaseState state, double latencyMs) =>
        latencyMs > Slow.TotalMilliseconds ? $"It took more than {Slow.TotalSeconds:0} s to answer."
        : state.PoolBusy >= state.PoolLimit ? "Every connection of this process is in use; requests wait for one."
        : state.Connections >= NearlyAll * state.ConnectionLimit ? "The server has hardly a connection left."
        : state.ReplicationLag > LongestLag ? $"A standby is {state.ReplicationLag.Value.TotalSeconds:0} s behind."
        : null;
}
