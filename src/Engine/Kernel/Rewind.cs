using Sluice.Engine.History;

namespace Sluice.Engine.Kernel;

/// <summary>
/// A failed history made open again. Failed activities and children are taken as unanswered, so that they run again; those whose
/// failure the code went on from (a retry, a compensation) stay. Which they are is found by replaying: each failure is taken out,
/// from the last one backwards, if the code can do without it.
/// </summary>
internal static class Rewind
{
    /// <summary>The history to go on from.</summary>
    /// <param name="history">Everything that happened.</param>
    /// <param name="newExecution">For trial replays.</param>
    public static List<HistoryEvent> Reopen(List<HistoryEvent> history, Func<OrchestrationExecution> newExecution)
    {
        var past = Living(history);
        foreach (var failure in past.FindAll(e => e is TaskFailed or SubOrchestrationInstanceFailed).AsEnumerable().Reverse())
        {
            var without = past.FindAll(e => !ReferenceEquals(e, failure));
            past = Replays(without, newExecution) ? without : past;
        }

        return past;
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

    private static bool Replays(List<HistoryEvent> history, Func<OrchestrationExecution> newExecution)
    {
        try
        {
            newExecution().Replay(history);
            return true;
        }
        catch (UnplayableException)
        {
            return false;
        }
    }
}
