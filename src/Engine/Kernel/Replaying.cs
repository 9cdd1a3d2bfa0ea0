using Sluice.Engine.History;

namespace Sluice.Engine.Kernel;

/// <summary>Brings an execution to where its history ends.</summary>
internal static class Replaying
{
    /// <summary>Replays; when the code does something else than it did, once more to see where in the code.</summary>
    /// <param name="history">What happened.</param>
    /// <param name="newExecution">Makes an execution that notes the place of the call of this number.</param>
    /// <exception cref="UnplayableException">The code does something else now, left its thread, or is not there.</exception>
    public static OrchestrationExecution Replay(List<HistoryEvent> history, Func<int?, OrchestrationExecution> newExecution)
    {
        var execution = newExecution(null);
        try
        {
            execution.Replay(history);
            return execution;
        }
        catch (NonDeterministicOrchestrationException e) when (e.Call is { } call)
        {
            newExecution(call).Replay(history);
            throw;
        }
    }
}
