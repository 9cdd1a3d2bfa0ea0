using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration;

/// <summary>Who calls.</summary>
/// <param name="Name">Name of the key.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Groups">Groups it belongs to.</param>
public sealed record Caller(string Name, Role Role, IReadOnlyList<string> Groups);

/// <summary>A wish for a rollout.</summary>
/// <param name="Bundle">Plan and files.</param>
/// <param name="Release">What.</param>
/// <param name="IdempotencyKey">The same key with the same request is the same rollout; null for none.</param>
/// <param name="Caller">Who.</param>
public sealed record StartRequest(Bundle Bundle, Release Release, string? IdempotencyKey, Caller Caller)
{
    /// <summary>For an emergency, why; null for the ordinary way.</summary>
    public string? Emergency { get; init; }

    /// <summary>Why it must move in spite of a freeze window; the caller is the first of the two people this needs. Null when it need not.</summary>
    public string? FreezeOverride { get; init; }
}

/// <summary>What became of a start.</summary>
public abstract record StartResult
{
    private StartResult()
    {
    }

    /// <summary>It runs, or waits for its environment.</summary>
    public sealed record Started(RolloutRecord Rollout, IReadOnlyList<PlanFault> Warnings) : StartResult;

    /// <summary>The same request was made before: nothing was started.</summary>
    public sealed record Existing(RolloutRecord Rollout) : StartResult;

    /// <summary>The plan or release is wrong: every fault.</summary>
    public sealed record Invalid(IReadOnlyList<PlanFault> Faults) : StartResult;

    /// <summary>Another rollout holds the environment and the plan says refuse.</summary>
    public sealed record Busy(string Environment, string RunningId) : StartResult;

    /// <summary>A freeze window holds the environment it would begin in, and the window says that starts are refused.</summary>
    public sealed record Frozen(string Environment, string Window, DateTimeOffset Until) : StartResult;

    /// <summary>The key was used for something else.</summary>
    public sealed record KeyReused(string ExistingId) : StartResult;

    /// <summary>There is nothing to repeat, or it cannot be repeated; says why.</summary>
    public sealed record Refused(string Reason) : StartResult;
}

/// <summary>Something to tell a rollout.</summary>
/// <param name="RolloutId">To whom.</param>
/// <param name="Kind">What.</param>
/// <param name="Caller">Who.</param>
/// <param name="Reason">Why.</param>
/// <param name="By">On whose behalf, admin only.</param>
/// <param name="IdempotencyKey">Makes a repeated call the same command; null for none.</param>
public sealed record CommandRequest(string RolloutId, CommandKind Kind, Caller Caller, string? Reason, string? By, string? IdempotencyKey)
{
    /// <summary>The item to tick, or the condition to report.</summary>
    public string? Item { get; init; }

    /// <summary>Whether it is done, or holds.</summary>
    public bool Passed { get; init; } = true;

    /// <summary>Hash of what the caller looked at and approves; null for what the gate shows at this moment.</summary>
    public string? Evidence { get; init; }
}

/// <summary>What became of a command.</summary>
public abstract record CommandResult
{
    private CommandResult()
    {
    }

    /// <summary>Written down and told.</summary>
    public sealed record Accepted(long Number) : CommandResult;

    /// <summary>No such rollout.</summary>
    public sealed record NotFound : CommandResult;

    /// <summary>The rollout has ended, or is not in a state for it; says why.</summary>
    public sealed record Conflict(string Reason) : CommandResult;

    /// <summary>This caller may not; says why.</summary>
    public sealed record Forbidden(string Reason) : CommandResult;

    /// <summary>A reason is missing, or the like.</summary>
    public sealed record Invalid(string Reason) : CommandResult;
}

/// <summary>A wish to bring an environment back.</summary>
/// <param name="Service">What.</param>
/// <param name="Environment">Where.</param>
/// <param name="ToVersion">To which version; null for the previous one.</param>
/// <param name="Caller">Who.</param>
/// <param name="Reason">Why.</param>
public sealed record RollbackRequest(string Service, string Environment, string? ToVersion, Caller Caller, string? Reason);

/// <summary>What became of a rollback.</summary>
public abstract record RollbackResult
{
    private RollbackResult()
    {
    }

    /// <summary>The running rollout was told to go back.</summary>
    public sealed record Told(string RolloutId) : RollbackResult;

    /// <summary>A rollout to that version was started.</summary>
    public sealed record Started(RolloutRecord Rollout) : RollbackResult;

    /// <summary>Nothing to go back to; says why.</summary>
    public sealed record NotFound(string Reason) : RollbackResult;

    /// <summary>It must not be done; says why (a migration below the contract point, for example).</summary>
    public sealed record Refused(string Reason) : RollbackResult;
}
