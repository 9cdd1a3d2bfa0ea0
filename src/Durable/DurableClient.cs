using System.Text.Json;

namespace Sluice.Durable;

/// <summary>
/// What the outside may do with instances: the members and meanings of <c>DurableTaskClient</c> (microsoft/durabletask-dotnet,
/// src/Client/Core), as far as every host can honour them.
/// </summary>
public abstract class DurableClient
{
    /// <summary>Name of the task hub: instances of one are unknown to another.</summary>
    public abstract string Hub { get; }

    /// <summary>Starts an instance; durable when the task completes.</summary>
    /// <returns>The instance's id.</returns>
    /// <exception cref="InstanceExistsException">The id is taken, in whatever state; see <see cref="StartOptions.ReplaceStatuses"/>.</exception>
    /// <exception cref="ArgumentException">The id is not allowed (see <see cref="InstanceIds"/>) or the orchestrator is unknown.</exception>
    public abstract Task<string> ScheduleNewOrchestrationInstanceAsync(
        string orchestratorName, object? input, StartOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Starts a typed orchestrator.</summary>
    public Task<string> ScheduleNewOrchestrationInstanceAsync<TInput, TOutput>(
        OrchestratorRef<TInput, TOutput> orchestrator, TInput input, StartOptions? options = null, CancellationToken cancellationToken = default) =>
        ScheduleNewOrchestrationInstanceAsync(orchestrator.Name, input, options, cancellationToken);

    /// <summary>Raises an event; durable when the task completes.</summary>
    /// <exception cref="InstanceNotFoundException">No such instance.</exception>
    /// <exception cref="InstanceStateException">The instance has ended.</exception>
    public abstract Task RaiseEventAsync(string instanceId, string eventName, object? payload = null, CancellationToken cancellationToken = default);

    /// <summary>The instance now, or null.</summary>
    /// <param name="instanceId">Which.</param>
    /// <param name="getInputsAndOutputs">Whether input, output and custom status are wanted.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public abstract Task<InstanceMetadata?> GetInstanceAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default);

    /// <summary>One page of the instances that match, oldest first.</summary>
    public abstract Task<InstancePage> GetAllInstancesAsync(InstanceQuery query, CancellationToken cancellationToken = default);

    /// <summary>Waits until the instance has left Pending.</summary>
    /// <exception cref="InstanceNotFoundException">No such instance.</exception>
    public abstract Task<InstanceMetadata> WaitForInstanceStartAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default);

    /// <summary>Waits until the instance has ended.</summary>
    /// <exception cref="InstanceNotFoundException">No such instance.</exception>
    public abstract Task<InstanceMetadata> WaitForInstanceCompletionAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default);

    /// <summary>Pauses an instance: events queue up, nothing runs until it is resumed. Children are not suspended.</summary>
    /// <exception cref="InstanceNotFoundException">No such instance.</exception>
    /// <exception cref="InstanceStateException">The instance has ended.</exception>
    public abstract Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Lets a suspended instance go on.</summary>
    /// <exception cref="InstanceNotFoundException">No such instance.</exception>
    /// <exception cref="InstanceStateException">The instance has ended.</exception>
    public abstract Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Ends an instance where it stands. Children and running activities are not told.</summary>
    /// <param name="instanceId">Which.</param>
    /// <param name="output">Becomes the instance's output.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InstanceNotFoundException">No such instance.</exception>
    /// <exception cref="InstanceStateException">The instance has ended.</exception>
    public Task TerminateInstanceAsync(string instanceId, object? output = null, CancellationToken cancellationToken = default) =>
        TerminateInstanceAsync(instanceId, new TerminateOptions(output), cancellationToken);

    /// <summary>Ends an instance where it stands, with its children if wanted. Running activities are not told; their results are dropped.</summary>
    /// <exception cref="InstanceNotFoundException">No such instance.</exception>
    /// <exception cref="InstanceStateException">The instance has ended.</exception>
    public abstract Task TerminateInstanceAsync(string instanceId, TerminateOptions options, CancellationToken cancellationToken = default);

    /// <summary>Lets a failed instance run again from its last good point.</summary>
    /// <exception cref="InstanceNotFoundException">No such instance.</exception>
    /// <exception cref="InstanceStateException">The instance has not failed.</exception>
    public abstract Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellationToken = default);

    /// <summary>Starts the instance again with its name and input.</summary>
    /// <returns>The id of the new run: the same unless <paramref name="restartWithNewInstanceId"/>.</returns>
    /// <exception cref="InstanceNotFoundException">No such instance.</exception>
    public abstract Task<string> RestartAsync(string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellationToken = default);

    /// <summary>Removes an instance that has ended.</summary>
    /// <returns>How many were removed: 0 when there is none or it has not ended.</returns>
    public Task<int> PurgeInstanceAsync(string instanceId, CancellationToken cancellationToken = default) =>
        PurgeInstanceAsync(instanceId, recursive: false, cancellationToken);

    /// <summary>Removes an instance that has ended.</summary>
    /// <param name="instanceId">Which.</param>
    /// <param name="recursive">Whether its children that have ended go as well, and theirs (docs/durable-differences.md: not on Azure Storage).</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many were removed: 0 when there is none or it has not ended.</returns>
    public abstract Task<int> PurgeInstanceAsync(string instanceId, bool recursive, CancellationToken cancellationToken = default);

    /// <summary>Removes all instances that have ended and match.</summary>
    /// <returns>How many were removed.</returns>
    public abstract Task<int> PurgeAllInstancesAsync(PurgeFilter filter, CancellationToken cancellationToken = default);

    /// <summary>What happened in the instance's present run, in order; empty when unknown.</summary>
    public abstract Task<IReadOnlyList<HistoryRecord>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellationToken = default);

    /// <summary>Why an instance does not move, and its children one level down; null when there is no such instance. Changes nothing.</summary>
    public virtual Task<InstanceDiagnosis?> DiagnoseAsync(string instanceId, CancellationToken cancellationToken = default) =>
        DiagnoseAsync(instanceId, withChildren: true, cancellationToken);

    /// <summary>The time that diagnoses are made at; the system's by default.</summary>
    protected virtual TimeProvider Clock => TimeProvider.System;

    /// <summary>Adds what this host's runtime knows to what the history says; by default nothing.</summary>
    protected virtual Task<InstanceDiagnosis> ExamineAsync(InstanceDiagnosis diagnosis, CancellationToken cancellationToken) => Task.FromResult(diagnosis);

    private async Task<InstanceDiagnosis?> DiagnoseAsync(string instanceId, bool withChildren, CancellationToken cancellationToken)
    {
        if (await GetInstanceAsync(instanceId, cancellationToken: cancellationToken) is not { } instance)
        {
            return null;
        }

        IReadOnlyList<HistoryRecord> history;
        try
        {
            history = instance.IsTerminal ? [] : await GetOrchestrationHistoryAsync(instanceId, cancellationToken);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            // That is what is wrong with it; the host says so below.
            history = [];
        }

        var diagnosis = (await ExamineAsync(InstanceDiagnosis.From(instance, history, Clock.GetUtcNow()), cancellationToken)).Cut();
        if (!withChildren || diagnosis.Children.Count == 0)
        {
            return diagnosis;
        }

        var children = new List<OpenChild>();
        foreach (var child in diagnosis.Children)
        {
            var its = child.InstanceId.Length == 0 ? null : await DiagnoseAsync(child.InstanceId, withChildren: false, cancellationToken);
            children.Add(its is null ? child : child with { Status = its.Status, Reasons = its.Reasons });
        }

        return diagnosis with { Children = children };
    }
}

/// <summary>How an instance is started.</summary>
public sealed record StartOptions
{
    /// <summary>The id; random when null.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Not before this moment, UTC.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>The code version it runs under; the host's default when null.</summary>
    public string? Version { get; init; }

    /// <summary>Whether an instance of this id that has ended is replaced: for singletons that run again and again. One that lives is refused.</summary>
    public bool ReplaceEnded { get; init; }

    /// <summary>
    /// In which states an instance of this id is replaced, instead of <see cref="ReplaceEnded"/>; one that lives is terminated first. The SDK
    /// names the others, its dedupe statuses.
    /// </summary>
    public IReadOnlyCollection<RuntimeStatus>? ReplaceStatuses { get; init; }

    /// <summary>Whether an instance in this state makes room for the new one.</summary>
    public bool Replaces(RuntimeStatus status) => ReplaceStatuses is { } statuses
        ? statuses.Contains(status)
        : ReplaceEnded && status is (RuntimeStatus.Completed or RuntimeStatus.Failed or RuntimeStatus.Terminated or RuntimeStatus.Canceled);

    /// <summary>Words to find it by, where the host can (the embedded engine queries them; Azure only shows them).</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

/// <summary>How an instance is ended.</summary>
/// <param name="Output">Becomes the instance's output.</param>
/// <param name="Recursive">Whether its open children end as well, and theirs. Azure Storage accepts this and ends only the one named (docs/durable-differences.md).</param>
public sealed record TerminateOptions(object? Output = null, bool Recursive = false);

/// <summary>Where an instance stands. Numbers and names as Durable Functions stores them.</summary>
public enum RuntimeStatus
{
    /// <summary>Runs or waits.</summary>
    Running = 0,

    /// <summary>Returned.</summary>
    Completed = 1,

    /// <summary>Between two runs.</summary>
    ContinuedAsNew = 2,

    /// <summary>Threw.</summary>
    Failed = 3,

    /// <summary>Not used by either host; reserved.</summary>
    Canceled = 4,

    /// <summary>Ended from outside.</summary>
    Terminated = 5,

    /// <summary>Not begun.</summary>
    Pending = 6,

    /// <summary>Paused from outside.</summary>
    Suspended = 7,
}

/// <summary>An instance as queries show it. JSON texts are as stored; null where not asked for or absent.</summary>
public sealed record InstanceMetadata(
    string Name,
    string InstanceId,
    RuntimeStatus RuntimeStatus,
    DateTimeOffset CreatedAt,
    DateTimeOffset LastUpdatedAt)
{
    /// <summary>JSON of the input of the present run.</summary>
    public string? SerializedInput { get; init; }

    /// <summary>JSON of the output; for a failed one what <see cref="Failure"/> says, for a suspended one the reason.</summary>
    public string? SerializedOutput { get; init; }

    /// <summary>JSON of the custom status.</summary>
    public string? SerializedCustomStatus { get; init; }

    /// <summary>Why it failed; null otherwise (on Azure always null: read the output).</summary>
    public TaskFailure? Failure { get; init; }

    /// <summary>The version it runs under; empty for none.</summary>
    public string Version { get; init; } = "";

    /// <summary>The words it was started with.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it has ended.</summary>
    public bool IsTerminal => RuntimeStatus is RuntimeStatus.Completed or RuntimeStatus.Failed or RuntimeStatus.Terminated or RuntimeStatus.Canceled;

    /// <summary>The output, read as <typeparamref name="T"/>; default when there is none.</summary>
    public T? ReadOutputAs<T>() => DurableJson.Read<T>(SerializedOutput);

    /// <summary>The input, read as <typeparamref name="T"/>; default when there is none.</summary>
    public T? ReadInputAs<T>() => DurableJson.Read<T>(SerializedInput);

    /// <summary>The custom status, read as <typeparamref name="T"/>; default when there is none.</summary>
    public T? ReadCustomStatusAs<T>() => DurableJson.Read<T>(SerializedCustomStatus);
}

/// <summary>Which instances to list; null members do not restrict.</summary>
public sealed record InstanceQuery
{
    /// <summary>The id starts with this.</summary>
    public string? InstanceIdPrefix { get; init; }

    /// <summary>One of these.</summary>
    public IReadOnlyCollection<RuntimeStatus>? Statuses { get; init; }

    /// <summary>Created at or after.</summary>
    public DateTimeOffset? CreatedFrom { get; init; }

    /// <summary>Created at or before.</summary>
    public DateTimeOffset? CreatedTo { get; init; }

    /// <summary>Rows a page, 1 to 1,000. The default is 100.</summary>
    public int PageSize { get; init; } = 100;

    /// <summary>From the page before; null for the first.</summary>
    public string? ContinuationToken { get; init; }

    /// <summary>Whether input, output and custom status are wanted.</summary>
    public bool FetchInputsAndOutputs { get; init; }
}

/// <summary>One page of instances.</summary>
/// <param name="Instances">The rows.</param>
/// <param name="ContinuationToken">For the next page; null when this is the last.</param>
public sealed record InstancePage(IReadOnlyList<InstanceMetadata> Instances, string? ContinuationToken);

/// <summary>Which ended instances to remove; null members do not restrict.</summary>
/// <param name="CreatedFrom">Created at or after.</param>
/// <param name="CreatedTo">Created at or before.</param>
/// <param name="Statuses">One of these.</param>
/// <param name="Recursive">Whether the children of what is removed go as well, if they have ended.</param>
public sealed record PurgeFilter(
    DateTimeOffset? CreatedFrom = null, DateTimeOffset? CreatedTo = null, IReadOnlyCollection<RuntimeStatus>? Statuses = null, bool Recursive = false);

/// <summary>One event of a history, the same on every host.</summary>
/// <param name="EventType">Named as in Durable Task: ExecutionStarted, TaskScheduled, TaskCompleted, TimerFired, EventRaised …</param>
/// <param name="Timestamp">When it happened, UTC.</param>
/// <param name="EventId">The number of the scheduling event, or -1.</param>
/// <param name="TaskScheduledId">For completions, the number they answer.</param>
/// <param name="Name">Of the activity, orchestrator or event.</param>
/// <param name="Input">JSON given.</param>
/// <param name="Result">JSON returned.</param>
/// <param name="Failure">Why it failed.</param>
/// <param name="FireAt">For timers, when due.</param>
/// <param name="InstanceId">For children and sent events, the other instance.</param>
public sealed record HistoryRecord(
    string EventType,
    DateTimeOffset Timestamp,
    int EventId = -1,
    int? TaskScheduledId = null,
    string? Name = null,
    string? Input = null,
    string? Result = null,
    TaskFailure? Failure = null,
    DateTimeOffset? FireAt = null,
    string? InstanceId = null);
