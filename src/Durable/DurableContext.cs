using Microsoft.Extensions.Logging;

namespace Sluice.Durable;

/// <summary>
/// What an orchestrator may touch: the members and meanings of <c>TaskOrchestrationContext</c> (microsoft/durabletask-dotnet,
/// src/Abstractions), as far as every host can honour them.
/// </summary>
/// <remarks>
/// An orchestrator is replayed from its history, so everything it learns comes from here: no clock, no randomness, no I/O, no
/// thread of its own. Awaiting anything that did not come from this context fails the instance.
/// </remarks>
public abstract class DurableContext
{
    /// <summary>The name the orchestrator was registered and started under.</summary>
    public abstract string Name { get; }

    /// <summary>The id of this instance, unique in the task hub.</summary>
    public abstract string InstanceId { get; }

    /// <summary>Who called this instance as a sub-orchestration; null for one that a client started.</summary>
    public abstract ParentInstance? Parent { get; }

    /// <summary>The version the instance was started with; empty when none was given.</summary>
    public abstract string Version { get; }

    /// <summary>The time of this turn, UTC: the same at every replay and constant between two awaits.</summary>
    public abstract DateTime CurrentUtcDateTime { get; }

    /// <summary>Whether the code runs over what happened before; false once it does something new.</summary>
    public abstract bool IsReplaying { get; }

    /// <summary>Compares <see cref="Version"/> with another: as <see cref="System.Version"/> where both parse, else ordinally without case; empty sorts first.</summary>
    /// <param name="version">The version to compare with.</param>
    /// <returns>Below zero, zero or above zero, as for <see cref="IComparable"/>.</returns>
    public int CompareVersionTo(string version) => VersionComparison.Compare(Version, version);

    /// <summary>A version 5 UUID that is the same at every replay.</summary>
    /// <remarks>Name space 9e952958-5e33-4daf-827f-2fa12937b875, name <c>{instanceId}_{CurrentUtcDateTime:o}_{counter}</c>, as durabletask-dotnet makes it.</remarks>
    public abstract Guid NewGuid();

    /// <summary>A logger that is silent while replaying, so that each line is written once.</summary>
    /// <param name="category">The category of the lines.</param>
    public abstract ILogger CreateReplaySafeLogger(string category);

    /// <summary>Runs an activity and returns its result; at least once, so the activity must be idempotent.</summary>
    /// <param name="name">The activity's registered name.</param>
    /// <param name="input">Serialised as JSON; null for none.</param>
    /// <param name="options">How often to try; once when null.</param>
    /// <exception cref="TaskFailureException">The activity failed and no further attempt is allowed.</exception>
    public abstract Task<TResult> CallActivityAsync<TResult>(string name, object? input, TaskOptions? options = null);

    /// <summary>Runs a typed activity; see <see cref="CallActivityAsync{TResult}(string, object?, TaskOptions?)"/>.</summary>
    public Task<TResult> CallActivityAsync<TInput, TResult>(ActivityRef<TInput, TResult> activity, TInput input, TaskOptions? options = null) =>
        CallActivityAsync<TResult>(activity.Name, input, options);

    /// <summary>Runs another orchestrator as a child and returns its result.</summary>
    /// <param name="name">The orchestrator's registered name.</param>
    /// <param name="input">Serialised as JSON; null for none.</param>
    /// <param name="options">The child's id and version (give both: the host's default version would run new code under a sleeping parent) and how often to try.</param>
    /// <exception cref="TaskFailureException">The child failed or was terminated.</exception>
    public abstract Task<TResult> CallSubOrchestratorAsync<TResult>(string name, object? input, SubOrchestrationOptions? options = null);

    /// <summary>Runs a typed orchestrator as a child; see <see cref="CallSubOrchestratorAsync{TResult}(string, object?, SubOrchestrationOptions?)"/>.</summary>
    public Task<TResult> CallSubOrchestratorAsync<TInput, TResult>(
        OrchestratorRef<TInput, TResult> orchestrator, TInput input, SubOrchestrationOptions? options = null) =>
        CallSubOrchestratorAsync<TResult>(orchestrator.Name, input, options);

    /// <summary>Completes at <paramref name="fireAt"/>; survives restarts.</summary>
    /// <param name="fireAt">UTC. A moment in the past completes at the next turn.</param>
    /// <param name="cancellationToken">Cancel the loser of a race: an open timer keeps the instance running.</param>
    /// <exception cref="TaskCanceledException">Awaited after its token was cancelled.</exception>
    public abstract Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken = default);

    /// <summary>Completes after <paramref name="delay"/>, counted from <see cref="CurrentUtcDateTime"/>.</summary>
    public Task CreateTimer(TimeSpan delay, CancellationToken cancellationToken = default) =>
        CreateTimer(CurrentUtcDateTime + delay, cancellationToken);

    /// <summary>Completes with the payload of the next event of this name; early events wait in order of arrival.</summary>
    /// <param name="name">Compared without case.</param>
    /// <param name="cancellationToken">A cancelled waiter never takes an event.</param>
    /// <remarks>Of several waiters the newest is served first. Keep one alive per name; see the rules in docs/orchestrations.md.</remarks>
    public abstract Task<T> WaitForExternalEvent<T>(string name, CancellationToken cancellationToken = default);

    /// <summary>Waits for an event no longer than <paramref name="timeout"/>.</summary>
    /// <exception cref="TimeoutException">The event did not come in time.</exception>
    public async Task<T> WaitForExternalEvent<T>(string name, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var sleeping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var raised = WaitForExternalEvent<T>(name, waiting.Token);
        var expired = CreateTimer(timeout, sleeping.Token);
        if (await Task.WhenAny(raised, expired) == raised)
        {
            sleeping.Cancel();
            return await raised;
        }

        waiting.Cancel();
        await expired;
        throw new TimeoutException($"No event '{name}' within {timeout}.");
    }

    /// <summary>Waits for an event no longer than <paramref name="timeout"/>, then returns <paramref name="defaultValue"/>.</summary>
    public async Task<T> WaitForExternalEvent<T>(string name, TimeSpan timeout, T defaultValue, CancellationToken cancellationToken = default)
    {
        try
        {
            return await WaitForExternalEvent<T>(name, timeout, cancellationToken);
        }
        catch (TimeoutException)
        {
            return defaultValue;
        }
    }

    /// <summary>Sends an event to another instance, without waiting for it to arrive.</summary>
    public abstract void SendEvent(string instanceId, string eventName, object? payload);

    /// <summary>Replaces the custom status that queries show. Keep it under 4,000 characters of JSON: Azure fails the instance at 8,192.</summary>
    public abstract void SetCustomStatus(object? customStatus);

    /// <summary>Ends this run and starts the next with a new input and an empty history.</summary>
    /// <param name="newInput">The next run's input.</param>
    /// <param name="preserveUnprocessedEvents">Whether events nobody took are kept for the next run.</param>
    /// <param name="newVersion">The next run's version; this run's when null.</param>
    /// <remarks>Only for loops that receive no events: Azure Storage loses events when timers are in flight (docs/orchestrations.md).</remarks>
    public abstract void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true, string? newVersion = null);
}

/// <summary>The caller of a sub-orchestration.</summary>
/// <param name="Name">Its orchestrator's name.</param>
/// <param name="InstanceId">Its instance id.</param>
public sealed record ParentInstance(string Name, string InstanceId);
