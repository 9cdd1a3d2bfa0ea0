using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Orchestration.Rollouts;

/// <summary>What a rollout starts with. A running rollout never reads another plan.</summary>
/// <param name="RolloutId">Its instance id.</param>
/// <param name="BundleHash">The stored plan and files.</param>
/// <param name="Plan">The compiled plan; null above <see cref="MaxPlanCharacters"/>: read from the bundle then.</param>
/// <param name="Release">What is rolled out.</param>
/// <param name="Revision">Its name on the platform.</param>
/// <param name="TriggeredBy">Name of the key.</param>
public sealed record RolloutInput(
    string RolloutId, string BundleHash, Plan? Plan, Release Release, string Revision, string TriggeredBy)
{
    /// <summary>Longest JSON of a plan that travels in the input, characters.</summary>
    public const int MaxPlanCharacters = 32 * 1024;

    /// <summary>The rollout this one repeats.</summary>
    public string? RetryOf { get; init; }

    /// <summary>Whether a release moves forward or an environment goes back to an earlier one.</summary>
    public RolloutKind Kind { get; init; }

    /// <summary>Why it is an emergency; null when it is none.</summary>
    public string? Emergency { get; init; }

    /// <summary>Why <see cref="TriggeredBy"/> wants it to move in spite of a freeze window; null when that was not asked for.</summary>
    public string? FreezeOverride { get; init; }

    /// <summary>For a restore, the environment that goes back.</summary>
    public string? RestoreEnvironment { get; init; }

    /// <summary>For a restore, how much is checked.</summary>
    public RestoreWay RestoreWay { get; init; }

    /// <summary>For a restore, why.</summary>
    public string? Reason { get; init; }
}

/// <summary>Which way a rollout goes.</summary>
public enum RolloutKind
{
    /// <summary>A new release, by its plan.</summary>
    Rollout,

    /// <summary>A release that served before, without gates and soaks.</summary>
    Restore,
}

/// <summary>What a rollout ends with.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Message">Why, for people.</param>
/// <param name="Left">What a rollback could not undo, one line each: migrations without a way back.</param>
public sealed record RolloutResult(Outcome Outcome, string Message, IReadOnlyList<string> Left);
