using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>A row of <c>rollouts</c>.</summary>
internal sealed record RolloutRow
{
    public string Id { get; init; } = "";

    public string Service { get; init; } = "";

    public string Environment { get; init; } = "";

    public string Version { get; init; } = "";

    public string? CommitSha { get; init; }

    public string? Artifact { get; init; }

    public string BundleHash { get; init; } = "";

    public string RequestHash { get; init; } = "";

    public string TriggeredBy { get; init; } = "";

    public long CreatedAt { get; init; }

    public string? RetryOf { get; init; }

    public string? Emergency { get; init; }

    public string? FreezeOverride { get; init; }

    public string Phase { get; init; } = "";

    public string? StatusJson { get; init; }

    public long StatusSequence { get; init; }

    public static string Select(IDialect dialect) => $"""
        SELECT id AS Id, service AS Service, environment AS Environment, version AS Version, commit_sha AS CommitSha, artifact AS Artifact,
               bundle_hash AS BundleHash, request_hash AS RequestHash, triggered_by AS TriggeredBy,
               {dialect.FromInstant("created_at")} AS CreatedAt, retry_of AS RetryOf, emergency AS Emergency, freeze_override AS FreezeOverride, phase AS Phase,
               status_json AS StatusJson, status_sequence AS StatusSequence
        FROM rollouts
        """;

    public static string Insert(IDialect dialect) => $"""
        INSERT INTO rollouts (id, service, environment, version, commit_sha, artifact, bundle_hash, request_hash,
                              triggered_by, created_at, retry_of, emergency, freeze_override, phase, status_json, status_sequence)
        VALUES (@Id, @Service, @Environment, @Version, @CommitSha, @Artifact, @BundleHash, @RequestHash,
                @TriggeredBy, {dialect.ToInstant("@CreatedAt")}, @RetryOf, @Emergency, @FreezeOverride, @Phase, @StatusJson, @StatusSequence)
        ON CONFLICT (id) DO NOTHING
        """;

    public static RolloutRow From(RolloutRecord r) => new()
    {
        Id = r.Id,
        Service = r.Service,
        Environment = r.Environment,
        Version = r.Release.Version,
        CommitSha = r.Release.Commit,
        Artifact = r.Release.Artifact,
        BundleHash = r.BundleHash,
        RequestHash = r.RequestHash,
        TriggeredBy = r.TriggeredBy,
        CreatedAt = Stored.Ms(r.CreatedAt),
        RetryOf = r.RetryOf,
        Emergency = r.Emergency is null ? null : Stored.Clean(r.Emergency),
        FreezeOverride = r.FreezeOverride is null ? null : Stored.Clean(r.FreezeOverride),
        Phase = Stored<Phase>.Name(r.Status?.Phase ?? Domain.Rollouts.Phase.Pending),
        StatusJson = DurableJson.Write(r.Status),
        StatusSequence = r.StatusSequence,
    };

    public RolloutRecord ToRecord() =>
        new(Id, Service, Environment, new Release(Version, CommitSha, Artifact), BundleHash, RequestHash, TriggeredBy, Stored.At(CreatedAt))
        {
            RetryOf = RetryOf,
            Emergency = Emergency,
            FreezeOverride = FreezeOverride,
            Status = DurableJson.Read<RolloutStatus>(StatusJson),
            StatusSequence = StatusSequence,
        };
}
