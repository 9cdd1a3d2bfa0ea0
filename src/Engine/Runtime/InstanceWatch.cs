namespace Sluice.Engine.Runtime;

/// <summary>Wakes those who wait for an instance to change.</summary>
internal sealed class InstanceWatch
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskCompletionSource> _next = [];
    private Exception? _ended;

    /// <summary>Completes at the next change of an instance. Take it before looking at the state.</summary>
    public Task Next(string instanceId)
    {
        lock (_gate)
        {
            if (_ended is not null)
            {
                return Task.FromException(_ended);
            }

            if (!_next.TryGetValue(instanceId, out var change))
            {
                _next[instanceId] = change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return change.Task;
        }
    }

    public void Touch(string instanceId)
    {
        TaskCompletionSource? change;
        lock (_gate)
        {
            if (_next.Count == 0)
            {
                return;
            }

            _next.Remove(instanceId, out change);
        }

        change?.SetResult();
    }

    /// <summary>Nothing changes any more.</summary>
    public void End(Exception reason)
    {
        List<TaskCompletionSource> waiting;
        lock (_gate)
        {
            _ended ??= reason;
            waiting = [.. _next.Values];
            _next.Clear();
        }

        foreach (var change in waiting)
        {
            change.TrySetException(reason);
        }
    }
}
