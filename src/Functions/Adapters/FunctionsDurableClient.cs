using System.Text.Json;
using DurableTask.Core.Exceptions;
using Grpc.Core;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Sluice.Durable;
using MsPurgeFilter = Microsoft.DurableTask.Client.PurgeInstancesFilter;

namespace Sluice.Functions.Adapters;

/// <summary>
/// The client over Durable Functions' own, which every invocation brings along: the host makes it, and makes another when it restarts, so
/// the newest is used.
/// </summary>
/// <remarks>
/// The storage provider overwrites ended instances, drops events for unknown ones and answers 500 to some repetitions; the vocabulary
/// refuses all of these, so the state is read before it is changed.
/// </remarks>
public sealed class FunctionsDurableClient(DurableTasks tasks) : DurableClient
{
    private DurableTaskClient? _client;

    /// <summary>The client of the latest invocation.</summary>
    /// <exception cref="InvalidOperationException">Nothing was invoked yet.</exception>
    public DurableTaskClient Inner => _client
        ?? throw new InvalidOperationException("No invocation has brought a durable client yet; every trigger of this host binds one.");

    /// <inheritdoc/>
    public override string Hub => Inner.Name;

    /// <summary>Where the extension's own routes answer for an instance, as clients reach this app, with what opens them: a secret.</summary>
    /// <exception cref="InvalidOperationException">Nothing was invoked yet.</exception>
    public Uri ManagementUri(string instanceId) => new(Inner.CreateHttpManagementPayload(instanceId).StatusQueryGetUri
        ?? throw new InvalidOperationException("The durable extension names no URI for its management routes."));

    /// <summary>Takes the client of an invocation.</summary>
    public void Use(DurableTaskClient client) => _client = client;

    /// <inheritdoc/>
    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        string orchestratorName, object? input, StartOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (tasks.FindOrchestrator(orchestratorName) is null)
        {
            throw new ArgumentException(
                $"There is no orchestrator '{orchestratorName}'. Known are: {string.Join(", ", tasks.OrchestratorNames.Order())}.", nameof(orchestratorName));
        }

        var id = options?.InstanceId is { } given ? InstanceIds.Validate(given) : Guid.NewGuid().ToString("N");
        if (options?.InstanceId is not null && await FindAsync(id, cancellationToken) is { } taken)
        {
            if (!options.Replaces(taken.RuntimeStatus))
            {
                throw new InstanceExistsException(id, taken.RuntimeStatus);
            }

            if (!taken.IsTerminal)
            {
                await TerminateInstanceAsync(id, "replaced", cancellationToken);
                await Inner.WaitForInstanceCompletionAsync(id, cancellationToken);
            }
        }

        var start = new StartOrchestrationOptions(id, options?.StartAt)
        {
            Version = options?.Version is { } version ? new TaskVersion(version) : null,
            Tags = options?.Tags ?? new Dictionary<string, string>(),
        };
        try
        {
            return await Inner.ScheduleNewOrchestrationInstanceAsync(orchestratorName, Payload.Write(input), start, cancellationToken);
        }
        catch (Exception e) when (e is OrchestrationAlreadyExistsException or RpcException { StatusCode: StatusCode.AlreadyExists })
        {
            // Somebody else was quicker.
            throw new InstanceExistsException(id, (await FindAsync(id, cancellationToken))?.RuntimeStatus ?? RuntimeStatus.Pending);
        }
    }

    /// <inheritdoc/>
    public override async Task RaiseEventAsync(string instanceId, string eventName, object? payload = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        await DemandLivingAsync(instanceId, "raise an event for", cancellationToken);
        await TellAsync(instanceId, "raise an event for", () => Inner.RaiseEventAsync(instanceId, eventName, Payload.Write(payload), cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<InstanceMetadata?> GetInstanceAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        await Inner.GetInstanceAsync(instanceId, getInputsAndOutputs, cancellationToken) is { } found ? Of(found) : null;

    /// <inheritdoc/>
    public override async Task<InstancePage> GetAllInstancesAsync(InstanceQuery query, CancellationToken cancellationToken = default)
    {
        if (query.PageSize is < 1 or > 1_000)
        {
            throw new ArgumentException($"A page has 1 to 1,000 instances, not {query.PageSize}.", nameof(query));
        }

        var filter = new OrchestrationQuery(
            query.CreatedFrom,
            query.CreatedTo,
            query.Statuses?.Select(s => (OrchestrationRuntimeStatus)s),
            InstanceIdPrefix: query.InstanceIdPrefix,
            PageSize: query.PageSize,
            FetchInputsAndOutputs: query.FetchInputsAndOutputs,
            ContinuationToken: query.ContinuationToken);
        await foreach (var page in Inner.GetAllInstancesAsync(filter).AsPages(query.ContinuationToken, query.PageSize).WithCancellation(cancellationToken))
        {
            return new InstancePage([.. page.Values.Select(Of)], string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken);
        }

        return new InstancePage([], null);
    }

    /// <inheritdoc/>
    public override async Task<InstanceMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default)
    {
        await DemandAsync(instanceId, cancellationToken);
        return Of(await Inner.WaitForInstanceStartAsync(instanceId, getInputsAndOutputs, cancellationToken));
    }

    /// <inheritdoc/>
    public override async Task<InstanceMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default)
    {
        await DemandAsync(instanceId, cancellationToken);
        return Of(await Inner.WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs, cancellationToken));
    }

    /// <inheritdoc/>
    public override async Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        if ((await DemandLivingAsync(instanceId, "suspend", cancellationToken)).RuntimeStatus != RuntimeStatus.Suspended)
        {
            await TellAsync(instanceId, "suspend", () => Inner.SuspendInstanceAsync(instanceId, reason, cancellationToken), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public override async Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        await DemandLivingAsync(instanceId, "resume", cancellationToken);
        await TellAsync(instanceId, "resume", () => Inner.ResumeInstanceAsync(instanceId, reason, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task TerminateInstanceAsync(string instanceId, TerminateOptions options, CancellationToken cancellationToken = default)
    {
        await DemandLivingAsync(instanceId, "terminate", cancellationToken);
        await TellAsync(
            instanceId,
            "terminate",
            () => Inner.TerminateInstanceAsync(instanceId, new TerminateInstanceOptions(Payload.Write(options.Output), options.Recursive), cancellationToken),
            cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellationToken = default)
    {
        var instance = await DemandAsync(instanceId, cancellationToken);
        if (instance.RuntimeStatus != RuntimeStatus.Failed)
        {
            throw new InstanceStateException(instanceId, instance.RuntimeStatus, "rewind");
        }

        await Inner.RewindInstanceAsync(instanceId, reason, cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<string> RestartAsync(string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellationToken = default)
    {
        await DemandAsync(instanceId, cancellationToken);
        return await Inner.RestartAsync(instanceId, restartWithNewInstanceId, cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<int> PurgeInstanceAsync(string instanceId, bool recursive, CancellationToken cancellationToken = default) =>
        await FindAsync(instanceId, cancellationToken) is { IsTerminal: true }
            ? (await Inner.PurgeInstanceAsync(instanceId, new PurgeInstanceOptions(recursive), cancellationToken)).PurgedInstanceCount
            : 0;

    /// <inheritdoc/>
    public override async Task<int> PurgeAllInstancesAsync(PurgeFilter filter, CancellationToken cancellationToken = default)
    {
        var ended = (filter.Statuses ?? [RuntimeStatus.Completed, RuntimeStatus.Failed, RuntimeStatus.Terminated])
            .Where(s => s is RuntimeStatus.Completed or RuntimeStatus.Failed or RuntimeStatus.Terminated)
            .Select(s => (OrchestrationRuntimeStatus)s)
            .ToList();

        // The storage provider wants a beginning, and its tables know no time before 1601.
        return ended.Count == 0
            ? 0
            : (await Inner.PurgeAllInstancesAsync(
                new MsPurgeFilter(filter.CreatedFrom ?? DateTimeOffset.UnixEpoch, filter.CreatedTo, ended),
                new PurgeInstanceOptions(filter.Recursive),
                cancellationToken)).PurgedInstanceCount;
    }

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<HistoryRecord>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        await FindAsync(instanceId, cancellationToken) is null
            ? []
            : [.. (await Inner.GetOrchestrationHistoryAsync(instanceId, cancellationToken)).Select(HistoryRecords.Of)];

    private Task<InstanceMetadata?> FindAsync(string instanceId, CancellationToken cancellationToken) =>
        GetInstanceAsync(instanceId, getInputsAndOutputs: false, cancellationToken);

    private async Task<InstanceMetadata> DemandAsync(string instanceId, CancellationToken cancellationToken) =>
        await FindAsync(instanceId, cancellationToken) ?? throw new InstanceNotFoundException(instanceId);

    private async Task<InstanceMetadata> DemandLivingAsync(string instanceId, string action, CancellationToken cancellationToken)
    {
        var instance = await DemandAsync(instanceId, cancellationToken);
        return instance.IsTerminal ? throw new InstanceStateException(instanceId, instance.RuntimeStatus, action) : instance;
    }

    // It may end between the look and the word.
    private async Task TellAsync(string instanceId, string action, Func<Task> tell, CancellationToken cancellationToken)
    {
        try
        {
            await tell();
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.FailedPrecondition or StatusCode.NotFound)
        {
            await DemandLivingAsync(instanceId, action, cancellationToken);
            throw;
        }
    }

    private static InstanceMetadata Of(OrchestrationMetadata found) => new(
        found.Name, found.InstanceId, (RuntimeStatus)found.RuntimeStatus, found.CreatedAt, found.LastUpdatedAt)
    {
        SerializedInput = found.SerializedInput,
        SerializedOutput = found.SerializedOutput ?? (found.FailureDetails is { } why ? JsonSerializer.Serialize($"{why.ErrorType}: {why.ErrorMessage}") : null),
        SerializedCustomStatus = found.SerializedCustomStatus is "null" ? null : found.SerializedCustomStatus,
        Failure = found.FailureDetails is { } details ? Failures.Of(details) : null,
        Tags = found.Tags,
    };
}
