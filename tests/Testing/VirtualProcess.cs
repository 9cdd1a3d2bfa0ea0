using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine;

namespace Sluice.Testing;

/// <summary>How a <see cref="VirtualEngine"/> runs.</summary>
public sealed record VirtualEngineOptions
{
    /// <summary>The clock; a new one when null.</summary>
    public ManualTimeProvider? Clock { get; init; }

    /// <summary>How many activities run at once.</summary>
    public int MaxConcurrentActivities { get; init; } = 64;

    /// <summary>How many waiting instances stay in memory; 0 replays at every turn.</summary>
    public int MaxCachedInstances { get; init; } = 1_000;

    /// <summary>How long, in real time, an activity that waits for something other than the clock is waited for before the clock moves on.</summary>
    public TimeSpan ActivityPatience { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Sets what else the engine's options have; called for each process.</summary>
    public Action<EngineOptions>? Adjust { get; init; }

    /// <summary>Where logs go; nowhere when null.</summary>
    public ILoggerFactory? Loggers { get; init; }
}

/// <summary>One life of a <see cref="VirtualEngine"/>, from a start to a kill. Activities that outlive it do nothing more.</summary>
internal sealed class VirtualProcess
{
    private readonly VirtualEngine _owner;
    private int _steps;
    private int _attempts;
    private long _changes;
    private volatile bool _crashed;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public VirtualProcess(VirtualEngine owner, DurableTasks tasks, IServiceProvider? services, VirtualEngineOptions options)
    {
        _owner = owner;
        var engine = new EngineOptions
        {
            Path = owner.Path,
            Synchronous = StoreSynchronous.Normal,
            TimeProvider = new HostClock(owner.Clock),
            MaxConcurrentActivities = options.MaxConcurrentActivities,
            MaxCachedInstances = options.MaxCachedInstances,
            LongestTimerWait = TimeSpan.FromDays(36_500),
            AroundActivity = AttemptAsync,
            CrashAfterCommit = CrashesAfter,
        };
        options.Adjust?.Invoke(engine);
        Engine = new EmbeddedEngine(tasks, services, engine, options.Loggers);
        Engine.Load.Ended = Changed;
    }

    public EmbeddedEngine Engine { get; }

    /// <summary>Whether it is dead.</summary>
    public bool Crashed => _crashed;

    /// <summary>Whether nothing runs at this moment; activities may be waiting.</summary>
    public bool IsQuiet =>
        Engine.Load.Steps == 0 && Volatile.Read(ref _steps) == 0 && Engine.Load.Activities == Volatile.Read(ref _attempts);

    /// <summary>Counts everything that began.</summary>
    public long Changes => Engine.Load.Changes + Volatile.Read(ref _changes);

    /// <summary>Whether every running activity can be waiting for the clock: as many timers are set as activities run.</summary>
    public bool ActivitiesOnClock => Engine.Load.Activities is var running && (running == 0 || _owner.Clock.GuestTimers >= running);

    /// <summary>Completes when something has ended since.</summary>
    public Task NextChange()
    {
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _changed, next).TrySetResult();
        return next.Task;
    }

    /// <summary>Ends it as SIGKILL would.</summary>
    public void Kill()
    {
        _crashed = true;
        Engine.Crash();
        Changed();
    }

    private void Changed() => Volatile.Read(ref _changed).TrySetResult();

    /// <summary>Commits so far.</summary>
    public long Commits { get; private set; }

    private bool CrashesAfter(long commit)
    {
        Commits = commit;
        if (_owner.CrashAfterCommit != commit)
        {
            return false;
        }

        _owner.CrashAfterCommit = null;
        _crashed = true;
        Changed();
        return true;
    }

    private async Task<object?> AttemptAsync(string name, Func<Task<object?>> attempt)
    {
        if (_crashed)
        {
            await DieAsync();
        }

        if (_owner.ActivityBegins() == _owner.CrashBeforeActivity)
        {
            _owner.CrashBeforeActivity = null;
            await DieAsync();
        }

        Task<object?> running;
        Interlocked.Increment(ref _attempts);
        var outside = SynchronizationContext.Current;
        StepBegins();
        SynchronizationContext.SetSynchronizationContext(new ActivityContext(this));
        try
        {
            running = attempt();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outside);
            StepEnds();
        }

        try
        {
            return await running.ConfigureAwait(false);
        }
        finally
        {
            if (_owner.ActivityActed() == _owner.CrashAfterActivity)
            {
                _owner.CrashAfterActivity = null;
                await DieAsync();
            }

            Interlocked.Increment(ref _changes);
            Interlocked.Decrement(ref _attempts);
        }
    }

    /// <summary>The rest of the activity never happens.</summary>
    private Task DieAsync()
    {
        Kill();
        return new TaskCompletionSource().Task;
    }

    private void StepBegins()
    {
        Interlocked.Increment(ref _changes);
        Interlocked.Increment(ref _steps);
    }

    private void StepEnds()
    {
        Interlocked.Decrement(ref _steps);
        Changed();
    }

    /// <summary>Counts what activities do, and lets those of a dead process do nothing.</summary>
    private sealed class ActivityContext(VirtualProcess process) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
            process.StepBegins();
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    SetSynchronizationContext(this);
                    try
                    {
                        if (!process.Crashed)
                        {
                            d(state);
                        }
                    }
                    finally
                    {
                        SetSynchronizationContext(null);
                        process.StepEnds();
                    }
                },
                null);
        }

        public override void Send(SendOrPostCallback d, object? state) => d(state);

        public override SynchronizationContext CreateCopy() => this;
    }

    /// <summary>The engine's view of the clock: its own timers are not taken for those of activities.</summary>
    private sealed class HostClock(ManualTimeProvider clock) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(callback, state, dueTime, period, isHost: true);
    }
}
