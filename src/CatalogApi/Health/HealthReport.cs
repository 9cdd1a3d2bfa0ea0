using System.Text.Json.Serialization;

namespace Sluice.CatalogApi;

/// <summary>How something is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HealthStatus>))]
internal enum HealthStatus
{
    /// <summary>As it should be.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>It works, worse than it should.</summary>
    [JsonStringEnumMemberName("degraded")]
    Degraded,

    /// <summary>It does not work.</summary>
    [JsonStringEnumMemberName("unhealthy")]
    Unhealthy,
}

/// <summary>What <c>/health</c> says.</summary>
internal sealed record HealthReport(HealthStatus Status, string Timestamp, string Version);

/// <summary>What <c>/health/deep</c> says. Only the database is critical: without it nothing new can be answered.</summary>
internal sealed record DeepHealthReport(HealthStatus Status, string Timestamp, string Version, HealthChecks Checks);

internal sealed record HealthChecks(DatabaseCheck Database, CacheCheck Cache, ExternalCheck External, ResourceCheck Resources);

/// <summary>The database; of PostgreSQL also its connections and how far a standby is behind.</summary>
internal sealed record DatabaseCheck(
    HealthStatus Status,
    double LatencyMs,
    string Kind,
    long? Models,
    int? PoolBusy,
    int? PoolLimit,
    long? Connections,
    long? ConnectionLimit,
    long? Replicas,
    double? ReplicationLagSeconds,
    string? Detail);

/// <summary>The caches; <c>kind</c> is memory or redis, which has memory before it.</summary>
internal sealed record CacheCheck(HealthStatus Status, double LatencyMs, string Kind, int Entries, double? HitRatio, string? Detail);

/// <summary>The public lists that the catalogue comes from, as the syncs found them; none before the first sync.</summary>
internal sealed record ExternalCheck(HealthStatus Status, double LatencyMs, IReadOnlyList<SourceCheck> Sources, string? Detail);

/// <summary>A list: when a sync last read it, and when it was last good.</summary>
internal sealed record SourceCheck(string Name, HealthStatus Status, string ReadAt, string? GoodAt);

/// <summary>What this process has of its machine.</summary>
internal sealed record ResourceCheck(
    HealthStatus Status, double LatencyMs, long MemoryBytes, long MemoryLimitBytes, long QueuedWork, long? DiskFreeBytes, string? Detail);
