namespace Sluice.Engine.VirtualTime;

/// <summary>A clock that stands still until it is moved. Thread-safe; timers fire on the thread that moves it, in order of their due times.</summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now;
    private long _created;

    /// <param name="start">The first moment; 1 January 2027, 00:00 UTC, when not given.</param>
    public ManualTimeProvider(DateTimeOffset? start = null) => _now = start ?? new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>An odd number, so that nobody takes timestamps for ticks.</summary>
    public override long TimestampFrequency => 1_000_003;

    /// <summary>When the next timer is due; null when none is set.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (_gate)
            {
                return First()?.Due;
            }
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => (long)((Int128)GetUtcNow().UtcTicks * TimestampFrequency / TimeSpan.TicksPerSecond);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        CreateTimer(callback, state, dueTime, period, isHost: false);

    /// <summary>Sets a timer, marked as the host's own or as one of the code under test.</summary>
    internal ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period, bool isHost)
    {
        var timer = new ManualTimer(this, callback, state, isHost);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>How many timers are set that are not the host's.</summary>
    internal int GuestTimers
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count(t => !t.IsHost);
            }
        }
    }

    /// <summary>Moves the clock forward, firing what comes due on the way, each at its own moment.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        AdvanceTo(GetUtcNow() + by);
    }

    /// <summary>Moves the clock to a moment, firing what comes due on the way, each at its own moment. A moment in the past fires only what is overdue.</summary>
    public void AdvanceTo(DateTimeOffset moment)
    {
        while (true)
        {
            ManualTimer timer;
            lock (_gate)
            {
                if (First() is not { } first || first.Due > moment)
                {
                    _now = moment > _now ? moment : _now;
                    return;
                }

                timer = first;
                _now = first.Due > _now ? first.Due.Value : _now;
                first.Reschedule(_now);
            }

            timer.Fire();
        }
    }

    /// <summary>Sets the clock as an operator would, forwards or backwards; timers keep their distance.</summary>
    public void Jump(TimeSpan by)
    {
        lock (_gate)
        {
            _now += by;
            foreach (var timer in _timers)
            {
                timer.Shift(by);
            }
        }
    }

    private ManualTimer? First()
    {
        ManualTimer? first = null;
        foreach (var timer in _timers)
        {
            if (timer.Due is { } due && (first is null || due < first.Due || (due == first.Due && timer.Order < first.Order)))
            {
                first = timer;
            }
        }

        return first;
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state, bool isHost) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset? Due { get; private set; }

        public long Order { get; private set; }

        public bool IsHost => isHost;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                _period = period;
                clock._timers.Remove(this);
                Due = null;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = clock._now + dueTime;
                    Order = clock._created++;
                    clock._timers.Add(this);
                }

                return true;
            }
        }

        public void Reschedule(DateTimeOffset now)
        {
            if (_period > TimeSpan.Zero)
            {
                Due = now + _period;
                Order = clock._created++;
            }
            else
            {
                Due = null;
                clock._timers.Remove(this);
            }
        }

        public void Shift(TimeSpan by) => Due += by;

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
