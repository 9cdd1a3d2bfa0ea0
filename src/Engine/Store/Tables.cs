using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Tracing;

namespace Sluice.Engine.Store;

/// <summary>The statements that change the file. Used by the writer's thread alone, inside its transaction.</summary>
internal sealed class Tables : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<Statement> _statements = [];
    private readonly Statement _find;
    private readonly Statement _load;
    private readonly Statement _insertInstance;
    private readonly Statement _setState;
    private readonly Statement _setEnd;
    private readonly Statement _setStatus;
    private readonly Statement _touch;
    private readonly Statement _nextRun;
    private readonly Statement _insertTurn;
    private readonly Statement _deleteHistory;
    private readonly Statement _insertMessage;
    private readonly Statement _deleteMessage;
    private readonly Statement _deleteMessages;
    private readonly Statement _insertActivity;
    private readonly Statement _deleteActivity;
    private readonly Statement _deleteActivities;
    private readonly Statement _insertTimer;
    private readonly Statement _deleteTimer;
    private readonly Statement _deleteTimers;
    private readonly Statement _deleteInstance;
    private readonly Statement _insertTag;
    private readonly Statement _deleteTag;
    private readonly Statement _tagsOf;
    private readonly Statement _statusOf;
    private readonly Statement _parentOf;
    private readonly Statement _endedChildren;
    private readonly Statement _openChildren;
    private readonly bool _compresses;
    private long _firstMessage;
    private long _lastMessage;

    /// <param name="connection">Open.</param>
    /// <param name="compresses">Whether large texts are compressed: not worth its time in memory.</param>
    public Tables(SqliteConnection connection, bool compresses)
    {
        _connection = connection;
        _compresses = compresses;
        _find = Prepare("SELECT key, status, execution, parent_id FROM instances WHERE id = ?1");
        _load = Prepare($"SELECT {InstanceRow.Columns} FROM instances WHERE key = ?1");
        _insertInstance = Prepare(
            """
            INSERT INTO instances (id, name, version, status, execution, created, updated, input, tags, parent_key, parent_task, parent_name, parent_id, trace)
            VALUES (?1, ?2, ?3, 6, 0, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING key
            """);
        const string State = "UPDATE instances SET status = ?3, updated = ?4, output = ?5, failure = ?6, custom_status = CASE WHEN ?7 THEN ?8 ELSE custom_status END";
        _setState = Prepare($"{State} WHERE key = ?1 AND execution = ?2");
        _setEnd = Prepare($"{State}, ended = ?3 WHERE key = ?1 AND execution = ?2");
        _setStatus = Prepare("UPDATE instances SET status = ?2, ended = NULL, updated = ?3, output = NULL, failure = NULL WHERE key = ?1");
        _touch = Prepare("SELECT 1 FROM instances WHERE key = ?1 AND execution = ?2");
        _nextRun = Prepare("UPDATE instances SET execution = execution + 1, input = ?2, version = coalesce(?3, version) WHERE key = ?1");
        _insertTurn = Prepare("INSERT INTO history (position, events) VALUES (?1, ?2)");
        _deleteHistory = Prepare("DELETE FROM history WHERE position BETWEEN ?1 AND ?2");
        _insertMessage = Prepare("INSERT INTO inbox (number, instance, event) VALUES (?1, ?2, ?3)");
        _deleteMessage = Prepare("DELETE FROM inbox WHERE number = ?1");
        _deleteMessages = Prepare("DELETE FROM inbox WHERE instance = ?1");
        _insertActivity = Prepare("INSERT OR REPLACE INTO activities (instance, task, name, input) VALUES (?1, ?2, ?3, ?4)");
        _deleteActivity = Prepare("DELETE FROM activities WHERE instance = ?1 AND task = ?2");
        _deleteActivities = Prepare("DELETE FROM activities WHERE instance = ?1");
        _insertTimer = Prepare("INSERT OR REPLACE INTO timers (instance, task, due) VALUES (?1, ?2, ?3)");
        _deleteTimer = Prepare("DELETE FROM timers WHERE instance = ?1 AND task = ?2");
        _deleteTimers = Prepare("DELETE FROM timers WHERE instance = ?1");
        _deleteInstance = Prepare("DELETE FROM instances WHERE key = ?1");
        _insertTag = Prepare("INSERT INTO tags (tag, value, created, instance) VALUES (?1, ?2, ?3, ?4)");
        _deleteTag = Prepare("DELETE FROM tags WHERE tag = ?1 AND value = ?2 AND created = ?3 AND instance = ?4");
        _tagsOf = Prepare("SELECT tags, created FROM instances WHERE key = ?1 AND tags IS NOT NULL");
        _statusOf = Prepare("SELECT status FROM instances WHERE key = ?1");
        _parentOf = Prepare("SELECT parent_key FROM instances WHERE key = ?1");
        _openChildren = Prepare("SELECT key FROM instances WHERE parent_key = ?1 AND status NOT IN (1, 3, 4, 5)");
        _endedChildren = Prepare("SELECT key FROM instances WHERE parent_key = ?1 AND status IN (1, 3, 4, 5)");
        _firstMessage = Math.Min(0, Number("SELECT min(number) FROM inbox"));
        _lastMessage = Math.Max(0, Number("SELECT max(number) FROM inbox"));
    }

    /// <summary>The first position of an instance in <c>history</c>; its turns follow.</summary>
    public static long Position(long instance, int turn) => (instance << 24) | (uint)turn;

    /// <summary>The key, status and run of an id.</summary>
    public (long Key, RuntimeStatus Status, int Execution, string? ParentId)? Find(string id)
    {
        var rows = _find.Read(r => (r.GetInt64(0), (RuntimeStatus)r.GetInt32(1), r.GetInt32(2), r.Text(3)), id);
        return rows.Count == 0 ? null : rows[0];
    }

    /// <summary>The row of a key.</summary>
    public InstanceRow? Load(long key)
    {
        var rows = _load.Read(InstanceRow.Read, key);
        return rows.Count == 0 ? null : rows[0];
    }

    /// <summary>Adds an instance and its start.</summary>
    public long Insert(string id, string name, string version, string? input, string? tags, ParentLink? parent, string? trace, long now, long startAt, Effects effects)
    {
        var key = _insertInstance.Number(id, name, version, now, Pack(input), tags, parent?.Key, parent?.Task, parent?.Name, parent?.Id, trace)!.Value;
        if (tags is not null)
        {
            foreach (var (tag, word) in HistoryJson.ReadTags(tags))
            {
                _insertTag.Execute(tag, word, now, key);
            }
        }

        if (startAt <= now)
        {
            effects.Begun.Add(new InstanceRow(key, id, name, version, RuntimeStatus.Pending, 0, now, now) { Input = input, Tags = tags, Parent = parent, Trace = trace });
        }

        SetTimer(new TimerItem(key, 0, StartTask, startAt), effects);
        effects.Touched.Add((id, RuntimeStatus.Pending));
        return key;
    }

    /// <summary>The number of the timer that starts a run.</summary>
    public const int StartTask = -1;

    /// <summary>Puts an event into an inbox.</summary>
    public Message Send(long instance, HistoryEvent historyEvent, Effects effects)
    {
        var message = new Message(historyEvent, Origin.Inbox, ++_lastMessage);
        _insertMessage.Execute(message.Number, instance, Pack(HistoryJson.Write(historyEvent)));
        effects.Messages.Add((instance, message));
        return message;
    }

    /// <summary>Removes an instance with everything that belongs to it.</summary>
    public void Delete(long key)
    {
        DeleteWork(key);
        DeleteHistory(key);
        foreach (var (tags, created) in _tagsOf.Read(r => (HistoryJson.ReadTags(r.Text(0)), r.GetInt64(1)), key))
        {
            foreach (var (tag, word) in tags)
            {
                _deleteTag.Execute(tag, word, created, key);
            }
        }

        _deleteInstance.Execute(key);
    }

    /// <summary>Removes an instance so that another may have its id. A parent that waits for it hears that it was terminated.</summary>
    public void Replace(long key, DateTime now, Effects effects)
    {
        if (Load(key) is { } row && !InstanceRow.IsTerminal(row.Status))
        {
            Report(row, RuntimeStatus.Terminated, output: null, failure: null, now, effects);
        }

        Delete(key);
    }

    /// <summary>Removes an instance if it has ended.</summary>
    /// <param name="key">Which.</param>
    /// <param name="recursive">Also its children that have ended, and theirs.</param>
    /// <returns>How many were removed.</returns>
    public int Purge(long key, bool recursive)
    {
        if (_statusOf.Number(key) is not { } status || !InstanceRow.IsTerminal((RuntimeStatus)status))
        {
            return 0;
        }

        var doomed = new List<long> { key };
        for (var i = 0; recursive && i < doomed.Count; i++)
        {
            doomed.AddRange(_endedChildren.Read(r => r.GetInt64(0), doomed[i]));
        }

        doomed.ForEach(Delete);
        return doomed.Count;
    }

    /// <summary>Removes an instance if it and all its ancestors have ended.</summary>
    public bool Retire(long key)
    {
        var ancestor = _parentOf.Number(key);
        while (ancestor is { } parent && _statusOf.Number(parent) is { } status)
        {
            if (!InstanceRow.IsTerminal((RuntimeStatus)status))
            {
                return false;
            }

            ancestor = _parentOf.Number(parent);
        }

        return Purge(key, recursive: false) == 1;
    }

    /// <summary>Lets an ended instance take messages again.</summary>
    public void Reopen(long key, long now) => _setStatus.Execute(key, (int)RuntimeStatus.Running, now);

    /// <summary>Writes a turn.</summary>
    public Effects Apply(TurnCommit commit)
    {
        var effects = new Effects();
        var key = commit.Row.Key;
        var now = new DateTimeOffset(commit.Now).ToUnixTimeMilliseconds();
        effects.Applied = commit.Events is null
            ? _touch.Number(key, commit.Row.Execution) is not null
            : (InstanceRow.IsTerminal(commit.Status) ? _setEnd : _setState).Execute(
                key, commit.Row.Execution, (int)commit.Status, now, Pack(commit.Output), Pack(HistoryJson.Write(commit.Failure)),
                commit.CustomStatus is null ? 0 : 1, Pack(commit.CustomStatus?.Json)) == 1;
        if (!effects.Applied)
        {
            return effects;
        }

        Move(commit, effects);
        if (commit.Rewritten is not null)
        {
            DeleteHistory(key);
            _insertTurn.Execute(Position(key, 0), Pack(HistoryJson.Write(commit.Rewritten)));
        }

        if (commit.Events is not null)
        {
            _insertTurn.Execute(Position(key, commit.TurnNumber), commit.StoredEvents ?? Pack(HistoryJson.Write(commit.Events)));
            effects.Touched.Add((commit.Row.Id, commit.Status));
        }

        foreach (var decision in commit.Decisions)
        {
            Carry(commit, decision, now, effects);
        }

        foreach (var decision in commit.Reopened)
        {
            Reopen(commit, decision, now, effects);
        }

        foreach (var timer in commit.CancelledTimers)
        {
            _deleteTimer.Execute(key, timer);
        }

        if (InstanceRow.IsTerminal(commit.Status) && commit.Events is not null)
        {
            DeleteWork(key);
            Report(commit.Row, commit.Status, commit.Output, commit.Failure, commit.Now, effects);
            if (commit.EndsChildren)
            {
                EndChildren(commit, effects);
            }
        }

        return effects;
    }

    public void Dispose()
    {
        foreach (var statement in _statements)
        {
            statement.Dispose();
        }
    }

    private Statement Prepare(string sql)
    {
        var statement = new Statement(_connection, sql);
        _statements.Add(statement);
        return statement;
    }

    private long Number(string sql)
    {
        using var statement = new Statement(_connection, sql);
        return statement.Number() ?? 0;
    }

    private void Move(TurnCommit commit, Effects effects)
    {
        foreach (var message in commit.Consumed)
        {
            Remove(commit.Row.Key, message);
        }

        foreach (var message in commit.Deferred)
        {
            Remove(commit.Row.Key, message);
            var stored = message with { Origin = Origin.Inbox, Number = ++_lastMessage };
            _insertMessage.Execute(stored.Number, commit.Row.Key, Pack(HistoryJson.Write(stored.Event)));
            effects.Deferred.Add(stored);
        }
    }

    private void Remove(long key, Message message)
    {
        switch (message.Origin)
        {
            case Origin.Inbox:
                _deleteMessage.Execute(message.Number);
                break;
            case Origin.Activity:
                _deleteActivity.Execute(key, message.Number);
                break;
            case Origin.Timer:
                _deleteTimer.Execute(key, message.Number);
                break;
            default:
                break;
        }
    }

    private void Carry(TurnCommit commit, Decision decision, long now, Effects effects)
    {
        var row = commit.Row;
        switch (decision)
        {
            case TaskScheduled d:
                _insertActivity.Execute(row.Key, d.EventId, d.Name, Pack(d.Input));
                effects.Activities.Add(new ActivityItem(row.Key, row.Id, row.Execution, d.EventId, d.Name, d.Input) { Trace = row.Trace, Version = row.Version });
                break;
            case TimerCreated d when !commit.CancelledTimers.Contains(d.EventId):
                SetTimer(new TimerItem(row.Key, row.Execution, d.EventId, Due(d.FireAt)), effects);
                break;
            case SubOrchestrationInstanceCreated d:
                StartChild(commit, d, now, effects);
                break;
            case EventSent d:
                if (Find(d.InstanceId) is { } target && !InstanceRow.IsTerminal(target.Status))
                {
                    Send(target.Key, new EventRaised(commit.Now, d.Name, d.Input), effects);
                }

                break;
            case ContinuedAsNew d:
                DeleteHistory(row.Key);
                DeleteTimers(row.Key);
                _nextRun.Execute(row.Key, Pack(d.Input), d.Version);
                SetTimer(new TimerItem(row.Key, row.Execution + 1, StartTask, now), effects);
                Carry(row.Key, d.Carried, effects);
                break;
            default:
                break;
        }
    }

    /// <summary>Events a run leaves to the next one come before all that arrived since: their numbers go down from zero.</summary>
    private void Carry(long key, IReadOnlyList<EventRaised> events, Effects effects)
    {
        _firstMessage -= events.Count;
        for (var i = 0; i < events.Count; i++)
        {
            var message = new Message(events[i], Origin.Inbox, _firstMessage + i);
            _insertMessage.Execute(message.Number, key, Pack(HistoryJson.Write(message.Event)));
            effects.Carried.Add(message);
        }
    }

    private void StartChild(TurnCommit commit, SubOrchestrationInstanceCreated d, long now, Effects effects)
    {
        var row = commit.Row;
        if (Find(d.InstanceId) is { } taken)
        {
            // A retry, or a new run of the same parent, may use its child's id again; nobody else's.
            if (!InstanceRow.IsTerminal(taken.Status) || taken.ParentId != row.Id)
            {
                var refusal = new InstanceExistsException(d.InstanceId, taken.Status);
                var failure = TaskFailure.FromException(refusal) with { ErrorMessage = $"InstanceExists: {refusal.Message}" };
                Send(row.Key, new SubOrchestrationInstanceFailed(commit.Now, d.EventId, failure), effects);
                return;
            }

            Delete(taken.Key);
        }

        var parent = new ParentLink(row.Key, d.EventId, row.Name, row.Id);
        Insert(d.InstanceId, d.Name, d.Version, d.Input, tags: null, parent, TraceIds.Child(row, d.EventId), now, now, effects);
    }

    /// <summary>Sets going again what a rewound history waits for.</summary>
    private void Reopen(TurnCommit commit, Decision decision, long now, Effects effects)
    {
        if (decision is not SubOrchestrationInstanceCreated d)
        {
            Carry(commit, decision, now, effects);
            return;
        }

        var child = Find(d.InstanceId) is { } found && found.ParentId == commit.Row.Id ? Load(found.Key) : null;
        switch (child?.Status)
        {
            case RuntimeStatus.Completed:
                Send(commit.Row.Key, new SubOrchestrationInstanceCompleted(commit.Now, d.EventId, child.Output), effects);
                break;
            case RuntimeStatus.Failed:
                Reopen(child.Key, now);
                Send(child.Key, new ExecutionRewound(commit.Now, "rewound with its parent"), effects);
                effects.Touched.Add((child.Id, null));
                break;
            case null or RuntimeStatus.Terminated or RuntimeStatus.Canceled:
                StartChild(commit, d, now, effects);
                break;
            default:
                break;
        }
    }

    /// <summary>Tells the parent how its child ended.</summary>
    private void Report(InstanceRow child, RuntimeStatus status, string? output, TaskFailure? failure, DateTime now, Effects effects)
    {
        if (child.Parent is not { } parent || Load(parent.Key) is not { } row || InstanceRow.IsTerminal(row.Status))
        {
            return;
        }

        Send(
            parent.Key,
            status switch
            {
                RuntimeStatus.Completed => new SubOrchestrationInstanceCompleted(now, parent.Task, output),
                RuntimeStatus.Failed => new SubOrchestrationInstanceFailed(now, parent.Task, failure!),
                _ => new SubOrchestrationInstanceFailed(now, parent.Task, new TaskFailure("Terminated", $"Terminated: Instance '{child.Id}' was terminated.")),
            },
            effects);
    }

    private void EndChildren(TurnCommit commit, Effects effects)
    {
        foreach (var child in _openChildren.Read(r => r.GetInt64(0), commit.Row.Key))
        {
            Send(child, new ExecutionTerminated(commit.Now, commit.Output, Recursive: true), effects);
        }
    }

    private Value Pack(string? text) => _compresses ? Payload.Pack(text) : text;

    private void SetTimer(TimerItem timer, Effects effects)
    {
        _insertTimer.Execute(timer.Instance, timer.Task, timer.Due);
        effects.Timers.Add(timer);
    }

    private void DeleteWork(long key)
    {
        _deleteMessages.Execute(key);
        _deleteActivities.Execute(key);
        DeleteTimers(key);
    }

    private void DeleteTimers(long key) => _deleteTimers.Execute(key);

    private void DeleteHistory(long key) => _deleteHistory.Execute(Position(key, 0), Position(key + 1, 0) - 1);

    /// <summary>Rounded up: a timer never fires before its moment.</summary>
    private static long Due(DateTime fireAt) => (fireAt.Ticks - DateTime.UnixEpoch.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
}
