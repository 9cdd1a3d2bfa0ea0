using Sluice.Engine.History;

namespace Sluice.Engine.Kernel;

/// <summary>
/// A failed history made open again. Failed activities and children are taken as unanswered, so that they run again; those whose
/// failure the code went on from (a retry, a compensation) stay. Where it decided something at once it did; of the others it is found
/// out by replaying: they are taken out, all or by halves, later ones first, as far as the code can do without them.
/// </summary>
internal static class Rewind
{
    /// <summary>The history to go on from.</summary>
    /// <param name="history">Everything that happened.</param>
    /// <param name="newExecution">For trial replays.</param>
    public static List<HistoryEvent> Reopen(List<HistoryEvent> history, Func<OrchestrationExecution> newExecution)
    {
        var past = Living(history);
        var whole = newExecution();
        return Replays(whole, past) ? Without(past, whole.QuietFailures, newExecution) : past;
    }

    /// <summary>What happened before each failure. One that was given up again at once after a rewind has its failure still in its history.</summary>
    private static List<HistoryEvent> Living(List<HistoryEvent> history)
    {
        var past = new List<HistoryEvent>(history.Count);
        var failed = false;
        foreach (var item in history)
        {
            failed = item is ExecutionFailed || (failed && item is not ExecutionRewound);
            if (!failed)
            {
                past.Add(item);
            }
        }

        return past;
    }

    private static List<HistoryEvent> Without(List<HistoryEvent> past, IEnumerable<Answer> failures, Func<OrchestrationExecution> newExecution)
    {
        var candidates = failures.ToHashSet<HistoryEvent>(ReferenceEqualityComparer.Instance);
        var without = past.FindAll(e => !candidates.Contains(e));
        if (candidates.Count == 0 || Replays(newExecution(), without))
        {
            return without;
        }

        if (candidates.Count == 1)
        {
            return past;
        }

        var half = candidates.Count / 2;
        past = Without(past, failures.Skip(half), newExecution);
        return Without(past, failures.Take(half), newExecution);
    }

    private static bool Replays(OrchestrationExecution execution, List<HistoryEvent> history)
    {
        try
        {
            execution.Replay(history);
            return true;
        }
        catch (UnplayableException)
        {
            return false;
        }
    }
}
