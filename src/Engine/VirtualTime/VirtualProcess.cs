using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.Store;

namespace Sluice.Engine.VirtualTime;

/// <summary>How a <see cref="VirtualEngine"/> runs.</summary>
public sealed record VirtualEngineOptions
{
    /// <summary>The clock; a new one when null.</summary>
    public ManualTimeProvider? Clock { get; init; }

    /// <summary>Draws the order in which what is ready runs, the same for each seed; in order of arrival when null.</summary>
    public int? Seed { get; init; }

    /// <summary>How many activities run at once.</summary>
    public int MaxConcurrentActivities { get; init; } = 64;

    /// <summary>How many waiting instances stay in memory; 0 replays at every turn.</summary>
    public int MaxCachedInstances { get; init; } = 1_000;

    /// <summary>How long, in real time, an activity that waits for something other than the clock is waited for before the clock moves on.</summary>
    public TimeSpan ActivityPatience { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Sets what else the engine's options have; called for each process.</summary>
    public Action<EngineOptions>? Adjust { get; init; }

    /// <summary>Where the database's folder is made; among the temporary files when null.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Whether the database is kept in memory: no disk is waited for. It outlives restarts of the engine, as a file does.
    /// </summary>
    public bool InMemory { get; init; }

    /// <summary>
    /// Whether histories are written. Not to be is several times as fast where much is looked at, and neither lets the engine be killed nor histories be
    /// read.
    /// </summary>
    public bool KeepsHistories { get; init; } = true;

    /// <summary>Whether an engine that has stopped because of its disk is started again, as a supervisor would.</summary>
    public bool RestartsWhenFatal { get; init; }

    /// <summary>Where logs go; nowhere when null.</summary>
    public ILoggerFactory? Loggers { get; init; }
}

/// <summary>One life of a <see cref="VirtualEngine"/>, from a start to a kill. Activities that outlive it do nothing more.</summary>
internal sealed class VirtualProcess
{
    private readonly VirtualEngine _owner;
    private readonly ActivityContext _activities;
    private volatile bool _crashed;

    public VirtualProcess(VirtualEngine owner, DurableTasks tasks, IServiceProvider? services, VirtualEngineOptions options)
    {
        _owner = owner;
        _activities = new ActivityContext(this);
        var engine = new EngineOptions
        {
            Path = owner.Path,
            Synchronous = StoreSynchronous.Normal,
            TimeProvider = new HostClock(owner.Clock),
            MaxConcurrentActivities = options.MaxConcurrentActivities,
            MaxCachedInstances = options.KeepsHistories ? options.MaxCachedInstances : int.MaxValue,
            LongestTimerWait = TimeSpan.FromDays(36_500),
            AroundActivity = AttemptAsync,
            OnStoreCall = Called,
            InMemory = options.InMemory,
            KeepsHistories = options.KeepsHistories,
            Simulation = Post,
        };
        options.Adjust?.Invoke(engine);
        Engine = new EmbeddedEngine(tasks, services, engine, options.Loggers);
    }

    public EmbeddedEngine Engine { get; }

    /// <summary>Whether it is dead.</summary>
    public bool Crashed => _crashed;

    /// <summary>Commits so far.</summary>
    public long Commits { get; private set; }

    /// <summary>Whether every running activity can be waiting for the clock: as many timers are set as activities run.</summary>
    public bool ActivitiesOnClock => Engine.Load.Activities is var running && (running == 0 || _owner.Clock.GuestTimers >= running);

    /// <summary>Ends it as SIGKILL would.</summary>
    public void Kill()
    {
        _crashed = true;
        Engine.Crash();
    }

    private void Post(Action action) => _owner.Thread.Post(() =>
    {
        if (!_crashed)
        {
            action();
        }
    });

    private void Called(StoreCall call)
    {
        if (_crashed)
        {
            throw new SimulatedCrashException();
        }

        if (call == StoreCall.Committed)
        {
            Commits++;
            if (_owner.CrashAfterCommit == Commits)
            {
                _owner.CrashAfterCommit = null;
                Die();
            }
        }

        try
        {
            _owner.OnStoreCall?.Invoke(call);
        }
        catch (SimulatedCrashException)
        {
            Die();
        }
    }

    private void Die()
    {
        _crashed = true;
        throw new SimulatedCrashException();
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
        var outside = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_activities);
        try
        {
            running = attempt();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outside);
        }

        try
        {
            return await running;
        }
        finally
        {
            var acted = _owner.ActivityActed();
            if (acted == _owner.CrashAfterActivity || _owner.CrashesAt(name))
            {
                _owner.CrashAfterActivity = null;
                await DieAsync();
            }
        }
    }

    /// <summary>The rest of the activity never happens.</summary>
    private Task DieAsync()
    {
        Kill();
        return new TaskCompletionSource().Task;
    }

    /// <summary>Keeps activities on the simulation's thread, and lets those of a dead process do nothing.</summary>
    private sealed class ActivityContext(VirtualProcess process) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => process.Post(() =>
        {
            SetSynchronizationContext(this);
            d(state);
        });

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
