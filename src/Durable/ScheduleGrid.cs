namespace Sluice.Durable;

/// <summary>When something that happens again and again is due. Hosts only ask; whoever asks late or twice does no harm.</summary>
public static class ScheduleGrid
{
    /// <summary>
    /// Whether a run is due: none was recorded, or a moment of the grid has come since the last one began. What was missed is not made up
    /// for, and a changed interval counts at once.
    /// </summary>
    /// <param name="lastStart">When the last run began; null when none is recorded.</param>
    /// <param name="interval">How often, counted from midnight UTC; above zero.</param>
    /// <param name="now">The moment that asks.</param>
    /// <param name="first">A run of its own: nothing is due before, and one is due from then on unless a run has begun since. Null for none.</param>
    /// <remarks>The grid is absolute, so that a trigger that comes late or early by seconds neither drifts nor starts a run twice.</remarks>
    public static bool IsDue(DateTimeOffset? lastStart, TimeSpan interval, DateTimeOffset now, DateTimeOffset? first = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        if (now < first)
        {
            return false;
        }

        return lastStart is not { } last || last < first || Place(now) > Place(last);

        long Place(DateTimeOffset time) => time.UtcTicks / interval.Ticks;
    }
}
