namespace Sluice.Domain.Rollouts;

/// <summary>What is rolled out.</summary>
/// <param name="Version">A semantic tag such as <c>v0.1.0</c> or <c>v1.2.0-rc.1</c>.</param>
/// <param name="Commit">The commit's SHA; null when unknown.</param>
/// <param name="Artifact">Where the build is, for platforms that need it; null otherwise.</param>
public sealed record Release(string Version, string? Commit = null, string? Artifact = null);

/// <summary>Where a rollout stands.</summary>
public enum Phase
{
    /// <summary>Accepted; waits for its environment.</summary>
    Pending,

    /// <summary>Moves.</summary>
    Progressing,

    /// <summary>Waits for somebody or something; see the pause reason.</summary>
    Paused,

    /// <summary>Ended well.</summary>
    Healthy,

    /// <summary>Ended with the old version in place.</summary>
    Degraded,

    /// <summary>Ended without having begun to move, or could not be brought back.</summary>
    Failed,
}

/// <summary>How a rollout ended.</summary>
public enum Outcome
{
    /// <summary>All steps passed.</summary>
    Promoted,

    /// <summary>A person sent it to 100 % at once.</summary>
    FastPromoted,

    /// <summary>A verdict or a failed write brought it back.</summary>
    RolledBack,

    /// <summary>Traffic went back to a recent version without steps.</summary>
    FastRolledBack,

    /// <summary>A person brought it back.</summary>
    Aborted,

    /// <summary>A newer rollout took its place.</summary>
    Superseded,

    /// <summary>A gate, a validation or an expiry refused it.</summary>
    Rejected,
}

/// <summary>Why a rollout is paused.</summary>
public enum PauseReason
{
    /// <summary>Waits for approvers.</summary>
    Approval,

    /// <summary>The analysis could not tell.</summary>
    Inconclusive,

    /// <summary>The canary gets too few requests.</summary>
    WaitingForTraffic,

    /// <summary>The calendar forbids moving.</summary>
    FreezeWindow,

    /// <summary>A person paused it.</summary>
    PausedByUser,

    /// <summary>The metrics cannot be read.</summary>
    MetricsUnavailable,

    /// <summary>Waits for the items of a checklist.</summary>
    Checklist,

    /// <summary>Waits until a sign-off is due, then for it.</summary>
    SignOff,
}

/// <summary>What an analysis says.</summary>
public enum Verdict
{
    /// <summary>Good, on enough evidence.</summary>
    Pass,

    /// <summary>Bad.</summary>
    Fail,

    /// <summary>Cannot tell yet.</summary>
    Inconclusive,

    /// <summary>Could not measure.</summary>
    Error,
}

/// <summary>Status of a row of the deployments table. SQL writes them in snake_case.</summary>
public enum DeploymentStatus
{
    /// <summary>Accepted.</summary>
    Pending,

    /// <summary>Under way.</summary>
    InProgress,

    /// <summary>Waiting.</summary>
    Paused,

    /// <summary>Promoted.</summary>
    Success,

    /// <summary>Brought back.</summary>
    RolledBack,

    /// <summary>Brought back by a person.</summary>
    Aborted,

    /// <summary>Brought back for a newer one.</summary>
    Superseded,

    /// <summary>Refused.</summary>
    Rejected,

    /// <summary>The rollback itself failed.</summary>
    Failed,
}
