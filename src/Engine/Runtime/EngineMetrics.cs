using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>
/// Counts what the engine does, always, and tells a meter, when somebody listens. Times are real ones, whatever the engine's clock says.
/// </summary>
internal sealed class EngineMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Sluice.Engine";

    // Upper bounds, seconds: the default ones are for milliseconds.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private static readonly InstrumentAdvice<long> Counts = new() { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] };

    private readonly Meter _meter = new(Name, typeof(EngineMetrics).Assembly.GetName().Version!.ToString(3));
    private readonly Histogram<double> _turn;
    private readonly Histogram<double> _commit;
    private readonly Histogram<long> _batch;
    private readonly Histogram<double> _replay;
    private readonly Histogram<long> _replayed;
    private long _turns;
    private long _turnTicks;
    private long _commits;
    private long _writes;
    private long _commitTicks;
    private long _replays;
    private long _events;
    private long _replayTicks;
    private long _faults;
    private long _evicted;
    private long _poisoned;

    public EngineMetrics()
    {
        _turn = _meter.CreateHistogram("sluice.engine.turn.duration", "s", "Turns made, replays included.", advice: Seconds);
        _commit = _meter.CreateHistogram("sluice.engine.commit.duration", "s", "Commits.", advice: Seconds);
        _batch = _meter.CreateHistogram("sluice.engine.commit.writes", "{write}", "Writes in one commit.", advice: Counts);
        _replay = _meter.CreateHistogram("sluice.engine.replay.duration", "s", "Instances brought back by replay.", advice: Seconds);
        _replayed = _meter.CreateHistogram("sluice.engine.replay.events", "{event}", "Events in a history that was replayed.", advice: Counts);
        _meter.CreateObservableCounter("sluice.engine.turn.faults", () => Volatile.Read(ref _faults), "{turn}", "Turns that could not be made; each is tried again.");
        _meter.CreateObservableCounter("sluice.engine.instances.evicted", () => Volatile.Read(ref _evicted), "{instance}", "Waiting instances taken out of memory.");
        _meter.CreateObservableCounter("sluice.engine.instances.poisoned", () => Volatile.Read(ref _poisoned), "{instance}", "Instances failed because their turn could not be made.");
    }

    /// <summary>Lets the meter read what the engine's parts know.</summary>
    public void Observe(Dispatcher dispatcher, EngineStore store, EngineLoad load, WriteGate gate)
    {
        _meter.CreateObservableUpDownCounter(
            "sluice.engine.activities",
            () =>
            {
                var (running, waiting) = dispatcher.Activities;
                return new Measurement<int>[] { new(running, State("running")), new(waiting, State("waiting")) };
            },
            "{activity}",
            "Activities that run, and those that wait for a place.");
        _meter.CreateObservableUpDownCounter("sluice.engine.pending", () => load.Steps, "{step}", "Turns and writes under way or in line.");
        _meter.CreateObservableUpDownCounter("sluice.engine.clients.waiting", () => gate.Waiting, "{client}", "Clients held up by back-pressure.");
        _meter.CreateObservableUpDownCounter("sluice.engine.timers", () => dispatcher.Timers, "{timer}", "Timers that have not fired.");
        _meter.CreateObservableUpDownCounter("sluice.engine.instances.loaded", () => dispatcher.Loaded, "{instance}", "Instances in memory.");
        _meter.CreateObservableGauge("sluice.engine.inbox.lag", () => dispatcher.Lag.TotalSeconds, "s", "Age of the oldest message that no turn has finished with.");
        _meter.CreateObservableGauge("sluice.engine.write.lag", () => store.Lag.TotalSeconds, "s", "Age of the oldest write that is not durable.");
    }

    /// <summary>This engine's own.</summary>
    public Meter Meter => _meter;

    /// <summary>A moment to measure from.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    public void Turn(long begun)
    {
        var took = Stopwatch.GetElapsedTime(begun);
        Interlocked.Increment(ref _turns);
        Interlocked.Add(ref _turnTicks, took.Ticks);
        _turn.Record(took.TotalSeconds);
    }

    public void Commit(long begun, int writes)
    {
        var took = Stopwatch.GetElapsedTime(begun);
        Interlocked.Increment(ref _commits);
        Interlocked.Add(ref _writes, writes);
        Interlocked.Add(ref _commitTicks, took.Ticks);
        _commit.Record(took.TotalSeconds);
        _batch.Record(writes);
    }

    public void Replay(long begun, int events)
    {
        var took = Stopwatch.GetElapsedTime(begun);
        Interlocked.Increment(ref _replays);
        Interlocked.Add(ref _events, events);
        Interlocked.Add(ref _replayTicks, took.Ticks);
        _replay.Record(took.TotalSeconds);
        _replayed.Record(events);
    }

    public void TurnFault() => Interlocked.Increment(ref _faults);

    public void Evicted() => Interlocked.Increment(ref _evicted);

    public void Poisoned() => Interlocked.Increment(ref _poisoned);

    /// <summary>Everything at one moment.</summary>
    public EngineFigures Read(Dispatcher dispatcher, EngineStore store, EngineLoad load, WriteGate gate)
    {
        var (running, waiting) = dispatcher.Activities;
        return new EngineFigures
        {
            ActivitiesRunning = running,
            ActivitiesWaiting = waiting,
            Pending = load.Steps,
            ClientsWaiting = gate.Waiting,
            Lag = dispatcher.Lag,
            WriteLag = store.Lag,
            Timers = dispatcher.Timers,
            InstancesLoaded = dispatcher.Loaded,
            InstancesEvicted = Volatile.Read(ref _evicted),
            InstancesPoisoned = Volatile.Read(ref _poisoned),
            Turns = Volatile.Read(ref _turns),
            TurnFaults = Volatile.Read(ref _faults),
            TurnTime = new TimeSpan(Volatile.Read(ref _turnTicks)),
            Commits = Volatile.Read(ref _commits),
            Writes = Volatile.Read(ref _writes),
            CommitTime = new TimeSpan(Volatile.Read(ref _commitTicks)),
            Replays = Volatile.Read(ref _replays),
            EventsReplayed = Volatile.Read(ref _events),
            ReplayTime = new TimeSpan(Volatile.Read(ref _replayTicks)),
        };
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> State(string state) => new("state", state);
}
