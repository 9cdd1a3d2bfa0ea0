using Sluice.Durable;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>Wakes those who wait for an instance to start or to end; a turn in between wakes nobody.</summary>
internal sealed class InstanceWatch
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Id, bool UntilEnded), TaskCompletionSource> _waiting = [];
    private Exception? _ended;

    /// <summary>Completes when the instance has started, or ended, or is gone. Take it before looking at the state.</summary>
    public Task Next(string instanceId, bool untilEnded)
    {
        lock (_gate)
        {
            if (_ended is not null)
            {
                return Task.FromException(_ended);
            }

            if (!_waiting.TryGetValue((instanceId, untilEnded), out var change))
            {
                _waiting[(instanceId, untilEnded)] = change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return change.Task;
        }
    }

    /// <summary>Tells where an instance stands now; null when it has to be looked at.</summary>
    public void Touch(string instanceId, RuntimeStatus? status)
    {
        TaskCompletionSource? started = null;
        TaskCompletionSource? ended = null;
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                return;
            }

            if (status != RuntimeStatus.Pending)
            {
                _waiting.Remove((instanceId, false), out started);
            }

            if (status is null || InstanceRow.IsTerminal(status.Value))
            {
                _waiting.Remove((instanceId, true), out ended);
            }
        }

        started?.SetResult();
        ended?.SetResult();
    }

    /// <summary>Nothing changes any more.</summary>
    public void End(Exception reason)
    {
        List<TaskCompletionSource> waiting;
        lock (_gate)
        {
            _ended ??= reason;
            waiting = [.. _waiting.Values];
            _waiting.Clear();
        }

        foreach (var change in waiting)
        {
            change.TrySetException(reason);
        }
    }
}
