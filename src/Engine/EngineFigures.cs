namespace Sluice.Engine;

/// <summary>What the engine counts, at one moment; the same figures as those of the meter <c>Sluice.Engine</c>.</summary>
public sealed record EngineFigures
{
    /// <summary>Activity attempts under way.</summary>
    public required int ActivitiesRunning { get; init; }

    /// <summary>Activities that wait for a place.</summary>
    public required int ActivitiesWaiting { get; init; }

    /// <summary>Turns and writes under way or in line.</summary>
    public required int Pending { get; init; }

    /// <summary>Clients that wait because <see cref="EngineOptions.MaxPendingWrites"/> are under way.</summary>
    public required int ClientsWaiting { get; init; }

    /// <summary>How long the oldest message that no turn has finished with has waited.</summary>
    public required TimeSpan Lag { get; init; }

    /// <summary>How long the oldest write that is not durable has waited.</summary>
    public required TimeSpan WriteLag { get; init; }

    /// <summary>Timers that have not fired.</summary>
    public required int Timers { get; init; }

    /// <summary>Instances in memory.</summary>
    public required int InstancesLoaded { get; init; }

    /// <summary>Instances that were taken out of memory while they waited.</summary>
    public required long InstancesEvicted { get; init; }

    /// <summary>Instances that failed because their turn could not be made.</summary>
    public required long InstancesPoisoned { get; init; }

    /// <summary>Turns made.</summary>
    public required long Turns { get; init; }

    /// <summary>Turns that could not be made; each is tried again.</summary>
    public required long TurnFaults { get; init; }

    /// <summary>Time spent making turns, replays included.</summary>
    public required TimeSpan TurnTime { get; init; }

    /// <summary>Commits.</summary>
    public required long Commits { get; init; }

    /// <summary>Writes in these commits.</summary>
    public required long Writes { get; init; }

    /// <summary>Time spent committing.</summary>
    public required TimeSpan CommitTime { get; init; }

    /// <summary>Instances brought back by replay.</summary>
    public required long Replays { get; init; }

    /// <summary>Events of their histories.</summary>
    public required long EventsReplayed { get; init; }

    /// <summary>Time spent replaying.</summary>
    public required TimeSpan ReplayTime { get; init; }
}
