using Sluice.Domain.Approvals;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Rollouts;

/// <summary>
/// What people say to a rollout while it works. Commands are rows with numbers; the one event only wakes. Exactly one waiter lives at
/// any time, without a time-out and never cancelled: a dead one would swallow an event (Durable Functions keeps waiters on a stack).
/// </summary>
internal sealed class Inbox(DurableContext context, RolloutInput input, Journal journal)
{
    private readonly List<Command> _commands = [];
    private readonly List<ReportedCondition> _conditions = [];
    private readonly List<Task> _outstanding = [];
    private Task<string> _wake = context.WaitForExternalEvent<string>(Waker.EventName);
    private Task<CommandBatch>? _reading;
    private bool _unread = true;
    private bool _closed;
    private long _after;

    /// <summary>Who asked that the rollout stays where it is before its next step; null when nobody did.</summary>
    public Command? PauseAsked { get; private set; }

    /// <summary>What was reported about the release, the last report of each name.</summary>
    public IReadOnlyList<ReportedCondition> Conditions => _conditions;

    /// <summary>Whether the way is back: no decision can change it, and no write begins or is repeated.</summary>
    public bool IsClosed => _closed;

    /// <summary>Work that a decision overtook and that still runs.</summary>
    public IEnumerable<Task> Outstanding => _outstanding.Where(t => !t.IsCompleted);

    /// <summary>Waits for the work, or for a decision to go back, which comes at once even when the work hangs. What else is said stays for the next that listens.</summary>
    /// <exception cref="GoBackException">A person decided to go back; the work stays <see cref="Outstanding"/>.</exception>
    public async Task<T> UntilAsync<T>(Task<T> work)
    {
        await NextAsync(work, takes: null, orWoken: false);
        return await work;
    }

    /// <summary>As <see cref="UntilAsync{T}"/>, whether the work ends well or not.</summary>
    public Task EndOfAsync(Task work) => NextAsync(work, takes: null, orWoken: false);

    /// <summary>Waits for the work, for a command that <paramref name="takes"/> wants, or for a decision to go back.</summary>
    /// <returns>The command, with the work still running; null when the work has ended, well or not.</returns>
    /// <exception cref="GoBackException">A person decided to go back; the work stays <see cref="Outstanding"/>.</exception>
    public Task<Command?> UntilAsync(Task work, Func<Command, bool> takes) => NextAsync(work, takes, orWoken: false);

    /// <summary>Waits for a command that <paramref name="takes"/> wants, however long.</summary>
    public async Task<Command> CommandAsync(Func<Command, bool> takes) =>
        await NextAsync(null, takes, orWoken: false) ?? throw new InvalidOperationException("A wait without work ended without a command.");

    /// <summary>Waits for a command that <paramref name="takes"/> wants, until a moment; null then.</summary>
    public Task<Command?> UntilAsync(DateTime until, Func<Command, bool> takes) => TimedAsync(until, takes, orWoken: false);

    /// <summary>Sleeps, except for decisions.</summary>
    public Task SleepAsync(TimeSpan time) => TimedAsync(context.CurrentUtcDateTime + time, takes: null, orWoken: false);

    /// <summary>Sleeps, and ends early when woken for whatever reason.</summary>
    public Task SleepLightlyAsync(TimeSpan time) => TimedAsync(context.CurrentUtcDateTime + time, takes: null, orWoken: true);

    /// <summary>Reads what was said by now: decisions act, the rest gets its default answer.</summary>
    /// <exception cref="GoBackException">A person decided to go back.</exception>
    public Task CheckAsync()
    {
        _unread = true;
        return UntilAsync(Task.CompletedTask, _ => false);
    }

    /// <summary>From now on decisions are only answered.</summary>
    public void Close() => _closed = true;

    /// <summary>Leaves work behind that nobody waits for; it is awaited before the rollout returns.</summary>
    public void Leave(Task work)
    {
        if (!_outstanding.Contains(work))
        {
            _outstanding.Add(work);
        }
    }

    private async Task<Command?> TimedAsync(DateTime until, Func<Command, bool>? takes, bool orWoken)
    {
        using var awake = new CancellationTokenSource();
        var timer = context.CreateTimer(until, awake.Token);
        try
        {
            return await NextAsync(timer, takes, orWoken);
        }
        finally
        {
            _outstanding.Remove(timer);
            awake.Cancel();
        }
    }

    private async Task<Command?> NextAsync(Task? work, Func<Command, bool>? takes, bool orWoken)
    {
        var woken = false;
        while (true)
        {
            woken |= TakeWake();
            await TakeBatchAsync();
            if (Decided() is { } back)
            {
                if (work is not null)
                {
                    Leave(work);
                }

                throw back;
            }

            if (takes is not null && Taken(takes) is { } command)
            {
                return command;
            }

            if (_reading is null && _unread)
            {
                _unread = false;
                _reading = context.CallActivityAsync(
                    ActivityRefs.ReadCommands, new ReadCommandsInput(input.RolloutId, _after), Retries.Standard);
            }

            // Work that ended waits for a read under way: what was said before it ended is heard before it counts.
            var ended = work is { IsCompleted: true } || (woken && orWoken);
            if (ended && _reading is null)
            {
                return null;
            }

            List<Task> awaited = [_wake];
            if (_reading is not null)
            {
                awaited.Add(_reading);
            }

            if (work is { IsCompleted: false })
            {
                awaited.Add(work);
            }

            await Task.WhenAny(awaited);
        }
    }

    // A decision is heard by every wait, before whatever was said earlier.
    private GoBackException? Decided()
    {
        for (var i = 0; i < _commands.Count; i++)
        {
            if (Decision(_commands[i]) is { } back)
            {
                _commands.RemoveAt(i);
                return back;
            }
        }

        return null;
    }

    private Command? Taken(Func<Command, bool> takes)
    {
        while (_commands.Count > 0)
        {
            var command = _commands[0];
            _commands.RemoveAt(0);
            if (takes(command))
            {
                return command;
            }

            Answer(command);
        }

        return null;
    }

    private bool TakeWake()
    {
        if (!_wake.IsCompleted)
        {
            return false;
        }

        _wake = context.WaitForExternalEvent<string>(Waker.EventName);
        _unread = true;
        return true;
    }

    private async Task TakeBatchAsync()
    {
        if (_reading is not { IsCompleted: true } read)
        {
            return;
        }

        _reading = null;
        try
        {
            foreach (var command in (await read).Commands.Where(c => c.Number > _after))
            {
                _after = command.Number;
                _commands.Add(command);
                if (command is { Kind: CommandKind.Report, Item: { } name })
                {
                    Keep(new ReportedCondition(name, command.Passed, command.Actor, command.Reason));
                }
            }
        }
        catch (TaskFailureException failure)
        {
            // The rows stay: the next wake, step or tick reads them.
            journal.Note("commands.unreadable", null, $"The registry did not tell what people said: {failure.Failure.ErrorMessage}");
        }
    }

    private void Keep(ReportedCondition condition)
    {
        _conditions.RemoveAll(c => c.Name == condition.Name);
        _conditions.Add(condition);
        journal.Note(
            "condition.reported", null,
            $"{condition.Name} {(condition.Passed ? "passed" : "failed")}, says {condition.By}" + (condition.Note is null ? "" : $": {condition.Note}"),
            ("condition", condition.Name), ("passed", condition.Passed ? "true" : "false"), ("actor", condition.By));
    }

    private GoBackException? Decision(Command command)
    {
        if (_closed)
        {
            return null;
        }

        var why = command.Reason is null ? "" : $": {command.Reason}";
        return command.Kind switch
        {
            CommandKind.Abort => new GoBackException(Outcome.Aborted, $"aborted by {command.Actor}{why}"),
            CommandKind.Rollback => new GoBackException(Outcome.RolledBack, $"rolled back by {command.Actor}{why}"),
            // Going back is never superseded, and neither is an emergency: the newer one waits the moment it takes.
            CommandKind.Supersede when input is { Kind: RolloutKind.Rollout, Emergency: null } =>
                new GoBackException(Outcome.Superseded, $"superseded{why}"),
            _ => null,
        };
    }

    private void Answer(Command command)
    {
        switch (command.Kind)
        {
            case CommandKind.Pause when !_closed:
                PauseAsked = command;
                return;
            case CommandKind.Resume when PauseAsked is not null:
                PauseAsked = null;
                return;
            case CommandKind.Report:
                return;
            default:
                journal.Note(
                    "command.ignored",
                    null,
                    $"{command.Kind} by {command.Actor} (number {command.Number}) has nothing to act on here.",
                    ("command", command.Kind.ToString()),
                    ("actor", command.Actor));
                return;
        }
    }

    /// <summary>The pause that was asked for has begun.</summary>
    public void PauseBegun() => PauseAsked = null;
}
