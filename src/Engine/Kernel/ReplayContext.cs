using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.History;

namespace Sluice.Engine.Kernel;

/// <summary>What the code sees of its execution: each call becomes a decision, or a look at what is known.</summary>
internal sealed class ReplayContext(OrchestrationExecution execution, ExecutionStarted started, ILoggerFactory loggers) : DurableContext
{
    private int _guids;

    public override string Name => started.Name;

    public override string InstanceId => execution.InstanceId;

    public override ParentInstance? Parent => started.Parent;

    public override string Version => started.Version;

    public override DateTime CurrentUtcDateTime => execution.Now;

    public override bool IsReplaying => execution.IsReplaying;

    public override Guid NewGuid()
    {
        execution.EnsureOnTurn();
        return DeterministicGuid.Create(InstanceId, CurrentUtcDateTime, _guids++);
    }

    public override ILogger CreateReplaySafeLogger(string category) =>
        new ReplaySafeLogger(loggers.CreateLogger(category), () => execution.IsReplaying);

    public override Task<TResult> CallActivityAsync<TResult>(string name, object? input, TaskOptions? options = null)
    {
        execution.EnsureOnTurn();
        var json = execution.Options.Write(input);
        return RetryAsync(
            () => execution.Open<TResult>(name, id => new TaskScheduled(execution.Now, id, name, json)), options?.Retry, options?.RetryHandler);
    }

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(string name, object? input, SubOrchestrationOptions? options = null)
    {
        execution.EnsureOnTurn();
        var json = DurableJson.Write(input);
        var instanceId = options?.InstanceId is { } given ? InstanceIds.Validate(given) : NewGuid().ToString("N");
        var version = options?.Version ?? execution.Options.DefaultVersion ?? Version;
        return RetryAsync(
            () => execution.Open<TResult>(
                name,
                id => new SubOrchestrationInstanceCreated(execution.Now, id, name, instanceId, version, json) { IsHostVersion = options?.Version is null }),
            options?.Retry,
            options?.RetryHandler);
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken = default)
    {
        execution.EnsureOnTurn();
        var utc = fireAt.Kind == DateTimeKind.Local ? fireAt.ToUniversalTime() : DateTime.SpecifyKind(fireAt, DateTimeKind.Utc);
        return execution.Options.MaximumTimerInterval is { } longest && utc - execution.Now > longest
            ? ChainAsync(utc, longest, cancellationToken)
            : execution.OpenTimer(utc, cancellationToken);
    }

    public override Task<T> WaitForExternalEvent<T>(string name, CancellationToken cancellationToken = default)
    {
        execution.EnsureOnTurn();
        return execution.Events.WaitAsync<T>(name, cancellationToken);
    }

    public override void SendEvent(string instanceId, string eventName, object? payload)
    {
        execution.EnsureOnTurn();
        var json = DurableJson.Write(payload);
        execution.Decide(id => new EventSent(execution.Now, id, instanceId, eventName, json));
    }

    public override void SetCustomStatus(object? customStatus)
    {
        execution.EnsureOnTurn();
        execution.SetCustomStatus(DurableJson.Write(customStatus));
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true, string? newVersion = null)
    {
        execution.EnsureOnTurn();
        execution.ContinueAsNew(DurableJson.Write(newInput), preserveUnprocessedEvents, newVersion);
    }

    private async Task ChainAsync(DateTime fireAt, TimeSpan longest, CancellationToken cancellationToken)
    {
        while (fireAt - execution.Now > longest)
        {
            await execution.OpenTimer(execution.Now + longest, cancellationToken);
        }

        await execution.OpenTimer(fireAt, cancellationToken);
    }

    // What is tried once holds nothing to try again with, for as long as it may take.
    private Task<T> RetryAsync<T>(Func<Task<T>> start, RetryPolicy? policy, Func<RetryContext, Task<bool>>? handler) =>
        policy is null && handler is null ? start() : AttemptsAsync(start, policy, handler);

    private async Task<T> AttemptsAsync<T>(Func<Task<T>> start, RetryPolicy? policy, Func<RetryContext, Task<bool>>? handler)
    {
        if (policy is not null && handler is not null)
        {
            throw new ArgumentException("A task is retried by a policy or by a handler, not by both.");
        }

        var begun = CurrentUtcDateTime;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await start();
            }
            catch (TaskFailureException e) when (!e.Failure.IsNonRetriable)
            {
                var elapsed = CurrentUtcDateTime - begun;
                if (policy is not null)
                {
                    if (!Allows(policy, e.Failure) || policy.NextDelay(attempt, elapsed) is not { } delay)
                    {
                        throw;
                    }

                    await CreateTimer(delay);
                }
                else if (!await handler!(new RetryContext(this, attempt, e.Failure, elapsed)))
                {
                    throw;
                }
            }
        }
    }

    private static bool Allows(RetryPolicy policy, TaskFailure failure)
    {
        try
        {
            return policy.HandleFailure?.Invoke(failure) ?? true;
        }
        catch (Exception)
        {
            // What the user must see is why the task failed, not that the predicate did.
            return false;
        }
    }
}
