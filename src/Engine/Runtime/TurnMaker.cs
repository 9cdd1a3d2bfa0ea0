using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Kernel;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>Turns what arrived for an instance into one commit: sorts the messages, runs the code, records what it decided.</summary>
internal sealed class TurnMaker(
    StoreReader reader, DurableTasks tasks, IServiceProvider services, EngineOptions options, ILoggerFactory loggers, ILogger logger,
    EngineMetrics metrics)
{
    private readonly TimeProvider _clock = options.TimeProvider;
    private readonly KernelOptions _kernel = options.ToKernelOptions();

    /// <summary>Whether instances of other versions are left alone instead of failed.</summary>
    public bool Rejects => options.VersionFailureStrategy == VersionFailureStrategy.Reject;

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
        else if (slot.Execution is null && Mismatch(row) is { } mismatch)
        {
            if (Rejects)
            {
                return Reject(slot, row, arrived);
            }

            slot.Turns = reader.History(slot.Key).Count;
            unplayable = mismatch;
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

                var begun = EngineMetrics.Now;
                slot.Execution = Replaying.Replay(past, call => NewExecution(row, strayed, call));
                if (past.Count > 0)
                {
                    metrics.Replay(begun, past.Count);
                }
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
                : new TurnCommit(row, slot.Turns, _clock.GetUtcNow().UtcDateTime)
                {
                    Consumed = sorted.Taken,
                    Deferred = sorted.Deferred,
                    Status = row.Status,
                };
        }

        return Run(slot, row, sorted, rewritten, unplayable);
    }

    /// <summary>An instance's execution as its history leaves it, beside the one that is in use; nothing comes of it.</summary>
    /// <exception cref="UnplayableException">The code does not repeat its history, or this program does not run its version.</exception>
    public OrchestrationExecution Repeat(InstanceRow row) => Mismatch(row) is { } mismatch
        ? throw mismatch
        : Replaying.Replay(Load(new InstanceSlot(row.Key), row), call => NewExecution(row, static () => { }, call));

    private VersionMismatchException? Mismatch(InstanceRow row)
    {
        var order = VersionComparison.Compare(row.Version, options.Version);
        return options.VersionMatchStrategy switch
        {
            VersionMatchStrategy.Strict when order != 0 => new VersionMismatchException(row.Version, options.Version, isGreater: false),
            VersionMatchStrategy.CurrentOrOlder when order > 0 => new VersionMismatchException(row.Version, options.Version, isGreater: true),
            _ => null,
        };
    }

    /// <summary>Leaves the instance as it is, with all that arrives, for a program of its version.</summary>
    private TurnCommit? Reject(InstanceSlot slot, InstanceRow row, List<Message> arrived)
    {
        logger.VersionRejected(row.Id, row.Version, options.Version);
        var deferred = arrived.FindAll(m => m.Origin == Origin.Activity);
        slot.Held.AddRange(arrived.Where(m => m.Origin != Origin.Activity));
        return deferred.Count == 0 ? null : new TurnCommit(row, slot.Turns, _clock.GetUtcNow().UtcDateTime) { Deferred = deferred, Status = row.Status };
    }

    private OrchestrationExecution NewExecution(InstanceRow row, Action strayed, int? sought = null)
    {
        try
        {
            return new OrchestrationExecution(row.Id, tasks.FindOrchestrator(row.Name)?.Invoke(services), _kernel, loggers, strayed, sought)
            {
                IsTraced = row.Trace is not null,
            };
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
        if (turns.Count > 0 && !options.KeepsHistories)
        {
            throw new InvalidOperationException($"'{row.Id}' has left memory, and this engine keeps no histories.");
        }

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
            EndsChildren = ending.Recursive,
            Began = Began(slot, row),
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

        var began = Began(slot, row);
        if (slot.Execution is { HasNext: true } && turn.Decisions.Count > 0 && turn.Decisions[^1] is ExecutionFailed)
        {
            logger.NextRunDropped(row.Id);
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
            Answered = turn.Answered,
            Began = began,
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
                _ => sorted.Suspended ? DurableJson.Write(sorted.Reason) : null,
            },
            Failure = (end as ExecutionFailed)?.Failure,
        };
    }

    // One that is not in memory is ended without reading what it did: its creation is near enough.
    private static DateTime Began(InstanceSlot slot, InstanceRow row) =>
        slot.Execution is { Started: true } execution ? execution.Began : DateTimeOffset.FromUnixTimeMilliseconds(row.Created).UtcDateTime;

    /// <summary>Fails the instance: its code does not fit its history, so nothing else it says counts.</summary>
    private static Turn Unplayable(UnplayableException e, DateTime now) =>
        new(
            [
                new ExecutionFailed(now, -1, TaskFailure.FromException(e) with
                {
                    ErrorType = e is VersionMismatchException ? "VersionMismatch" : e.GetType().FullName!,
                    StackTrace = null,
                    IsNonRetriable = true,
                }),
            ],
            FrozenSet<int>.Empty,
            null);

    /// <summary>An instance's time never goes back, and is never before a timer that woke it, whatever the clock does.</summary>
    private DateTime Now(InstanceSlot slot, List<HistoryEvent> events)
    {
        var now = _clock.GetUtcNow().UtcDateTime;
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
            var work = new LinkedList<Message>();
            foreach (var message in arrived)
            {
                if (message.Event is ExecutionSuspended or ExecutionResumed)
                {
                    // Before all that arrived with it: nothing is decided any more once somebody has said stop.
                    Switch(message);
                }
                else if (message.Execution is not { } execution || execution == row.Execution)
                {
                    work.AddLast(message);
                }
            }

            if (Taken.Count > 0)
            {
                Release();
            }

            while (work.First is { } first)
            {
                work.RemoveFirst();
                Sort(first.Value);
            }

            void Switch(Message message)
            {
                Taken.Add(message);
                if (Suspended == message.Event is ExecutionResumed)
                {
                    Events.Add(message.Event);
                    Suspended = !Suspended;
                    Reason = (message.Event as ExecutionSuspended)?.Reason;
                }
            }

            void Sort(Message message)
            {
                switch (message.Event)
                {
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

        /// <summary>Why it is suspended, if it became so now.</summary>
        public string? Reason { get; private set; }

        public bool Begun { get; private set; }
    }
}
