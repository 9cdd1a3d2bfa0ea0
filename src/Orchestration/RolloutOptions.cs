using Sluice.Domain.Freezes;

namespace Sluice.Orchestration;

/// <summary>How the server runs rollouts.</summary>
public sealed class RolloutOptions
{
    /// <summary>Whether a failed verdict rolls back by itself (<c>AUTO_ROLLBACK_ENABLED</c>). When off, checks go on and a failure waits for a person. The default is true.</summary>
    public bool AutoRollback { get; set; } = true;

    /// <summary>Days that events and ended instances are kept. The default is 90; what was deployed and the audit trail are kept for ever.</summary>
    public int RetentionDays { get; set; } = 90;

    /// <summary>Whether the host removes ended instances by itself, so that the daily upkeep need not. The default is false.</summary>
    public bool HostRemovesInstances { get; set; }

    /// <summary>When nothing moves forward, whatever the plan says. None by default.</summary>
    public IReadOnlyList<FreezeWindow> Freeze { get; set; } = [];

    /// <summary>Whether a name in a plan's <c>approvers</c> is a key or a group of this server; null accepts every name.</summary>
    public Func<string, bool>? KnowsApprover { get; set; }
}
