namespace Sluice.Engine.Kernel;

/// <summary>An instance cannot go on with the code there is; it fails, and a rewind with the right code repairs it.</summary>
internal abstract class UnplayableException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>The code does not do what its history says it did.</summary>
/// <param name="name">The orchestrator.</param>
/// <param name="difference">What was expected and what came.</param>
/// <param name="call">The number of the call to look for in the code: the one that came, or the last one before it stopped short; null for none.</param>
/// <param name="place">Where that call stands, if it was looked for.</param>
internal sealed class NonDeterministicOrchestrationException(string name, DecisionDifference difference, int? call, string? place = null)
    : UnplayableException(
        $"NonDeterministic: Orchestrator '{name}' no longer repeats its history: the history has {difference.Expected}, "
        + $"the code made {difference.Actual}{place}. "
        + "Deploy the code this instance was started with (or branch on its version) and rewind it, or restart it with the new code.")
{
    /// <summary>The number of the call to look for in the code; null when there is none.</summary>
    public int? Call => call;
}

/// <summary>The code awaited something that its context did not give it.</summary>
internal sealed class ForeignAwaitException(string name)
    : UnplayableException(
        $"ForeignAwait: Orchestrator '{name}' awaited a task that did not come from its DurableContext, or used the context from another thread. "
        + "Use CreateTimer instead of Task.Delay, activities for all I/O, and no Task.Run or ConfigureAwait(false).");

/// <summary>The orchestrator could not be made, most often because a service it needs is not registered.</summary>
internal sealed class OrchestratorNotCreatedException(string name, Exception e)
    : UnplayableException($"OrchestratorNotCreated: Orchestrator '{name}' cannot be made: {e.Message}", e);

/// <summary>The stored history cannot be read: a newer program wrote it, or the file is damaged.</summary>
internal sealed class UnreadableHistoryException(string instanceId, Exception e)
    : UnplayableException(
        $"HistoryUnreadable: The history of instance '{instanceId}' cannot be read ({e.Message}). Rewind it with the program that wrote it, or restore a backup.", e);

/// <summary>The engine has given an instance up: its turn cannot be made.</summary>
internal sealed class PoisonedException(string message, Exception? innerException = null) : UnplayableException("Poisoned: " + message, innerException)
{
    /// <summary>Every attempt at its turn ended with a fault.</summary>
    public static PoisonedException Of(string instanceId, int attempts, Exception e) => new(
        $"The turn of instance '{instanceId}' could not be made {attempts} times; the last time: {e.GetType().Name}: {e.Message} The log has all of it. Rewind the instance when the cause is gone.", e);

    /// <summary>The process died again and again while it made the turn.</summary>
    public static PoisonedException OfDeaths(int deaths) => new(
        $"The process died {deaths} times in a row while it made the turn of this instance (a stack overflow, memory without end). Correct the orchestrator and rewind the instance.");
}

/// <summary>The host does not have the orchestrator that an instance was started with.</summary>
internal sealed class MissingOrchestratorException(string name)
    : UnplayableException($"OrchestratorMissing: There is no orchestrator '{name}' in this program. Deploy the version that has it and rewind the instance.");

/// <summary>The instance belongs to another version of the program than this one, and the host is set to fail such.</summary>
internal sealed class VersionMismatchException(string instanceVersion, string hostVersion, bool isGreater)
    : UnplayableException(
        $"VersionMismatch: The orchestration version '{instanceVersion}' {(isGreater ? "is greater than" : "does not match")} the worker version '{hostVersion}'. "
        + "Deploy the program of that version and rewind the instance.");
