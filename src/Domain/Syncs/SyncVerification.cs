using Sluice.Domain.Plans;

namespace Sluice.Domain.Syncs;

/// <summary>Judges the syncs that a step waits for. Pure: from what was seen follows whether it passed, failed or waits, and until when.</summary>
/// <remarks>What counts is when runs began and ended, not when they were looked at: a look that comes late judges the same.</remarks>
public static class SyncVerification
{
    // How schedules name themselves. A run by hand is no proof that the schedule works.
    private static readonly string[] Schedules = ["schedule", "scheduler"];

    /// <summary>Judges.</summary>
    /// <param name="step">What is expected.</param>
    /// <param name="window">From when.</param>
    /// <param name="seen">What the server said.</param>
    /// <param name="now">When it said it.</param>
    public static SyncVerdict Judge(Step.VerifySync step, SyncWindow window, SyncSighting seen, DateTimeOffset now)
    {
        var runs = seen.Runs
            .Where(run => run.StartedAt >= window.From && (run.StartedBy is null || Schedules.Contains(run.StartedBy)))
            .OrderBy(run => run.StartedAt).ThenBy(run => run.Id, StringComparer.Ordinal).ToList();
        List<string> good = [];
        for (var n = 1; n <= step.Runs; n++)
        {
            var before = n == 1 ? null : runs[n - 2];
            var run = n <= runs.Count ? runs[n - 1] : null;
            if (before is not null && seen.Interval is null or { Ticks: <= 0 })
            {
                return new SyncVerdict.Failed(good, $"the {Ordinal(n)} sync never comes: the schedule is off");
            }

            var (earliest, due) = before is null
                ? (window.FirstFrom, window.FirstFrom + step.FirstWithin)
                : (Next(before.StartedAt, seen.Interval!.Value), before.StartedAt + seen.Interval.Value + (step.Grace ?? seen.Interval.Value / 3));
            switch (run)
            {
                case null when !seen.Enabled:
                    return new SyncVerdict.Failed(good, $"the {Ordinal(n)} sync never comes: the schedule is off");
                case null when now > due:
                    return new SyncVerdict.Failed(good, $"the {Ordinal(n)} sync should have ended by {due:u}, and has not begun");
                case null:
                    return new SyncVerdict.Waiting(good, earliest, due);
                case { EndedAt: null } when now > due || now - run.StartedAt > step.Criteria.MaxDuration:
                    return new SyncVerdict.Failed(good, $"the {Ordinal(n)} sync, {run.Id}, is still under way after {Durations.Format(Whole(now - run.StartedAt))}; it should have ended by {Earlier(due, run.StartedAt + step.Criteria.MaxDuration):u}");
                case { EndedAt: null }:
                    return new SyncVerdict.Waiting(good, run.StartedAt, Earlier(due, run.StartedAt + step.Criteria.MaxDuration));
            }

            if (Fault(step.Criteria, run, due) is { } fault)
            {
                return new SyncVerdict.Failed(good, $"the {Ordinal(n)} sync, {run.Id}, {fault}");
            }

            good.Add($"{run.Id} {run.Status} in {Durations.Format(Whole(run.EndedAt.Value - run.StartedAt))}, {run.Fetched} rows");
        }

        return new SyncVerdict.Passed(good);
    }

    private static string? Fault(SyncCriteria criteria, SyncSeen run, DateTimeOffset due)
    {
        var took = run.EndedAt!.Value - run.StartedAt;
        var errors = run.Errors.Count == 0 ? "" : $": {string.Join("; ", run.Errors)}";
        return run.Status is not ("completed" or "partial") ? $"ended as '{run.Status}'{errors}"
            : run.Status == "partial" && !criteria.Partial ? $"is partial{errors}"
            : run.EndedAt > due ? $"ended at {run.EndedAt:u}, later than {due:u}"
            : took > criteria.MaxDuration ? $"took {Durations.Format(Whole(took))}, longer than {Durations.Format(criteria.MaxDuration)}"
            : run.Fetched < criteria.MinFetched ? $"fetched {run.Fetched} rows, fewer than {criteria.MinFetched}"
            : run.Quarantined > criteria.MaxQuarantined ? $"did not believe {run.Quarantined} rows, more than {criteria.MaxQuarantined}"
            : null;
    }

    // The grid of intervals begins at midnight UTC. A server with another one is asked a little early.
    private static DateTimeOffset Next(DateTimeOffset started, TimeSpan interval) =>
        new(((started.UtcTicks / interval.Ticks) + 1) * interval.Ticks, TimeSpan.Zero);

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static TimeSpan Whole(TimeSpan time) => TimeSpan.FromMilliseconds(Math.Max(0, (long)time.TotalMilliseconds));

    private static string Ordinal(int n) => n switch { 1 => "1st", 2 => "2nd", 3 => "3rd", 21 => "21st", 22 => "22nd", 23 => "23rd", _ => $"{n}th" };
}
