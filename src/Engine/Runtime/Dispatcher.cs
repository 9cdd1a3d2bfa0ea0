using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Kernel;
using Sluice.Engine.Store;
using Sluice.Engine.Tracing;

namespace Sluice.Engine.Runtime;

/// <summary>
/// Brings messages to instances: one turn at a time for each, many instances at once. Woken by what happens, never by looking.
/// </summary>
internal sealed class Dispatcher : IDisposable
{
    private readonly EngineStore _store;
    private readonly TurnMaker _turns;
    private readonly MarkedTurns _marked;
    private readonly EngineOptions _options;
    private readonly EngineLoad _load;
    private readonly InstanceWatch _watch;
    private readonly Action<Exception> _failed;
    private readonly TimerQueue _timers;
    private readonly ActivityQueue _activities;
    private readonly TurnMarks _marks;
    private readonly EngineMetrics _metrics;
    private readonly ILogger _logger;
    // 0.5 s, 2 s, 8 s, 32 s.
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Dictionary<long, InstanceSlot> _slots = [];
    private readonly LinkedList<InstanceSlot> _idle = [];
    private bool _stopped;

    public Dispatcher(
        EngineStore store, DurableTasks tasks, IServiceProvider services, EngineOptions options, ILoggerFactory loggers, ILogger logger,
        EngineLoad load, InstanceWatch watch, TurnMarks marks, EngineMetrics metrics, Action<Exception> failed)
    {
        _store = store;
        _options = options;
        _load = load;
        _watch = watch;
        _failed = failed;
        _marks = marks;
        _metrics = metrics;
        _logger = logger;
        _turns = new TurnMaker(store.Reader, tasks, services, options, loggers, logger, metrics);
        _marked = new MarkedTurns(_turns, marks, !options.InMemory, options.BeforeTurn, strayed: key => Wake(key, s => s.Strayed = true, inline: false));
        _timers = new TimerQueue(options.TimeProvider, options.LongestTimerWait, Fire);
        _activities = new ActivityQueue(tasks, services, options, load, logger, Answered);
    }

    /// <summary>Called when the end of an instance is durable, on the writer's thread.</summary>
    public Action<RuntimeStatus>? InstanceEnded { get; set; }

    /// <summary>When the next timer is due; null when there is none.</summary>
    public DateTimeOffset? NextDue => _timers.NextDue;

    /// <summary>Makes turns; also repeats what an instance has done, to look at it.</summary>
    public TurnMaker Turns => _turns;

    /// <summary>Activities that run, and those that wait for a place.</summary>
    public (int Running, int Waiting) Activities => _activities.Counts;

    /// <summary>Timers that have not fired.</summary>
    public int Timers => _timers.Count;

    /// <summary>Instances in memory.</summary>
    public int Loaded
    {
        get
        {
            lock (_gate)
            {
                return _slots.Count;
            }
        }
    }

    /// <summary>How long the oldest message that no turn has finished with has waited.</summary>
    public TimeSpan Lag
    {
        get
        {
            lock (_gate)
            {
                var oldest = _slots.Values.Where(s => s.Busy).Select(s => s.BusySince).DefaultIfEmpty(long.MaxValue).Min();
                return oldest == long.MaxValue ? TimeSpan.Zero : _options.TimeProvider.GetElapsedTime(oldest);
            }
        }
    }

    /// <summary>The turn of an instance that is under way, and what has arrived since.</summary>
    public (RunningTurn? Turn, IReadOnlyList<Message> Arrived) Look(long instance)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(instance, out var slot))
            {
                return (null, []);
            }

            // To the millisecond: the two clocks do not count in the same units.
            var waited = TimeSpan.FromMilliseconds(Math.Round(_options.TimeProvider.GetElapsedTime(slot.BusySince).TotalMilliseconds));
            var since = _options.TimeProvider.GetUtcNow() - waited;
            return (slot.Busy ? new RunningTurn(since, slot.Faults, slot.Fault, slot.NextTry) : null, [.. slot.Mailbox]);
        }
    }

    /// <summary>Where the activities of an instance stand.</summary>
    public Dictionary<int, (ActivityState State, DateTimeOffset? Began)> LookAtActivities(long instance) => _activities.Look(instance);

    /// <summary>Takes up what the file says is unfinished.</summary>
    /// <returns>How many activities run again, timers are armed and messages delivered.</returns>
    public (int Activities, int Timers, int Messages) Recover()
    {
        var activities = _store.Reader.Activities();
        var timers = _store.Reader.Timers();
        var inbox = _store.Reader.Inbox();
        foreach (var instance in _marks.Condemned)
        {
            GiveUp(instance, PoisonedException.OfDeaths(TurnMarks.Deaths));
        }

        foreach (var (instance, number, stored) in inbox)
        {
            try
            {
                Deliver(instance, new Message(HistoryJson.Read(stored), Origin.Inbox, number));
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                GiveUp(instance, new PoisonedException($"A message that was stored for this instance cannot be read ({e.Message}). Rewind it to go on without it."));
            }
        }

        timers.ForEach(_timers.Add);
        activities.ForEach(_activities.Add);
        return (activities.Count, timers.Count, inbox.Count);
    }

    /// <summary>Sets going what a commit brought about. On the writer's thread.</summary>
    public void Release(Effects effects)
    {
        Know(effects.Begun);
        effects.Activities.ForEach(_activities.Add);
        effects.Timers.ForEach(_timers.Add);
        foreach (var (instance, message) in effects.Messages)
        {
            Deliver(instance, message);
        }

        effects.Touched.ForEach(t => _watch.Touch(t.Id, t.Status));
    }

    /// <summary>Forgets an instance that was removed from the file.</summary>
    public void Forget(long instance)
    {
        lock (_gate)
        {
            if (_slots.Remove(instance, out var slot))
            {
                Leave(slot);
            }
        }

        _activities.Drop(instance);
        _timers.RemoveAll(instance);
    }

    /// <summary>Fires no more timers, starts no more activities, and waits for those that run; turns still go on.</summary>
    /// <param name="drain">How long they may go on.</param>
    /// <param name="timeout">How long they are waited for once they are cancelled.</param>
    public Task StopAsync(TimeSpan drain, TimeSpan timeout)
    {
        _timers.Dispose();
        return _activities.StopAsync(drain, timeout);
    }

    /// <summary>Runs nothing more, at once.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _stopped = true;
        }

        _timers.Dispose();
        _activities.Close();
    }

    public void Dispose()
    {
        _timers.Dispose();
        _activities.Dispose();
    }

    private void Fire(TimerItem timer) => Deliver(
        timer.Instance,
        new Message(
            new TimerFired(Now, timer.Task, DateTimeOffset.FromUnixTimeMilliseconds(timer.Due).UtcDateTime), Origin.Timer, timer.Task, timer.Execution));

    private void Answered(ActivityItem item, Answer answer) =>
        Deliver(item.Instance, new Message(answer, Origin.Activity, item.Task, item.Execution), inline: true);

    private void Deliver(long instance, Message message, bool inline = false) => Wake(instance, slot => slot.Mailbox.Add(message), inline);

    private void Wake(long instance, Action<InstanceSlot> tell, bool inline)
    {
        InstanceSlot? slot;
        lock (_gate)
        {
            if (_stopped)
            {
                return;
            }

            if (!_slots.TryGetValue(instance, out slot))
            {
                _slots[instance] = slot = new InstanceSlot(instance);
            }

            tell(slot);
            if (!Occupy(slot))
            {
                return;
            }
        }

        Schedule(slot, inline);
    }

    /// <summary>Keeps the rows of new instances for their first turn.</summary>
    private void Know(List<InstanceRow> begun)
    {
        if (begun.Count == 0)
        {
            return;
        }

        lock (_gate)
        {
            foreach (var row in begun)
            {
                _slots.TryAdd(row.Key, new InstanceSlot(row.Key) { Row = row });
            }
        }
    }

    /// <summary>Makes a slot busy; false when it is so already.</summary>
    private bool Occupy(InstanceSlot slot)
    {
        if (slot.Busy)
        {
            return false;
        }

        slot.Busy = true;
        slot.BusySince = _options.TimeProvider.GetTimestamp();
        Leave(slot);
        _load.StepBegins();
        return true;
    }

    private void Schedule(InstanceSlot slot, bool inline)
    {
        if (inline)
        {
            RunTurn(slot);
        }
        else if (_options.Simulation is { } simulation)
        {
            simulation(() => RunTurn(slot));
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(static work => work.Dispatcher.RunTurn(work.Slot), (Dispatcher: this, Slot: slot), preferLocal: false);
        }
    }

    private void RunTurn(InstanceSlot slot)
    {
        List<Message> arrived;
        List<Message> held;
        lock (_gate)
        {
            (arrived, slot.Mailbox) = (slot.Mailbox, []);
            held = slot.Held.Count == 0 ? [] : [.. slot.Held];
        }

        var begun = EngineMetrics.Now;
        TurnCommit? commit;
        try
        {
            commit = _marked.Make(slot, arrived);
        }
        catch (Exception e) when (e is EngineStoreException || _stopped)
        {
            _failed(e);
            _load.StepEnds();
            return;
        }
        catch (Exception e)
        {
            // The code's own faults end in its instance; this is the engine's or the runtime's, and no other instance's.
            Retry(slot, arrived, held, e);
            return;
        }

        _metrics.Turn(begun);
        if (commit is null)
        {
            Finish(slot, gone: slot.Row is null || InstanceRow.IsTerminal(slot.Row.Status));
        }
        else
        {
            _store.Enqueue(tables => tables.Apply(commit), effects => Committed(slot, commit, effects), e => NotCommitted(slot, arrived, held, e));
        }
    }

    private void NotCommitted(InstanceSlot slot, List<Message> arrived, List<Message> held, Exception e)
    {
        if (e is EngineStoreException or ObjectDisposedException)
        {
            _load.StepEnds();
        }
        else
        {
            Retry(slot, arrived, held, e);
        }
    }

    /// <summary>Tries a turn again later; after the last attempt the instance is given up.</summary>
    private void Retry(InstanceSlot slot, List<Message> arrived, List<Message> held, Exception e)
    {
        _metrics.TurnFault();
        var id = slot.Row?.Id ?? slot.Key.ToString(CultureInfo.InvariantCulture);
        lock (_gate)
        {
            slot.Unload();
            slot.Mailbox.InsertRange(0, arrived);
            slot.Held.Clear();
            slot.Held.AddRange(held);
            slot.Faults++;
            slot.Fault = $"{e.GetType().Name}: {e.Message}";
            if (slot.Poison is not null)
            {
                // It cannot even be ended. It stays as it is, and does nothing more, until the next start.
                _logger.TurnGivenUp(e, id);
                _load.StepEnds();
                return;
            }

            if (slot.Faults < _options.MaxTurnAttempts)
            {
                var delay = TimeSpan.FromMilliseconds(FirstRetry.TotalMilliseconds * Math.Pow(4, slot.Faults - 1));
                slot.NextTry = _options.TimeProvider.GetUtcNow() + delay;
                slot.Retry = _options.TimeProvider.CreateTimer(_ => TryAgain(slot), null, delay, Timeout.InfiniteTimeSpan);
                _logger.TurnFailed(e, id, slot.Faults, _options.MaxTurnAttempts, delay);
                _load.StepEnds();
                return;
            }

            slot.Poison = PoisonedException.Of(id, slot.Faults, e);
            _logger.TurnFailed(e, id, slot.Faults, _options.MaxTurnAttempts, TimeSpan.Zero);
        }

        Schedule(slot, inline: false);
    }

    private void TryAgain(InstanceSlot slot)
    {
        lock (_gate)
        {
            slot.Retry?.Dispose();
            slot.Retry = null;
            slot.NextTry = null;
            if (_stopped)
            {
                return;
            }

            _load.StepBegins();
        }

        Schedule(slot, inline: false);
    }

    /// <summary>Ends an instance with its next turn, which this begins.</summary>
    private void GiveUp(long instance, PoisonedException reason) => Wake(instance, slot => slot.Poison ??= reason, inline: false);

    private void Committed(InstanceSlot slot, TurnCommit commit, Effects effects)
    {
        var ended = !effects.Applied || (commit.Events is not null && InstanceRow.IsTerminal(commit.Status));
        if (slot.Poison is { } poison && ended)
        {
            _metrics.Poisoned();
            _logger.InstancePoisoned(commit.Row.Id, poison.Message);
        }

        if (effects.Applied)
        {
            Update(slot, commit, effects);
            foreach (var timer in commit.CancelledTimers)
            {
                _timers.Remove(slot.Key, timer);
            }
        }

        if (ended && commit.Status != RuntimeStatus.Completed)
        {
            _timers.RemoveAll(slot.Key);
            _activities.Drop(slot.Key);
        }

        Release(effects);
        if (effects.Applied)
        {
            Trace(commit);
            if (ended)
            {
                InstanceEnded?.Invoke(commit.Status);
            }
        }

        Finish(slot, ended);
    }

    private void Trace(TurnCommit commit)
    {
        try
        {
            EngineSpans.Tell(commit);
        }
        catch (Exception e)
        {
            // A listener's fault. The writer must not end by it.
            _logger.SpansLost(e, commit.Row.Id);
        }
    }

    private void Update(InstanceSlot slot, TurnCommit commit, Effects effects)
    {
        slot.Held.AddRange(effects.Deferred);
        if (commit.Events is null)
        {
            return;
        }

        slot.Turns = commit.TurnNumber + 1;
        slot.LastTurn = commit.Now;
        slot.Row = commit.Row with { Status = commit.Status, Input = slot.Execution is { Started: true } ? null : commit.Row.Input };
        if (commit.Next is { } next)
        {
            slot.Turns = 0;
            slot.Row = slot.Row with { Execution = commit.Row.Execution + 1, Input = next.Input, Version = next.Version ?? commit.Row.Version };
            lock (_gate)
            {
                slot.Mailbox.InsertRange(0, effects.Carried);
            }
        }
    }

    /// <summary>Ends a slot's turn: the next one follows, or it waits among the idle ones, or it goes.</summary>
    private void Finish(InstanceSlot slot, bool gone)
    {
        bool more;
        lock (_gate)
        {
            if (gone)
            {
                // What came meanwhile may be for a rewound instance: look at the file again.
                slot.Unload();
                slot.Held.Clear();
            }

            if (slot.Poison is null || gone)
            {
                (slot.Faults, slot.Fault, slot.Poison) = (0, null, null);
            }

            slot.BusySince = _options.TimeProvider.GetTimestamp();
            more = slot.Mailbox.Count > 0 || (slot.Strayed && !gone);
            if (!more)
            {
                slot.Busy = false;
                if (!gone)
                {
                    Rest(slot);
                }
                else if (_slots.TryGetValue(slot.Key, out var current) && current == slot)
                {
                    _slots.Remove(slot.Key);
                }
            }
        }

        if (more)
        {
            Schedule(slot, inline: false);
        }
        else
        {
            _load.StepEnds();
        }
    }

    private void Rest(InstanceSlot slot)
    {
        slot.Idle = _idle.AddLast(slot);
        if (_idle.Count > _options.MaxCachedInstances)
        {
            var oldest = _idle.First!.Value;
            Leave(oldest);
            oldest.Unload();
            _metrics.Evicted();
            if (oldest.Held.Count == 0 && oldest.Poison is null)
            {
                _slots.Remove(oldest.Key);
            }
        }
    }

    private void Leave(InstanceSlot slot)
    {
        if (slot.Idle is { } place)
        {
            _idle.Remove(place);
            slot.Idle = null;
        }
    }

    private DateTime Now => _options.TimeProvider.GetUtcNow().UtcDateTime;
}
