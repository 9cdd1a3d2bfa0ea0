using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>
/// Brings messages to instances: one turn at a time for each, many instances at once. Woken by what happens, never by looking.
/// </summary>
internal sealed class Dispatcher : IDisposable
{
    private readonly EngineStore _store;
    private readonly TurnMaker _turns;
    private readonly EngineOptions _options;
    private readonly EngineLoad _load;
    private readonly InstanceWatch _watch;
    private readonly Action<Exception> _failed;
    private readonly TimerQueue _timers;
    private readonly ActivityQueue _activities;
    private readonly Lock _gate = new();
    private readonly Dictionary<long, InstanceSlot> _slots = [];
    private readonly LinkedList<InstanceSlot> _idle = [];
    private bool _stopped;

    public Dispatcher(
        EngineStore store, DurableTasks tasks, IServiceProvider services, EngineOptions options, ILoggerFactory loggers, ILogger logger,
        EngineLoad load, InstanceWatch watch, Action<Exception> failed)
    {
        _store = store;
        _options = options;
        _load = load;
        _watch = watch;
        _failed = failed;
        _turns = new TurnMaker(store.Reader, tasks, services, options, loggers, logger);
        _timers = new TimerQueue(options.TimeProvider, options.LongestTimerWait, Fire);
        _activities = new ActivityQueue(tasks, services, options, load, logger, Answered);
    }

    /// <summary>When the next timer is due; null when there is none.</summary>
    public DateTimeOffset? NextDue => _timers.NextDue;

    /// <summary>Takes up what the file says is unfinished.</summary>
    /// <returns>How many activities run again, timers are armed and messages delivered.</returns>
    public (int Activities, int Timers, int Messages) Recover()
    {
        var activities = _store.Reader.Activities();
        var timers = _store.Reader.Timers();
        var inbox = _store.Reader.Inbox();
        foreach (var (instance, message) in inbox)
        {
            Deliver(instance, message);
        }

        timers.ForEach(_timers.Add);
        activities.ForEach(_activities.Add);
        return (activities.Count, timers.Count, inbox.Count);
    }

    /// <summary>Sets going what a commit brought about. On the writer's thread.</summary>
    public void Release(Effects effects)
    {
        effects.Activities.ForEach(_activities.Add);
        effects.Timers.ForEach(_timers.Add);
        foreach (var (instance, message) in effects.Messages)
        {
            Deliver(instance, message);
        }

        effects.Touched.ForEach(_watch.Touch);
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
    public Task StopAsync(TimeSpan timeout)
    {
        _timers.Dispose();
        return _activities.StopAsync(timeout);
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

    /// <summary>Makes a slot busy; false when it is so already.</summary>
    private bool Occupy(InstanceSlot slot)
    {
        if (slot.Busy)
        {
            return false;
        }

        slot.Busy = true;
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
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(static work => work.Dispatcher.RunTurn(work.Slot), (Dispatcher: this, Slot: slot), preferLocal: false);
        }
    }

    private void RunTurn(InstanceSlot slot)
    {
        List<Message> arrived;
        lock (_gate)
        {
            (arrived, slot.Mailbox) = (slot.Mailbox, []);
        }

        try
        {
            if (_turns.Make(slot, arrived, () => Wake(slot.Key, s => s.Strayed = true, inline: false)) is { } commit)
            {
                _store.Enqueue(tables => tables.Apply(commit), effects => Committed(slot, commit, effects), _ => _load.StepEnds());
                return;
            }
        }
        catch (Exception e)
        {
            // The code's own faults end in its instance; what comes here is the store's or the engine's.
            _failed(e);
            _load.StepEnds();
            return;
        }

        Finish(slot, gone: slot.Row is null || InstanceRow.IsTerminal(slot.Row.Status));
    }

    private void Committed(InstanceSlot slot, TurnCommit commit, Effects effects)
    {
        var ended = !effects.Applied || (commit.Events is not null && InstanceRow.IsTerminal(commit.Status));
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
        Finish(slot, ended);
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
            if (oldest.Held.Count == 0)
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
