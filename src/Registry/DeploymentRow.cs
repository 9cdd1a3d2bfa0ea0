using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>A row of <c>deployments</c>.</summary>
internal sealed class DeploymentRow
{
    public string Id { get; init; } = "";

    public string RolloutId { get; init; } = "";

    public string Service { get; init; } = "";

    public string Environment { get; init; } = "";

    public string Version { get; init; } = "";

    public string? CommitSha { get; init; }

    public string TriggeredBy { get; init; } = "";

    public long StartedAt { get; init; }

    public long? PromotedAt { get; init; }

    public long? CompletedAt { get; init; }

    public string Status { get; init; } = "";

    public double? HealthScore { get; init; }

    public long ErrorCount { get; init; }

    public string? RollbackReason { get; init; }

    public string Revision { get; init; } = "";

    public string BundleHash { get; init; } = "";

    public string Metadata { get; init; } = "";

    public static string Select(IDialect dialect) => $"""
        SELECT id AS Id, rollout_id AS RolloutId, service AS Service, environment AS Environment, version AS Version,
               commit_sha AS CommitSha, triggered_by AS TriggeredBy, {dialect.FromInstant("started_at")} AS StartedAt,
               {dialect.FromInstant("promoted_at")} AS PromotedAt, {dialect.FromInstant("completed_at")} AS CompletedAt,
               status AS Status, health_score AS HealthScore, error_count AS ErrorCount, rollback_reason AS RollbackReason,
               revision AS Revision, bundle_hash AS BundleHash, CAST(metadata AS text) AS Metadata
        FROM deployments
        """;

    public static string Upsert(IDialect dialect) => $"""
        INSERT INTO deployments (id, rollout_id, service, environment, version, commit_sha, triggered_by, started_at, promoted_at,
                                 completed_at, status, health_score, error_count, rollback_reason, revision, bundle_hash, metadata)
        VALUES (@Id, @RolloutId, @Service, @Environment, @Version, @CommitSha, @TriggeredBy, {dialect.ToInstant("@StartedAt")},
                {dialect.ToInstant("@PromotedAt")}, {dialect.ToInstant("@CompletedAt")}, @Status, @HealthScore, @ErrorCount,
                @RollbackReason, @Revision, @BundleHash, {dialect.ToJson("@Metadata")})
        ON CONFLICT (id) DO UPDATE SET
            rollout_id = excluded.rollout_id, service = excluded.service, environment = excluded.environment,
            version = excluded.version, commit_sha = excluded.commit_sha, triggered_by = excluded.triggered_by,
            started_at = excluded.started_at, promoted_at = excluded.promoted_at, completed_at = excluded.completed_at,
            status = excluded.status, health_score = excluded.health_score, error_count = excluded.error_count,
            rollback_reason = excluded.rollback_reason, revision = excluded.revision, bundle_hash = excluded.bundle_hash,
            metadata = excluded.metadata
        """;

    public static DeploymentRow From(Deployment d) => new()
    {
        Id = d.Id,
        RolloutId = d.RolloutId,
        Service = d.Service,
        Environment = d.Environment,
        Version = d.Version,
        CommitSha = d.CommitSha,
        TriggeredBy = d.TriggeredBy,
        StartedAt = Stored.Ms(d.StartedAt),
        PromotedAt = Stored.Ms(d.PromotedAt),
        CompletedAt = Stored.Ms(d.CompletedAt),
        Status = Stored<DeploymentStatus>.Name(d.Status),
        HealthScore = d.HealthScore,
        ErrorCount = d.ErrorCount,
        RollbackReason = d.RollbackReason is null ? null : Stored.Clean(d.RollbackReason),
        Revision = d.Revision,
        BundleHash = d.BundleHash,
        Metadata = Stored.Json(d.Metadata),
    };

    public Deployment ToDeployment() => new(
        Id, RolloutId, Service, Environment, Version, CommitSha, TriggeredBy, Stored.At(StartedAt), Stored<DeploymentStatus>.Value(Status))
    {
        PromotedAt = Stored.At(PromotedAt),
        CompletedAt = Stored.At(CompletedAt),
        HealthScore = HealthScore,
        ErrorCount = ErrorCount,
        RollbackReason = RollbackReason,
        Revision = Revision,
        BundleHash = BundleHash,
        Metadata = Stored.Values(Metadata),
    };
}
