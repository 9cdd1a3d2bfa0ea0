namespace Sluice.Domain.Freezes;

/// <summary>A time in which nothing moves forward. What goes back is never frozen.</summary>
/// <param name="Name">What people call it, unique among its like.</param>
/// <param name="TimeZone">IANA name of the zone that <paramref name="From"/> and <paramref name="To"/> are written in.</param>
/// <param name="From">Its first moment.</param>
/// <param name="To">The first moment after it; of the same kind as <paramref name="From"/>.</param>
public sealed record FreezeWindow(string Name, string TimeZone, FreezeMoment From, FreezeMoment To)
{
    /// <summary>Environments it holds; empty for all.</summary>
    public IReadOnlyList<string> Environments { get; init; } = [];

    /// <summary>What a start does in it.</summary>
    public FreezeStart OnStart { get; init; }

    /// <summary>What a rollout under way does before its next forward step.</summary>
    public FreezeAction OnRunning { get; init; }

    /// <summary>Names or groups of whom two may override it; empty for every deployer, approver and admin.</summary>
    public IReadOnlyList<string> OverrideBy { get; init; } = [];
}

/// <summary>What a start does in a freeze window.</summary>
public enum FreezeStart
{
    /// <summary>It is refused.</summary>
    Block,

    /// <summary>It begins when the window ends.</summary>
    Queue,
}

/// <summary>What a rollout under way does in a freeze window.</summary>
public enum FreezeAction
{
    /// <summary>Waits until the window ends.</summary>
    Pause,

    /// <summary>Goes on, and says so.</summary>
    Continue,

    /// <summary>Goes back.</summary>
    Rollback,
}

/// <summary>A freeze window that is in force.</summary>
/// <param name="Name">Which.</param>
/// <param name="Until">When it ends, UTC.</param>
/// <param name="OnStart">What a start does.</param>
/// <param name="OnRunning">What a rollout under way does.</param>
/// <param name="OverrideBy">Of whom two may override it; empty for every deployer, approver and admin.</param>
public sealed record FreezeInForce(
    string Name, DateTimeOffset Until, FreezeStart OnStart, FreezeAction OnRunning, IReadOnlyList<string> OverrideBy);
