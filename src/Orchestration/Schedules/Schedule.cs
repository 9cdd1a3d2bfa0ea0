using Sluice.Durable;

namespace Sluice.Orchestration.Schedules;

/// <summary>Something that happens again and again: one orchestration, never two of it at once.</summary>
/// <param name="Orchestrator">What is started; takes no input.</param>
/// <param name="Every">How often, counted from midnight UTC.</param>
public sealed record Schedule(OrchestratorRef<Unit, UpkeepReport> Orchestrator, TimeSpan Every)
{
    /// <summary>The one instance's id.</summary>
    public string InstanceId => Orchestrator.Name.ToLowerInvariant();

    /// <summary>
    /// Whether a run is due: none was recorded, or a moment of the grid has come since the last one began. What was missed is not made up
    /// for, and a changed interval counts at once.
    /// </summary>
    /// <param name="lastStart">When the last run began; null when none is recorded.</param>
    /// <param name="interval">How often; above zero.</param>
    /// <param name="now">The moment that asks.</param>
    /// <remarks>The grid is absolute, so that a trigger that comes late or early by seconds neither drifts nor starts a run twice.</remarks>
    public static bool IsDue(DateTimeOffset? lastStart, TimeSpan interval, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        return lastStart is not { } last || Place(now) > Place(last);

        long Place(DateTimeOffset time) => time.UtcTicks / interval.Ticks;
    }
}

/// <summary>What a run of upkeep did.</summary>
/// <param name="Count">How many things it touched.</param>
/// <param name="Ids">Which, as far as they have ids; at most <see cref="MostIds"/>.</param>
public sealed record UpkeepReport(int Count, IReadOnlyList<string> Ids)
{
    /// <summary>Most ids a report names: it is an instance's output, and read by people.</summary>
    public const int MostIds = 50;

    internal static UpkeepReport Of(IReadOnlyList<string> ids) => new(ids.Count, [.. ids.Take(MostIds)]);
}
