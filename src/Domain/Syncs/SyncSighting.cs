namespace Sluice.Domain.Syncs;

/// <summary>What a server says of its syncs.</summary>
/// <param name="Enabled">Whether its schedule is on.</param>
/// <param name="Interval">How often it starts a run; null when it starts none.</param>
/// <param name="Runs">Runs since a moment, in any order.</param>
public sealed record SyncSighting(bool Enabled, TimeSpan? Interval, IReadOnlyList<SyncSeen> Runs);

/// <summary>A run as the server's history has it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status"><c>running</c>, <c>completed</c>, <c>partial</c> or <c>failed</c>; anything else is no success.</param>
/// <param name="StartedBy">Who started it; null when the server does not say.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it is under way.</param>
/// <param name="Fetched">Rows that its sources sent, together.</param>
/// <param name="Quarantined">Rows that were not believed, together.</param>
/// <param name="Errors">The first of what went wrong.</param>
public sealed record SyncSeen(
    string Id, string Status, string? StartedBy, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, long Fetched, long Quarantined, IReadOnlyList<string> Errors);

/// <summary>From when a step counts.</summary>
/// <param name="From">Runs that began earlier are not its.</param>
/// <param name="FirstFrom">The time for the first one runs from here.</param>
public sealed record SyncWindow(DateTimeOffset From, DateTimeOffset FirstFrom);

/// <summary>Where a verification stands.</summary>
/// <param name="Good">A line for each run that was good, in order.</param>
public abstract record SyncVerdict(IReadOnlyList<string> Good)
{
    /// <summary>All are good.</summary>
    public sealed record Passed(IReadOnlyList<string> Good) : SyncVerdict(Good);

    /// <summary>One is not, or did not come.</summary>
    /// <param name="Good">Those before it.</param>
    /// <param name="Reason">Which, what was expected and what came.</param>
    public sealed record Failed(IReadOnlyList<string> Good, string Reason) : SyncVerdict(Good);

    /// <summary>The next one has not ended yet.</summary>
    /// <param name="Good">Those before it.</param>
    /// <param name="NotBefore">It cannot have ended earlier.</param>
    /// <param name="Due">It has failed when it has not ended by then.</param>
    public sealed record Waiting(IReadOnlyList<string> Good, DateTimeOffset NotBefore, DateTimeOffset Due) : SyncVerdict(Good);
}
