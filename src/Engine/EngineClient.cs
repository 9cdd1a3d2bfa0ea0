using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Runtime;
using Sluice.Engine.Store;
using Sluice.Engine.Tracing;

namespace Sluice.Engine;

/// <summary>Which instances to list; beyond the shared query, the embedded engine finds by name and tag.</summary>
public sealed record EngineQuery
{
    /// <inheritdoc cref="InstanceQuery.InstanceIdPrefix"/>
    public string? InstanceIdPrefix { get; init; }

    /// <inheritdoc cref="InstanceQuery.Statuses"/>
    public IReadOnlyCollection<RuntimeStatus>? Statuses { get; init; }

    /// <inheritdoc cref="InstanceQuery.CreatedFrom"/>
    public DateTimeOffset? CreatedFrom { get; init; }

    /// <inheritdoc cref="InstanceQuery.CreatedTo"/>
    public DateTimeOffset? CreatedTo { get; init; }

    /// <summary>The orchestrator's name, without case.</summary>
    public string? Name { get; init; }

    /// <summary>Has all of these.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <inheritdoc cref="InstanceQuery.PageSize"/>
    public int PageSize { get; init; } = 100;

    /// <inheritdoc cref="InstanceQuery.ContinuationToken"/>
    public string? ContinuationToken { get; init; }

    /// <inheritdoc cref="InstanceQuery.FetchInputsAndOutputs"/>
    public bool FetchInputsAndOutputs { get; init; }
}

/// <summary>The embedded engine's client. Every change is durable when its task completes.</summary>
public sealed class EngineClient : DurableClient
{
    private const int PurgeBatch = 100;

    private readonly ILogger _logger;
    private readonly EngineStore _store;
    private readonly Dispatcher _dispatcher;
    private readonly DurableTasks _tasks;
    private readonly EngineLoad _load;
    private readonly WriteGate _gate;
    private readonly InstanceWatch _watch;
    private readonly TimeProvider _clock;
    private readonly string _defaultVersion;

    internal EngineClient(EngineStore store, Dispatcher dispatcher, DurableTasks tasks, EngineLoad load, WriteGate gate, InstanceWatch watch, EngineOptions options, ILogger logger)
    {
        _logger = logger;
        _store = store;
        _dispatcher = dispatcher;
        _tasks = tasks;
        _load = load;
        _gate = gate;
        _watch = watch;
        _clock = options.TimeProvider;
        _defaultVersion = options.DefaultVersion ?? "";
    }

    /// <inheritdoc/>
    /// <remarks>One file is one hub, so the name is always the same.</remarks>
    public override string Hub => "Sluice";

    /// <inheritdoc/>
    protected override TimeProvider Clock => _clock;

    private long NowMilliseconds => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private DateTime Now => _clock.GetUtcNow().UtcDateTime;

    /// <inheritdoc/>
    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        string orchestratorName, object? input, StartOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (_tasks.FindOrchestrator(orchestratorName) is null)
        {
            throw new ArgumentException(
                $"There is no orchestrator '{orchestratorName}'. Known are: {string.Join(", ", _tasks.OrchestratorNames.Order())}.", nameof(orchestratorName));
        }

        var id = options?.InstanceId is { } given ? InstanceIds.Validate(given) : Guid.NewGuid().ToString("N");
        var json = DurableJson.Write(input);
        var tags = HistoryJson.Write(options?.Tags);
        var version = options?.Version ?? _defaultVersion;
        var now = NowMilliseconds;
        var startAt = Math.Max(now, StoreReader.Ceiling(options?.StartAt) ?? now);
        long? replaced = null;
        using var span = EngineSpans.BeginStart(orchestratorName, version, id);
        var trace = EngineSpans.Carried(span);
        await WriteAsync(
            span,
            (tables, effects) =>
            {
                if (tables.Find(id) is { } taken)
                {
                    if (options?.Replaces(taken.Status) is not true)
                    {
                        return new InstanceExistsException(id, taken.Status);
                    }

                    tables.Replace(taken.Key, Now, effects);
                    replaced = taken.Key;
                }

                var inserted = tables.Insert(id, orchestratorName, version, json, tags, parent: null, trace, now, startAt, effects);
                span?.SetTag("durabletask.task.execution_id", EngineSpans.ExecutionId(inserted, 0));
                return Done(inserted);
            },
            cancellationToken);
        if (replaced is { } key)
        {
            _dispatcher.Forget(key);
        }

        return id;
    }

    /// <inheritdoc/>
    public override async Task RaiseEventAsync(string instanceId, string eventName, object? payload = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var raised = new EventRaised(Now, eventName, DurableJson.Write(payload));
        using var span = EngineSpans.BeginEvent(eventName, instanceId);
        await TellAsync(instanceId, "raise an event for", raised, cancellationToken, span);
    }

    /// <inheritdoc/>
    public override Task<InstanceMetadata?> GetInstanceAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        Task.FromResult(_store.Reader.Find(instanceId)?.ToMetadata(getInputsAndOutputs));

    /// <inheritdoc/>
    public override Task<InstancePage> GetAllInstancesAsync(InstanceQuery query, CancellationToken cancellationToken = default) =>
        QueryAsync(
            new EngineQuery
            {
                InstanceIdPrefix = query.InstanceIdPrefix,
                Statuses = query.Statuses,
                CreatedFrom = query.CreatedFrom,
                CreatedTo = query.CreatedTo,
                PageSize = query.PageSize,
                ContinuationToken = query.ContinuationToken,
                FetchInputsAndOutputs = query.FetchInputsAndOutputs,
            },
            cancellationToken);

    /// <summary>One page of the instances that match, oldest first; also by name and tag.</summary>
    /// <exception cref="ArgumentException">The page size is outside 1 to 1,000, or the token is not from a page before.</exception>
    public Task<InstancePage> QueryAsync(EngineQuery query, CancellationToken cancellationToken = default)
    {
        if (query.PageSize is < 1 or > 1_000)
        {
            throw new ArgumentException($"A page has 1 to 1,000 instances, not {query.PageSize}.", nameof(query));
        }

        return Task.FromResult(_store.Reader.Query(query));
    }

    /// <inheritdoc/>
    public override Task<InstanceMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        WaitAsync(instanceId, untilEnded: false, getInputsAndOutputs, cancellationToken);

    /// <inheritdoc/>
    public override Task<InstanceMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        WaitAsync(instanceId, untilEnded: true, getInputsAndOutputs, cancellationToken);

    /// <inheritdoc/>
    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        TellAsync(instanceId, "suspend", new ExecutionSuspended(Now, reason), cancellationToken);

    /// <inheritdoc/>
    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        TellAsync(instanceId, "resume", new ExecutionResumed(Now, reason), cancellationToken);

    /// <inheritdoc/>
    public override Task TerminateInstanceAsync(string instanceId, TerminateOptions options, CancellationToken cancellationToken = default) =>
        TellAsync(instanceId, "terminate", new ExecutionTerminated(Now, DurableJson.Write(options.Output), options.Recursive), cancellationToken);

    /// <inheritdoc/>
    public override Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellationToken = default)
    {
        var (now, milliseconds) = (Now, NowMilliseconds);
        return WriteAsync(
            (tables, effects) =>
            {
                if (tables.Find(instanceId) is not { } found)
                {
                    return new InstanceNotFoundException(instanceId);
                }

                if (found.Status != RuntimeStatus.Failed)
                {
                    return new InstanceStateException(instanceId, found.Status, "rewind");
                }

                tables.Reopen(found.Key, milliseconds);
                tables.Send(found.Key, new ExecutionRewound(now, reason), effects);
                effects.Touched.Add((instanceId, null));
                return null;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<string> RestartAsync(
        string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellationToken = default)
    {
        var id = restartWithNewInstanceId ? Guid.NewGuid().ToString("N") : instanceId;
        var now = NowMilliseconds;
        long? removed = null;
        var before = _store.Reader.Find(instanceId) ?? throw new InstanceNotFoundException(instanceId);
        using var span = EngineSpans.BeginStart(before.Name, before.Version, id);
        var trace = EngineSpans.Carried(span);
        await WriteAsync(
            span,
            (tables, effects) =>
            {
                if (tables.Find(instanceId) is not { } found || tables.Load(found.Key) is not { } row)
                {
                    return new InstanceNotFoundException(instanceId);
                }

                if (!restartWithNewInstanceId)
                {
                    tables.Replace(found.Key, Now, effects);
                    removed = found.Key;
                }

                tables.Insert(id, row.Name, row.Version, row.Input, row.Tags, parent: null, trace, now, now, effects);
                return null;
            },
            cancellationToken);
        if (removed is { } key)
        {
            _dispatcher.Forget(key);
        }

        return id;
    }

    /// <inheritdoc/>
    public override async Task<int> PurgeInstanceAsync(string instanceId, bool recursive, CancellationToken cancellationToken = default)
    {
        var count = 0;
        await WriteAsync(
            (tables, effects) =>
            {
                if (tables.Find(instanceId) is { } found)
                {
                    count = tables.Purge(found.Key, recursive);
                    effects.Touched.Add((instanceId, null));
                }

                return null;
            },
            cancellationToken);
        return count;
    }

    /// <inheritdoc/>
    /// <remarks>A hundred in a commit, so that others' writes come in between; what is removed by the time the token gives up stays so.</remarks>
    public override async Task<int> PurgeAllInstancesAsync(PurgeFilter filter, CancellationToken cancellationToken = default)
    {
        var count = 0;
        Place? last = null;
        while (_store.Reader.Ended(filter, last, PurgeBatch) is { Count: > 0 } batch)
        {
            // Set, not added to: a write may be applied again when another one of its commit could not be.
            var purged = 0;
            await WriteAsync(
                (tables, _) =>
                {
                    purged = batch.Sum(place => tables.Purge(place.Key, filter.Recursive));
                    return null;
                },
                cancellationToken);
            count += purged;
            last = batch[^1];
        }

        return count;
    }

    /// <summary>
    /// Copies the engine's file while work goes on. Whatever was acknowledged before the call is in the copy; an engine that starts on it goes on from
    /// there, and activities that had run since run again.
    /// </summary>
    /// <param name="path">A file that does not exist. It appears whole or not at all.</param>
    /// <param name="cancellationToken">Gives up before it begins.</param>
    /// <exception cref="EngineStoreException">It cannot be written.</exception>
    public Task BackupAsync(string path, CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            var begun = TimeProvider.System.GetTimestamp();
            _store.Reader.CopyTo(path);
            _logger.StoreBackedUp(path, new FileInfo(path).Length, TimeProvider.System.GetElapsedTime(begun));
        },
        cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<HistoryRecord>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<HistoryRecord>>(_store.Reader.Find(instanceId) is { } row
            ? [.. _store.Reader.History(row.Key).SelectMany(HistoryJson.ReadList).Select(e => e.ToRecord())]
            : []);

    /// <inheritdoc/>
    protected override Task<InstanceDiagnosis> ExamineAsync(InstanceDiagnosis diagnosis, CancellationToken cancellationToken) =>
        Task.FromResult(diagnosis.HasEnded ? diagnosis : Examiner.Examine(diagnosis, _store.Reader, _dispatcher, _tasks));

    private static Exception? Done(long key) => key > 0 ? null : new InvalidOperationException("An instance got no key.");

    private Task TellAsync(string instanceId, string action, HistoryEvent historyEvent, CancellationToken cancellationToken, Activity? span = null) => WriteAsync(
        span,
        (tables, effects) =>
        {
            if (tables.Find(instanceId) is not { } found)
            {
                return new InstanceNotFoundException(instanceId);
            }

            if (InstanceRow.IsTerminal(found.Status))
            {
                return new InstanceStateException(instanceId, found.Status, action);
            }

            tables.Send(found.Key, historyEvent, effects);
            return null;
        },
        cancellationToken);

    private async Task WriteAsync(Activity? span, Func<Tables, Effects, Exception?> apply, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(apply, cancellationToken);
        }
        catch (Exception e)
        {
            span.Failed(e);
            throw;
        }
    }

    /// <summary>Writes, or throws what <paramref name="apply"/> returns.</summary>
    private async Task WriteAsync(Func<Tables, Effects, Exception?> apply, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Enqueue() => _store.Enqueue(
            tables =>
            {
                var effects = new Effects();
                return (Refusal: apply(tables, effects), Effects: effects);
            },
            written =>
            {
                if (written.Refusal is null)
                {
                    _dispatcher.Release(written.Effects);
                    done.SetResult();
                }
                else
                {
                    done.SetException(written.Refusal);
                }

                _load.StepEnds();
            },
            e =>
            {
                done.SetException(e);
                _load.StepEnds();
            });

        if (ActivityQueue.IsActivity)
        {
            _load.StepBegins();
            Enqueue();
        }
        else
        {
            await _gate.EnterAsync(Enqueue, cancellationToken);
        }

        await done.Task;
    }

    private async Task<InstanceMetadata> WaitAsync(string instanceId, bool untilEnded, bool withData, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Asking to be told comes before looking: a change in between is not missed.
            var change = _watch.Next(instanceId, untilEnded);
            if (_store.Reader.Find(instanceId)?.ToMetadata(withData) is not { } instance)
            {
                _watch.Touch(instanceId, null);
                throw new InstanceNotFoundException(instanceId);
            }

            if (untilEnded ? instance.IsTerminal : instance.RuntimeStatus != RuntimeStatus.Pending)
            {
                _watch.Touch(instanceId, instance.RuntimeStatus);
                return instance;
            }

            await change.WaitAsync(cancellationToken);
        }
    }
}
