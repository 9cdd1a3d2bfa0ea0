using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>Runs activities, a bounded number at once, in the order they were called; hands each one's answer over.</summary>
internal sealed class ActivityQueue(
    DurableTasks tasks, IServiceProvider services, EngineOptions options, EngineLoad load, ILogger logger, Action<ActivityItem, Answer> answered)
    : IDisposable
{
    private readonly Lock _gate = new();
    private readonly LinkedList<ActivityItem> _waiting = [];
    private readonly IServiceScopeFactory? _scopes = services.GetService<IServiceScopeFactory>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private bool _closed;

    public void Add(ActivityItem item)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            if (_running == options.MaxConcurrentActivities)
            {
                _waiting.AddLast(item);
                return;
            }

            _running++;
            load.ActivityBegins();
        }

        ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Queue.RunAsync(work.Item), (Queue: this, Item: item), preferLocal: false);
    }

    /// <summary>Forgets the waiting activities of an instance that has ended.</summary>
    public void Drop(long instance)
    {
        lock (_gate)
        {
            for (var node = _waiting.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Instance == instance)
                {
                    _waiting.Remove(node);
                }

                node = next;
            }
        }
    }

    /// <summary>Starts nothing more, cancels what runs, and waits for it; what did not answer in time runs again after the next start.</summary>
    public async Task StopAsync(TimeSpan timeout)
    {
        Close();
        _stopping.Cancel();
        try
        {
            await _drained.Task.WaitAsync(timeout);
        }
        catch (TimeoutException)
        {
            logger.ActivitiesLeftRunning(_running);
        }
    }

    /// <summary>Starts nothing more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _waiting.Clear();
            if (_running == 0)
            {
                _drained.TrySetResult();
            }
        }
    }

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync(ActivityItem? item)
    {
        while (item is not null)
        {
            var answer = await AttemptAsync(item);
            if (answer is not null)
            {
                answered(item, answer);
            }

            item = Next();
        }
    }

    private ActivityItem? Next()
    {
        lock (_gate)
        {
            if (_waiting.First is { } first)
            {
                _waiting.RemoveFirst();
                return first.Value;
            }

            _running--;
            load.ActivityEnds();
            if (_running == 0 && _closed)
            {
                _drained.TrySetResult();
            }

            return null;
        }
    }

    /// <summary>One attempt; null when the engine stopped before it ended.</summary>
    private async Task<Answer?> AttemptAsync(ActivityItem item)
    {
        if (tasks.FindActivity(item.Name) is not { } activity)
        {
            return Failed(item, new TaskFailure(
                "ActivityMissing", $"ActivityMissing: There is no activity '{item.Name}' in this program. Deploy the version that has it and rewind the instance.")
            {
                IsNonRetriable = true,
            });
        }

        try
        {
            var call = new ActivityCall(item.InstanceId, activity.ReadInput(item.Input));
            var result = options.AroundActivity is { } around
                ? await around(item.Name, () => RunAsync(activity, call))
                : await RunAsync(activity, call);
            return new TaskCompleted(Now, item.Task, DurableJson.Write(result));
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e)
        {
            logger.ActivityFailed(e, item.Name);
            return Failed(item, TaskFailure.FromException(e));
        }
    }

    private async Task<object?> RunAsync(ActivityRegistration activity, ActivityCall call)
    {
        await using var scope = _scopes?.CreateAsyncScope();
        return await activity.AttemptAsync(scope?.ServiceProvider ?? services, call, options.TimeProvider, _stopping.Token);
    }

    private TaskFailed Failed(ActivityItem item, TaskFailure failure) => new(Now, item.Task, failure);

    private DateTime Now => options.TimeProvider.GetUtcNow().UtcDateTime;
}
