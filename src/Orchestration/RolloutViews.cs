using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration;

/// <summary>A rollout as people look at it.</summary>
/// <param name="Id">Instance id.</param>
/// <param name="Record">What was asked for.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Steps">Every step of the plan.</param>
/// <param name="Soak">How far the running soak is; null when none runs.</param>
/// <param name="RuntimeStatus">Where its instance stands; null when purged.</param>
public sealed record RolloutView(
    string Id, RolloutRecord Record, RolloutStatus Status, IReadOnlyList<StepView> Steps, SoakProgress? Soak, RuntimeStatus? RuntimeStatus);

/// <summary>A step as people look at it.</summary>
/// <param name="Title">What the plan says.</param>
/// <param name="Kind">Of which kind.</param>
/// <param name="Environment">Where.</param>
/// <param name="State">Where it stands.</param>
/// <param name="StartedAt">UTC; null before.</param>
/// <param name="CompletedAt">UTC; null before.</param>
/// <param name="Message">What it found.</param>
public sealed record StepView(
    string Title, string Kind, string? Environment, StepState State, DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt, string? Message);

/// <summary>Where a step stands.</summary>
public enum StepState
{
    /// <summary>Not begun.</summary>
    Pending,

    /// <summary>Runs.</summary>
    Running,

    /// <summary>Waits.</summary>
    Paused,

    /// <summary>Passed.</summary>
    Passed,

    /// <summary>Failed.</summary>
    Failed,

    /// <summary>Left out by a person.</summary>
    Skipped,

    /// <summary>Undone.</summary>
    RolledBack,
}

/// <summary>An environment now.</summary>
/// <param name="Service">What.</param>
/// <param name="Environment">Where.</param>
/// <param name="Stable">The deployment that serves; null when none ever succeeded.</param>
/// <param name="Previous">The one before; null when there is none.</param>
/// <param name="Lock">Who holds it and who waits; null when nobody ever did.</param>
/// <param name="Weights">Percent by revision as read from the router; null when it cannot be read.</param>
public sealed record EnvironmentView(
    string Service, string Environment, Deployment? Stable, Deployment? Previous, LockState? Lock, IReadOnlyDictionary<string, int>? Weights);
