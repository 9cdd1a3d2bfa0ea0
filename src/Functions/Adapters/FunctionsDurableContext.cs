using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Sluice.Durable;
using MsRetryPolicy = Microsoft.DurableTask.RetryPolicy;
using MsSubOrchestrationOptions = Microsoft.DurableTask.SubOrchestrationOptions;
using MsTaskOptions = Microsoft.DurableTask.TaskOptions;
using RetryContext = Sluice.Durable.RetryContext;
using SubOrchestrationOptions = Sluice.Durable.SubOrchestrationOptions;
using TaskOptions = Sluice.Durable.TaskOptions;

namespace Sluice.Functions.Adapters;

/// <summary>An orchestrator's view of Durable Functions: every member says what the vocabulary says, in the words of the SDK.</summary>
internal sealed class FunctionsDurableContext(TaskOrchestrationContext inner) : DurableContext
{
    private readonly Dictionary<string, EventWaiters> _events = new(StringComparer.OrdinalIgnoreCase);

    public override string Name => inner.Name.Name;

    public override string InstanceId => inner.InstanceId;

    public override ParentInstance? Parent { get; } =
        inner.Parent is { } parent ? new ParentInstance(parent.Name.Name, parent.InstanceId) : null;

    public override string Version => inner.Version;

    public override DateTime CurrentUtcDateTime => inner.CurrentUtcDateTime;

    public override bool IsReplaying => inner.IsReplaying;

    public override Guid NewGuid() => inner.NewGuid();

    public override ILogger CreateReplaySafeLogger(string category) => inner.CreateReplaySafeLogger(category);

    public override Task<TResult> CallActivityAsync<TResult>(string name, object? input, TaskOptions? options = null) =>
        ResultAsync<TResult>(() => inner.CallActivityAsync<JsonElement?>(name, Payload.Write(input), new MsTaskOptions(Retry(options?.Retry, options?.RetryHandler))));

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(string name, object? input, SubOrchestrationOptions? options = null)
    {
        if (options?.InstanceId is { } id)
        {
            InstanceIds.Validate(id);
        }

        // Without a version a child would get the host's default, and new code would run under a sleeping parent.
        var given = new MsSubOrchestrationOptions(Retry(options?.Retry, options?.RetryHandler), options?.InstanceId)
        {
            Version = options?.Version ?? Version,
        };
        return ResultAsync<TResult>(() => inner.CallSubOrchestratorAsync<JsonElement?>(name, Payload.Write(input), given));
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken = default) => inner.CreateTimer(fireAt, cancellationToken);

    public override async Task<T> WaitForExternalEvent<T>(string name, CancellationToken cancellationToken = default)
    {
        if (!_events.TryGetValue(name, out var waiters))
        {
            _events[name] = waiters = new EventWaiters(inner, name);
        }

        return Payload.Read<T>(await waiters.NextAsync(typeof(T), cancellationToken))!;
    }

    public override void SendEvent(string instanceId, string eventName, object? payload) =>
        inner.SendEvent(instanceId, eventName, Payload.Write(payload)!);

    public override void SetCustomStatus(object? customStatus) => inner.SetCustomStatus(Payload.Write(customStatus));

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true, string? newVersion = null)
    {
        if (preserveUnprocessedEvents)
        {
            foreach (var waiters in _events.Values)
            {
                waiters.Forward();
            }
        }

        inner.ContinueAsNew(new ContinueAsNewOptions
        {
            NewInput = Payload.Write(newInput),
            PreserveUnprocessedEvents = preserveUnprocessedEvents,
            NewVersion = newVersion,
        });
    }

    private static async Task<TResult> ResultAsync<TResult>(Func<Task<JsonElement?>> call)
    {
        try
        {
            return Payload.Read<TResult>(await call())!;
        }
        catch (TaskFailedException failed)
        {
            throw Failures.Of(failed);
        }
    }

    private TaskRetryOptions? Retry(Sluice.Durable.RetryPolicy? policy, Func<RetryContext, Task<bool>>? handler) => (policy, handler) switch
    {
        ({ } p, _) => new TaskRetryOptions(new MsRetryPolicy(
            p.MaxNumberOfAttempts, p.FirstRetryInterval, p.BackoffCoefficient, p.MaxRetryInterval, p.RetryTimeout)
        {
            HandleFailure = details => Handles(p, Failures.Of(details)),
        }),
        (_, { } h) => new TaskRetryOptions(async retry =>
        {
            var failure = Failures.Of(retry.LastFailure);
            return !failure.IsNonRetriable && await h(new RetryContext(this, retry.LastAttemptNumber, failure, retry.TotalRetryTime));
        }),
        _ => null,
    };

    // A predicate that throws ends the attempts with the failure itself.
    private static bool Handles(Sluice.Durable.RetryPolicy policy, TaskFailure failure)
    {
        try
        {
            return !failure.IsNonRetriable && (policy.HandleFailure?.Invoke(failure) ?? true);
        }
        catch (Exception)
        {
            return false;
        }
    }
}
