using Sluice.Domain.Rollouts;

namespace Sluice.Orchestration.Rollouts;

/// <summary>
/// Leaves a step from wherever it stands: everything goes back. Thrown and caught within the one orchestrator, so that a step reads
/// straight and no wait can forget to ask whether somebody aborted.
/// </summary>
internal sealed class GoBackException(Outcome outcome, string reason) : Exception(reason)
{
    /// <summary>How the rollout ends.</summary>
    public Outcome Outcome { get; } = outcome;
}
