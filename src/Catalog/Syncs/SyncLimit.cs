namespace Sluice.Catalog.Syncs;

/// <summary>What somebody took away from a schedule, until they give it back: it never does more than the settings say.</summary>
/// <param name="Kind">One of <see cref="SyncKinds"/>.</param>
/// <param name="Enabled">False: the schedule starts nothing. By hand syncs are still started.</param>
/// <param name="IntervalHours">It starts a run no more often than that; null as the settings say.</param>
/// <param name="Sources">Only these are synced, by hand too; null as the settings say.</param>
/// <param name="SetBy">Who.</param>
/// <param name="SetAt">When.</param>
/// <param name="Reason">Why; null when nobody said.</param>
public sealed record SyncLimit(
    string Kind, bool Enabled, int? IntervalHours, IReadOnlyList<string>? Sources, string SetBy, DateTimeOffset SetAt, string? Reason)
{
    /// <summary>Whether it takes anything away.</summary>
    public bool Limits => !Enabled || IntervalHours is not null || Sources is not null;
}
