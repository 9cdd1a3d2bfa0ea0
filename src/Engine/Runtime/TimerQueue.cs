using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>All timers of all instances by due time, on one timer of the clock. Does nothing while none is due.</summary>
internal sealed class TimerQueue : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly TimeSpan _longestWait;
    private readonly Action<TimerItem> _fire;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TimerItem, long> _queue = new();
    private readonly Dictionary<(long Instance, int Task), TimerItem> _wanted = [];
    private bool _disposed;

    /// <param name="clock">The time.</param>
    /// <param name="longestWait">See <see cref="EngineOptions.LongestTimerWait"/>.</param>
    /// <param name="fire">Called for each timer that came due, on the clock's thread.</param>
    public TimerQueue(TimeProvider clock, TimeSpan longestWait, Action<TimerItem> fire)
    {
        _clock = clock;
        _longestWait = longestWait;
        _fire = fire;
        _timer = clock.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many have not fired.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _wanted.Count;
            }
        }
    }

    /// <summary>When the next timer is due; null when there is none.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (_gate)
            {
                return Next() is { } next ? DateTimeOffset.FromUnixTimeMilliseconds(next.Due) : null;
            }
        }
    }

    /// <summary>Adds a timer; fires it at once when it is due already.</summary>
    public void Add(TimerItem item)
    {
        lock (_gate)
        {
            if (item.Due > _clock.GetUtcNow().ToUnixTimeMilliseconds())
            {
                _wanted[(item.Instance, item.Task)] = item;
                _queue.Enqueue(item, item.Due);
                if (ReferenceEquals(Next(), item))
                {
                    Arm();
                }

                return;
            }
        }

        _fire(item);
    }

    public void Remove(long instance, int task)
    {
        lock (_gate)
        {
            _wanted.Remove((instance, task));
        }
    }

    public void RemoveAll(long instance)
    {
        lock (_gate)
        {
            foreach (var timer in _wanted.Keys.Where(k => k.Instance == instance).ToList())
            {
                _wanted.Remove(timer);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        _timer.Dispose();
    }

    private void Fire()
    {
        var due = new List<TimerItem>();
        lock (_gate)
        {
            var now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
            while (!_disposed && Next() is { } next && next.Due <= now)
            {
                _queue.Dequeue();
                _wanted.Remove((next.Instance, next.Task));
                due.Add(next);
            }

            Arm();
        }

        foreach (var item in due)
        {
            _fire(item);
        }
    }

    /// <summary>The first timer that is still wanted.</summary>
    private TimerItem? Next()
    {
        while (_queue.TryPeek(out var item, out _))
        {
            if (_wanted.TryGetValue((item.Instance, item.Task), out var wanted) && ReferenceEquals(wanted, item))
            {
                return item;
            }

            _queue.Dequeue();
        }

        return null;
    }

    private void Arm()
    {
        if (!_disposed && Next() is { } next)
        {
            var wait = DateTimeOffset.FromUnixTimeMilliseconds(next.Due) - _clock.GetUtcNow();
            _timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > _longestWait ? _longestWait : wait, Timeout.InfiniteTimeSpan);
        }
    }
}
