using Sluice.Domain.Checklists;

namespace Sluice.Domain.Rollouts;

/// <summary>
/// The custom status of a rollout: the product's read model, complete for <c>get</c> and the dashboard. At most 4,000 characters of JSON.
/// </summary>
public sealed record RolloutStatus
{
    /// <summary>Where it stands.</summary>
    public required Phase Phase { get; init; }

    /// <summary>How it ended; null while it runs.</summary>
    public Outcome? Outcome { get; init; }

    /// <summary>Why it is paused; null unless it is.</summary>
    public PauseReason? PauseReason { get; init; }

    /// <summary>One sentence for people: what happens, or why it stopped. At most 500 characters.</summary>
    public string Message { get; init; } = "";

    /// <summary>What is deployed.</summary>
    public required string Service { get; init; }

    /// <summary>The version rolled out.</summary>
    public required string Version { get; init; }

    /// <summary>The environment of the present step; null before the first.</summary>
    public string? Environment { get; init; }

    /// <summary>The version that serves beside it; null when this is the environment's first.</summary>
    public string? StableVersion { get; init; }

    /// <summary>The step that runs, from 0; equal to <see cref="StepCount"/> when all are done.</summary>
    public int StepIndex { get; init; }

    /// <summary>All steps of the plan.</summary>
    public int StepCount { get; init; }

    /// <summary>Title of the step that runs; null when none does.</summary>
    public string? Step { get; init; }

    /// <summary>Percent wanted for the canary in <see cref="Environment"/>.</summary>
    public int Weight { get; init; }

    /// <summary>Percent read back from the router; null when never read.</summary>
    public int? ActualWeight { get; init; }

    /// <summary>When the present step began, UTC.</summary>
    public DateTimeOffset? StepStartedAt { get; init; }

    /// <summary>When the present wait ends by itself, UTC; null when nothing bounds it.</summary>
    public DateTimeOffset? WaitsUntil { get; init; }

    /// <summary>Id of the child that looks, whose own custom status is a <see cref="SoakProgress"/>; null when none does.</summary>
    public string? Leg { get; init; }

    /// <summary>Who is waited for; empty when nobody.</summary>
    public IReadOnlyList<string> WaitingFor { get; init; } = [];

    /// <summary>Who has approved the present gate so far.</summary>
    public IReadOnlyList<string> ApprovedBy { get; init; } = [];

    /// <summary>Hash of what the present gate asks to approve, 64 hex characters; null when no approval is asked for.</summary>
    public string? Evidence { get; init; }

    /// <summary>The items of the present checklist; empty when there is none.</summary>
    public IReadOnlyList<ChecklistItemState> Items { get; init; } = [];

    /// <summary>Place in the line for <see cref="Environment"/>, 1 for the next; null when it does not wait there.</summary>
    public int? QueuePosition { get; init; }

    /// <summary>Why it is an emergency; null when it is none.</summary>
    public string? Emergency { get; init; }
}

/// <summary>How far a soak is: the custom status of its leg.</summary>
public sealed record SoakProgress
{
    /// <summary>Seconds that counted so far, on the soak's own clock.</summary>
    public double ElapsedSeconds { get; init; }

    /// <summary>Seconds that must count.</summary>
    public double RequiredSeconds { get; init; }

    /// <summary>Looks taken.</summary>
    public int Looks { get; init; }

    /// <summary>Requests the canary answered in the soak.</summary>
    public long CanaryRequests { get; init; }

    /// <summary>Errors among them.</summary>
    public long CanaryErrors { get; init; }

    /// <summary>Requests stable answered meanwhile.</summary>
    public long StableRequests { get; init; }

    /// <summary>Errors among them.</summary>
    public long StableErrors { get; init; }

    /// <summary>One line per metric: value, limit, counts, what is still needed.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>What the last look said.</summary>
    public Verdict Verdict { get; init; }

    /// <summary>Why, when it is not simply going on.</summary>
    public string? Reason { get; init; }
}
