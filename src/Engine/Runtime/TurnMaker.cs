using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Kernel;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>Turns what arrived for an instance into one commit: sorts the messages, runs the code, records what it decided.</summary>
internal sealed class TurnMaker(
    StoreReader reader, DurableTasks tasks, IServiceProvider services, ILoggerFactory loggers, TimeProvider clock, EngineMetrics metrics)
{
    /// <summary>Makes the next turn of an instance.</summary>
    /// <param name="slot">The instance.</param>
    /// <param name="arrived">In order of arrival.</param>
    /// <param name="strayed">See <see cref="OrchestrationExecution"/>.</param>
    /// <returns>What to commit; null when nothing changes.</returns>
    public TurnCommit? Make(InstanceSlot slot, List<Message> arrived, Action strayed)
    {
        slot.Row ??= reader.Load(slot.Key);
        if (slot.Row is not { } row || InstanceRow.IsTerminal(row.Status))
        {
            return null;
        }

        if (arrived.Find(m => m.Event is ExecutionTerminated) is { } ending)
        {
            return Terminate(slot, row, (ExecutionTerminated)ending.Event);
        }

        UnplayableException? unplayable = slot.Poison;
        unplayable ??= slot.Strayed ? new ForeignAwaitException(row.Name) : null;
        slot.Strayed = false;
        List<HistoryEvent>? rewritten = null;
        if (slot.Poison is not null)
        {
            slot.Turns = reader.History(slot.Key).Count;
        }
        else if (slot.Execution is null)
        {
            try
            {
                var past = Load(slot, row);
                var rewound = arrived.Exists(m => m.Event is ExecutionRewound);
                if (rewound)
                {
                    rewritten = past = Rewind.Reopen(past, () => NewExecution(row, strayed));
                }

                var execution = NewExecution(row, strayed);
                var begun = EngineMetrics.Now;
                execution.Replay(past);
                if (past.Count > 0)
                {
                    metrics.Replay(begun, past.Count);
                }

                slot.Execution = execution;
            }
            catch (UnplayableException e)
            {
                unplayable ??= e;
            }
        }

        var sorted = new Sorting(slot, row, arrived);
        if (sorted.Events.Count == 0 && (unplayable is null || sorted.Suspended))
        {
            return sorted.Deferred.Count == 0 && sorted.Taken.Count == 0
                ? null
                : new TurnCommit(row, slot.Turns, clock.GetUtcNow().UtcDateTime)
                {
                    Consumed = sorted.Taken,
                    Deferred = sorted.Deferred,
                    Status = row.Status,
                };
        }

        return Run(slot, row, sorted, rewritten, unplayable);
    }

    /// <summary>An instance's execution as its history leaves it, beside the one that is in use; nothing comes of it.</summary>
    /// <exception cref="UnplayableException">The code does not repeat its history.</exception>
    public OrchestrationExecution Repeat(InstanceRow row)
    {
        var execution = NewExecution(row, static () => { });
        execution.Replay(Load(new InstanceSlot(row.Key), row));
        return execution;
    }

    private OrchestrationExecution NewExecution(InstanceRow row, Action strayed)
    {
        try
        {
            return new OrchestrationExecution(row.Id, tasks.FindOrchestrator(row.Name)?.Invoke(services), loggers, strayed);
        }
        catch (Exception e)
        {
            throw new OrchestratorNotCreatedException(row.Name, e);
        }
    }

    private List<HistoryEvent> Load(InstanceSlot slot, InstanceRow row)
    {
        var turns = reader.History(slot.Key);
        slot.Turns = turns.Count;
        try
        {
            var past = turns.SelectMany(HistoryJson.ReadList).ToList();
            slot.LastTurn = past.Count == 0 ? default : past[^1].Timestamp;
            return past;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new UnreadableHistoryException(row.Id, e);
        }
    }

    private TurnCommit Terminate(InstanceSlot slot, InstanceRow row, ExecutionTerminated ending)
    {
        if (slot.Execution is null)
        {
            slot.Turns = reader.History(slot.Key).Count;
        }

        return new TurnCommit(row, slot.Turns, Now(slot, []))
        {
            Events = [ending],
            Status = RuntimeStatus.Terminated,
            Output = ending.Output,
        };
    }

    private TurnCommit Run(InstanceSlot slot, InstanceRow row, Sorting sorted, List<HistoryEvent>? rewritten, UnplayableException? unplayable)
    {
        var now = Now(slot, sorted.Events);
        var open = rewritten is null || slot.Execution is null ? [] : slot.Execution.OpenTasks.ToHashSet();
        Turn turn;
        try
        {
            turn = unplayable is null ? slot.Execution!.Run(sorted.Events, now) : Unplayable(unplayable, now);
        }
        catch (UnplayableException e)
        {
            turn = Unplayable(e, now);
        }

        if (turn.Decisions.Count > 0 && turn.Decisions[^1] is ExecutionFailed or ExecutionCompleted or ContinuedAsNew)
        {
            slot.Execution = null;
        }

        var end = turn.Decisions.Count > 0 ? turn.Decisions[^1] : null;
        return new TurnCommit(row, rewritten is null ? slot.Turns : 1, now)
        {
            Events = [new OrchestratorStarted(now), .. sorted.Events, .. turn.Decisions, new OrchestratorCompleted(now)],
            Rewritten = rewritten,
            Reopened = rewritten is null ? [] : [.. rewritten.OfType<Decision>().Where(d => open.Contains(d.EventId))],
            Consumed = sorted.Taken,
            Deferred = sorted.Deferred,
            Decisions = turn.Decisions,
            CancelledTimers = turn.CancelledTimers,
            CustomStatus = turn.CustomStatus,
            Status = end switch
            {
                ExecutionCompleted => RuntimeStatus.Completed,
                ExecutionFailed => RuntimeStatus.Failed,
                _ when sorted.Suspended => RuntimeStatus.Suspended,
                _ when !sorted.Begun => RuntimeStatus.Pending,
                _ => RuntimeStatus.Running,
            },
            Output = end switch
            {
                ExecutionCompleted e => e.Result,
                ExecutionFailed e => DurableJson.Write($"{e.Failure.ErrorType}: {e.Failure.ErrorMessage}"),
                _ => null,
            },
            Failure = (end as ExecutionFailed)?.Failure,
        };
    }

    /// <summary>Fails the instance: its code does not fit its history, so nothing else it says counts.</summary>
    private static Turn Unplayable(UnplayableException e, DateTime now) =>
        new([new ExecutionFailed(now, -1, TaskFailure.FromException(e) with { StackTrace = null, IsNonRetriable = true })], [], null);

    /// <summary>An instance's time never goes back, and is never before a timer that woke it, whatever the clock does.</summary>
    private DateTime Now(InstanceSlot slot, List<HistoryEvent> events)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        foreach (var time in events.OfType<TimerFired>().Select(e => e.FireAt).Append(slot.LastTurn))
        {
            now = time > now ? time : now;
        }

        return now;
    }

    /// <summary>Which of the arrived messages the turn takes, and which must wait.</summary>
    private sealed class Sorting
    {
        public Sorting(InstanceSlot slot, InstanceRow row, List<Message> arrived)
        {
            Suspended = row.Status == RuntimeStatus.Suspended;
            Begun = slot.Execution?.Started ?? row.Status != RuntimeStatus.Pending;
            var work = new LinkedList<Message>(arrived);
            while (work.First is { } first)
            {
                work.RemoveFirst();
                var message = first.Value;
                if (message.Execution is not { } execution || execution == row.Execution)
                {
                    Sort(message);
                }
            }

            void Sort(Message message)
            {
                switch (message.Event)
                {
                    case ExecutionSuspended or ExecutionResumed:
                        Taken.Add(message);
                        if (Suspended == message.Event is ExecutionResumed)
                        {
                            Events.Add(message.Event);
                            Suspended = !Suspended;
                            Release();
                        }

                        break;
                    case var _ when Suspended:
                        Hold(message);
                        break;
                    case TimerFired { TaskId: Tables.StartTask } when !Begun:
                        Taken.Add(message);
                        var parent = row.Parent is { } p ? new ParentInstance(p.Name, p.Id) : null;
                        Events.Add(new ExecutionStarted(
                            message.Event.Timestamp, row.Name, row.Input, row.Version, parent, HistoryJson.ReadTags(row.Tags)));
                        Begun = true;
                        Release();
                        break;
                    case var _ when !Begun:
                        Hold(message);
                        break;
                    default:
                        Taken.Add(message);
                        Events.Add(message.Event);
                        break;
                }
            }

            void Hold(Message message) => (message.Origin == Origin.Activity ? Deferred : slot.Held).Add(message);

            void Release()
            {
                if (!Suspended)
                {
                    for (var i = slot.Held.Count - 1; i >= 0; i--)
                    {
                        work.AddFirst(slot.Held[i]);
                    }

                    slot.Held.Clear();
                }
            }
        }

        public List<HistoryEvent> Events { get; } = [];

        public List<Message> Taken { get; } = [];

        public List<Message> Deferred { get; } = [];

        public bool Suspended { get; private set; }

        public bool Begun { get; private set; }
    }
}
