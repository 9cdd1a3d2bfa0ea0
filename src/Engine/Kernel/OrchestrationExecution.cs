using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.History;

namespace Sluice.Engine.Kernel;

/// <summary>What one turn brought about.</summary>
/// <param name="Decisions">New decisions, in order; the last one may end the run.</param>
/// <param name="CancelledTimers">Timers that are no longer wanted.</param>
/// <param name="CustomStatus">The custom status, if the code set it in this turn.</param>
internal sealed record Turn(IReadOnlyList<Decision> Decisions, IReadOnlySet<int> CancelledTimers, CustomStatus? CustomStatus)
{
    /// <summary>What was answered in it, of a run that is traced.</summary>
    public IReadOnlyList<AnsweredCall> Answered { get; init; } = [];
}

/// <summary>A custom status that was set, to null perhaps.</summary>
internal sealed record CustomStatus(string? Json);

/// <summary>
/// One run of an orchestrator in memory. Pure: history and new events go in, decisions come out; no I/O, no clock. Kept between
/// turns it takes only the new events; made anew it takes its history first.
/// </summary>
/// <param name="instanceId">The instance.</param>
/// <param name="orchestrator">Its code; null when the host does not have it.</param>
/// <param name="options">What the host sets.</param>
/// <param name="loggers">For replay-safe loggers.</param>
/// <param name="strayed">Called from a foreign thread when the code is found to have left its own: run a turn to end it.</param>
/// <param name="sought">The number of a call whose place in the code is wanted; null for none.</param>
internal sealed class OrchestrationExecution(
    string instanceId, IOrchestrator? orchestrator, KernelOptions options, ILoggerFactory loggers, Action strayed, int? sought = null)
{
    private readonly TurnScheduler _scheduler = new(strayed);
    private readonly Dictionary<int, IOpenTask> _open = [];
    private readonly Queue<Decision> _decisions = [];
    private readonly HashSet<int> _cancelledTimers = [];
    private readonly List<Answer> _quietFailures = [];
    private readonly List<EventRaised> _late = [];
    private readonly List<AnsweredCall> _answered = [];
    private Task<object?>? _code;
    private string _name = "";
    private int _nextId;
    private CustomStatus? _customStatus;
    private (string? Input, bool Preserve, string? Version)? _next;
    private Decision? _pastEnd;
    private string? _soughtPlace;

    public string InstanceId => instanceId;

    public KernelOptions Options => options;

    /// <summary>Whether turns say what was answered in them.</summary>
    public bool IsTraced { get; init; }

    /// <summary>When the run began.</summary>
    public DateTime Began { get; private set; }

    /// <summary>The time of the turn.</summary>
    public DateTime Now { get; private set; }

    public bool IsReplaying { get; private set; }

    /// <summary>Whether the run has begun.</summary>
    public bool Started => _code is not null;

    /// <summary>Numbers of the decisions without an answer.</summary>
    public IReadOnlyCollection<int> OpenTasks => _open.Keys;

    /// <summary>Whether the code has asked for a next run.</summary>
    public bool HasNext => _next is not null;

    /// <summary>Failures that the code decided nothing upon when it heard of them: those it may have ended by.</summary>
    public IReadOnlyList<Answer> QuietFailures => _quietFailures;

    /// <summary>Events and their waiters.</summary>
    public ExternalEvents Events { get; } = new();

    /// <summary>Repeats what happened. The last turn may be unfinished.</summary>
    /// <exception cref="UnplayableException">The code does something else now, left its thread, or is not there.</exception>
    public void Replay(IEnumerable<HistoryEvent> history)
    {
        IsReplaying = true;
        foreach (var historyEvent in history)
        {
            Process(historyEvent);
        }

        _cancelledTimers.Clear();
        _customStatus = null;
        IsReplaying = false;
    }

    /// <summary>Takes what is new.</summary>
    /// <param name="events">In order of arrival.</param>
    /// <param name="now">The time of this turn, UTC; never earlier than the last one's.</param>
    /// <exception cref="UnplayableException">The code left its thread, or is not there.</exception>
    public Turn Run(IEnumerable<HistoryEvent> events, DateTime now)
    {
        Now = now;
        foreach (var historyEvent in events)
        {
            Process(historyEvent);
        }

        EnsureNotStrayed();
        if (End() is { } end)
        {
            _decisions.Enqueue(end);
        }

        var turn = new Turn([.. _decisions], _cancelledTimers.Count == 0 ? FrozenSet<int>.Empty : _cancelledTimers.ToHashSet(), _customStatus)
        {
            Answered = _answered.Count == 0 ? [] : [.. _answered],
        };
        _answered.Clear();
        _decisions.Clear();
        _cancelledTimers.Clear();
        _customStatus = null;
        return turn;
    }

    /// <summary>Refuses a use of the context from anywhere but the turn.</summary>
    public void EnsureOnTurn()
    {
        if (!_scheduler.IsOnTurn)
        {
            _scheduler.Stray();
            throw new ForeignAwaitException(_name);
        }
    }

    /// <summary>Decides something that will be answered.</summary>
    public Task<T> Open<T>(string name, Func<int, Decision> decide)
    {
        EnsureOnTurn();
        var decision = Decide(decide);
        var task = new OpenTask<T>(name, decision.EventId) { Call = IsTraced ? WithoutInput(decision) : null };
        _open.Add(decision.EventId, task);
        return task.Task;
    }

    /// <summary>Sets a timer; cancelling it closes the open task at once.</summary>
    public Task OpenTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        var decision = Decide(id => new TimerCreated(Now, id, fireAt));
        var id = decision.EventId;
        var timer = new OpenTask<Unit>("timer", id) { Call = IsTraced ? decision : null };
        _open.Add(id, timer);
        if (cancellationToken.CanBeCanceled)
        {
            timer.Registration = cancellationToken.Register(() =>
            {
                EnsureOnTurn();
                if (_open.Remove(id))
                {
                    _cancelledTimers.Add(id);
                    timer.TrySetCanceled(cancellationToken);
                }
            });
        }

        return timer.Task;
    }

    /// <summary>Takes the next number for a decision.</summary>
    /// <exception cref="InvalidOperationException">The run has made as many as it may.</exception>
    public Decision Decide(Func<int, Decision> decide)
    {
        if (_nextId >= options.MaxOrchestrationActions)
        {
            throw new InvalidOperationException(
                $"TooManyActions: Maximum amount of orchestration actions ({options.MaxOrchestrationActions}) has been reached. "
                + "Continue as new before, or spread the work over children; the limit is MaxOrchestrationActions of the engine's options.");
        }

        var decision = decide(_nextId++);
        _decisions.Enqueue(decision);
        if (decision.EventId == sought)
        {
            _soughtPlace = CallSite.Find();
        }

        return decision;
    }

    public void SetCustomStatus(string? json) => _customStatus = new CustomStatus(json);

    public void ContinueAsNew(string? input, bool preserve, string? version) => _next = (input, preserve, version);

    private void Process(HistoryEvent historyEvent)
    {
        switch (historyEvent)
        {
            case OrchestratorStarted turn:
                Now = turn.Timestamp;
                break;
            case OrchestratorCompleted:
                CheckPastTurn();
                break;
            case ExecutionStarted started when _code is null:
                Start(started);
                break;
            case Decision decision:
                Match(decision);
                break;
            case Answer answer:
                // No open task: a cancelled timer came due after all, or the answer came twice.
                if (_open.Remove(answer.TaskId, out var task))
                {
                    if (!IsReplaying && task.Call is { } call)
                    {
                        _answered.Add(new AnsweredCall(call, answer));
                    }

                    var decided = _nextId;
                    _scheduler.Run(() => task.Answer(answer));
                    if (decided == _nextId && answer is TaskFailed or SubOrchestrationInstanceFailed)
                    {
                        _quietFailures.Add(answer);
                    }
                }

                break;
            case EventRaised raised when _next is not null:
                _late.Add(raised);
                break;
            case EventRaised raised:
                _scheduler.Run(() => Events.Raise(raised));
                break;
            default:
                break;
        }
    }

    private void Start(ExecutionStarted started)
    {
        _name = started.Name;
        Began = started.Timestamp;
        if (orchestrator is null)
        {
            throw new MissingOrchestratorException(started.Name);
        }

        // The input is the code's alone: it may let go of it.
        var context = new ReplayContext(this, started with { Input = null }, loggers);
        _scheduler.Run(() =>
        {
            try
            {
                _code = orchestrator.RunAsync(context, ReadInput(started));
            }
            catch (Exception e)
            {
                _code = Task.FromException<object?>(e);
            }
        });

        if (!_code!.IsCompleted)
        {
            // Ends on another thread: the scheduler refuses it and reports.
            _ = _code.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, _scheduler);
        }
    }

    // What is open may be so for days; its input is in the history.
    private static Decision WithoutInput(Decision decision) => decision switch
    {
        TaskScheduled d => d with { Input = null },
        SubOrchestrationInstanceCreated d => d with { Input = null },
        _ => decision,
    };

    private object? ReadInput(ExecutionStarted started)
    {
        try
        {
            return DurableJson.Read(started.Input, orchestrator!.InputType);
        }
        catch (Exception e)
        {
            throw new JsonException($"InputUnreadable: The input of '{started.Name}' is not a {orchestrator!.InputType.Name}: {e.Message}", e);
        }
    }

    /// <summary>A decision in the history must be the one the code made under the same number.</summary>
    private void Match(Decision expected)
    {
        if (expected is ExecutionCompleted or ExecutionFailed or ContinuedAsNew)
        {
            _pastEnd = expected;
            return;
        }

        _decisions.TryDequeue(out var actual);
        if (DecisionDifference.Find(expected, actual) is { } difference)
        {
            EnsureNotStrayed();
            throw Differs(difference, actual);
        }
    }

    /// <summary>Everything the code decided in a past turn stands in its history, and it ended there if its history did.</summary>
    private void CheckPastTurn()
    {
        if (_pastEnd is ExecutionFailed { EventId: < 0 })
        {
            // The engine ended it, whatever the code did.
            return;
        }

        EnsureNotStrayed();
        var extra = _decisions.Count > 0 ? _decisions.Peek() : End();
        if (!(extra is null && _pastEnd is null) && DecisionDifference.Find(_pastEnd, extra) is { } difference)
        {
            throw Differs(difference, extra);
        }
    }

    private NonDeterministicOrchestrationException Differs(DecisionDifference difference, Decision? actual)
    {
        var call = actual switch
        {
            null when _nextId > 0 => _nextId - 1,
            null or ExecutionCompleted or ExecutionFailed or ContinuedAsNew => (int?)null,
            _ => actual.EventId,
        };
        var place = _soughtPlace is null ? null : actual is null ? $" (its last call was at {_soughtPlace})" : $" at {_soughtPlace}";
        return new NonDeterministicOrchestrationException(_name, difference, call, place);
    }

    private void EnsureNotStrayed()
    {
        var hangs = _code is { IsCompleted: false } && _open.Count == 0 && Events.Waiting == 0;
        if (_scheduler.HasStrayed || hangs)
        {
            throw new ForeignAwaitException(_name);
        }
    }

    /// <summary>The decision that ends the run, once the code is done and no task is open.</summary>
    private Decision? End()
    {
        if (_code is not { IsCompleted: true } || _open.Count > 0)
        {
            return null;
        }

        if (!_code.IsCompletedSuccessfully)
        {
            return new ExecutionFailed(Now, _nextId, Failure(_code));
        }

        if (_next is { } next)
        {
            return new ContinuedAsNew(Now, _nextId, next.Input, next.Preserve ? [.. Events.Early, .. _late] : [.. _late], next.Version);
        }

        try
        {
            return new ExecutionCompleted(Now, _nextId, DurableJson.Write(_code.Result));
        }
        catch (Exception e)
        {
            return new ExecutionFailed(Now, _nextId, TaskFailure.FromException(e));
        }
    }

    private static TaskFailure Failure(Task code)
    {
        var exception = code.IsCanceled ? new TaskCanceledException(code) : code.Exception!.InnerException!;
        return TaskFailure.FromException(exception);
    }
}
