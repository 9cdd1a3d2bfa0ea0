using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Durable;
using Sluice.Engine.Kernel;

namespace Sluice.Engine;

/// <summary>What a replay of one stored instance came to.</summary>
/// <param name="InstanceId">Which.</param>
/// <param name="Name">Its orchestrator.</param>
/// <param name="Version">Its version; empty for none.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Events">How many events its history has.</param>
/// <param name="Fault">Why it would fail, with expected and actual call; null when it replays.</param>
public sealed record ReplayVerdict(string InstanceId, string Name, string Version, RuntimeStatus Status, int Events, string? Fault);

/// <summary>Replays stored histories against the code of this program: before an upgrade, what would fail after it. Runs no activity, writes nothing.</summary>
/// <param name="tasks">The code.</param>
/// <param name="services">For orchestrators; none when null.</param>
/// <param name="options">What the engine would run with; the defaults when null.</param>
public sealed class ReplayCheck(DurableTasks tasks, IServiceProvider? services = null, EngineOptions? options = null)
{
    private readonly KernelOptions _kernel = options?.ToKernelOptions() ?? KernelOptions.Default;

    /// <summary>Replays one.</summary>
    public ReplayVerdict Check(StoredHistory history)
    {
        string? fault = null;
        try
        {
            var past = history.Events;
            if (past.Count == 0 && tasks.FindOrchestrator(history.Name) is null)
            {
                throw new MissingOrchestratorException(history.Name);
            }

            Replaying.Replay(past, call => NewExecution(history, call));
        }
        catch (UnplayableException e)
        {
            fault = e.Message;
        }

        return new ReplayVerdict(history.InstanceId, history.Name, history.Version, history.Status, history.Events.Count, fault);
    }

    private OrchestrationExecution NewExecution(StoredHistory history, int? sought)
    {
        try
        {
            return new OrchestrationExecution(
                history.InstanceId, tasks.FindOrchestrator(history.Name)?.Invoke(services!), _kernel, NullLoggerFactory.Instance, static () => { }, sought);
        }
        catch (Exception e)
        {
            throw new OrchestratorNotCreatedException(history.Name, e);
        }
    }
}
