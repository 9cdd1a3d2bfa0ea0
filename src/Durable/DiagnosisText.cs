using System.Globalization;

namespace Sluice.Durable;

/// <summary>Diagnoses in words.</summary>
internal static class DiagnosisText
{
    // Longer than any turn, commit or late timer takes; a host that polls its queues for timers stays below it too.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static IReadOnlyList<string> Reasons(InstanceDiagnosis d)
    {
        if (d.HasEnded)
        {
            return [$"It is {d.Status} since {Time(d.Since)}" + (d.Failure is null ? "." : $": {d.Failure} When the cause is gone, rewind it.")];
        }

        var reasons = new List<string>();
        if (d.Status == RuntimeStatus.Suspended)
        {
            reasons.Add($"It is suspended since {Time(d.Since)}{Held(d)}: resume it.");
        }
        else if (d.Status == RuntimeStatus.Pending)
        {
            reasons.Add(d.StartsAt is { } start && start > d.At ? $"It begins at {Time(start)}." : $"It has not begun since {Time(d.Since)}.");
        }

        if (d.Turn is { } turn)
        {
            reasons.Add(turn.Fault is null
                ? $"A turn takes what arrived at {Time(turn.Since)}."
                : $"Its turn could not be made ({Times(turn.Failures)}, the last time: {turn.Fault})" + (turn.NextTry is { } next ? $"; it is tried again at {Time(next)}." : " and is tried again now."));
        }

        reasons.AddRange(d.Activities.Select(Activity));
        reasons.AddRange(d.Timers.Select(t => $"Timer #{t.Task}, set {Time(t.Since)}, fires at {Time(t.Due)}."));
        reasons.AddRange(d.Children.Select(Child));
        reasons.AddRange((d.Events ?? []).Select(e => $"It waits for event '{e.Name}'{(e.Count > 1 ? $" ({e.Count} times)" : "")}: raise it."));
        reasons.AddRange((d.UnclaimedEvents ?? []).Select(e => $"Event '{e.Name}' came {Times(e.Count)} and nothing waits for it."));
        if (d.NotListed > 0)
        {
            reasons.Add($"There are {d.NotListed} more tasks and messages.");
        }

        return reasons;
    }

    public static IReadOnlyList<string> Faults(InstanceDiagnosis d)
    {
        var faults = new List<string>(d.Found);
        if (d.HasEnded)
        {
            if (d.Failure is not null)
            {
                faults.Add($"It has failed: {d.Failure}");
            }

            return faults;
        }

        if (d.Turn is { Fault: { } fault } turn)
        {
            faults.Add($"Its turn could not be made {Times(turn.Failures)}: {fault}");
        }
        else if (d.Turn is { } busy && d.At - busy.Since > Patience)
        {
            faults.Add($"Its turn takes since {Time(busy.Since)}: the orchestrator's code computes or blocks, or the writer does not keep up.");
        }

        if (d.Turn is null && d.Status == RuntimeStatus.Pending && d.StartsAt is { } start && d.At - start > Patience)
        {
            faults.Add($"It should have begun at {Time(start)}.");
        }

        faults.AddRange(d.Activities.Where(a => a.TimesOut < d.At - Patience).Select(a => $"Activity '{a.Name}' (#{a.Task}) should have been cut off at {Time(a.TimesOut!.Value)}."));
        if (d.Turn is null && d.Status != RuntimeStatus.Suspended)
        {
            faults.AddRange(d.Timers.Where(t => d.At - t.Due > Patience).Select(t => $"Timer #{t.Task} should have fired at {Time(t.Due)}."));
            if (d.Status != RuntimeStatus.Pending && d.Inbox is [var oldest, ..] && d.At - oldest.Since > Patience)
            {
                faults.Add($"{d.Inbox.Count} messages were not taken, the oldest since {Time(oldest.Since)}.");
            }
        }

        faults.AddRange(d.Children.Where(c => c.Status is RuntimeStatus.Completed or RuntimeStatus.Failed or RuntimeStatus.Terminated && d.At - d.Since > Patience)
            .Select(c => $"Child '{c.InstanceId}' (#{c.Task}) is {c.Status}, and its parent has not heard of it."));
        return faults;
    }

    private static string Activity(OpenActivity a)
    {
        var called = $"Activity '{a.Name}' (#{a.Task}), called {Time(a.Since)}, ";
        return called + a.State switch
        {
            ActivityState.Running => $"runs since {Time(a.AttemptBegan ?? a.Since)}" + (a.TimesOut is { } end ? $" and is cut off at {Time(end)}." : " without a time-out."),
            ActivityState.Queued => "waits for a free place: all that may run at once do.",
            ActivityState.WaitingForItsLimit => "waits: as many of its type run as may.",
            ActivityState.Answered => "has answered; the next turn takes it.",
            _ => "has no result yet.",
        };
    }

    private static string Child(OpenChild c) =>
        $"Child '{c.InstanceId}' ({c.Name}, #{c.Task}), called {Time(c.Since)}, {(c.Status is { } status ? $"is {status}" : "has no result yet")}"
        + (c.Reasons.Count == 0 ? "." : ": " + string.Join(' ', c.Reasons));

    private static string Held(InstanceDiagnosis d) => d.Inbox is { Count: > 0 } held ? $" and holds {held.Count} messages back" : "";

    private static string Times(int count) => count == 1 ? "once" : $"{count} times";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
