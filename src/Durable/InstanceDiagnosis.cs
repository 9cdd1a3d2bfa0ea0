namespace Sluice.Durable;

/// <summary>
/// Why an instance does not move: what is open, since when, and what would wake it. What only the host's runtime knows is null where a
/// host cannot tell.
/// </summary>
/// <param name="InstanceId">Which.</param>
/// <param name="Name">Of its orchestrator.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Since">When it last changed.</param>
/// <param name="At">When this was looked at.</param>
public sealed record InstanceDiagnosis(string InstanceId, string Name, RuntimeStatus Status, DateTimeOffset Since, DateTimeOffset At)
{
    /// <summary>The version it runs under; empty for none.</summary>
    public string Version { get; init; } = "";

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded { get; init; }

    /// <summary>Why it failed; null for one that has not.</summary>
    public string? Failure { get; init; }

    /// <summary>When it is to begin, while it has not; null when that is not known.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>Activities without a result.</summary>
    public IReadOnlyList<OpenActivity> Activities { get; init; } = [];

    /// <summary>Timers that have not fired. From a history alone, one that the code has cancelled cannot be told from one it waits for.</summary>
    public IReadOnlyList<OpenTimer> Timers { get; init; } = [];

    /// <summary>Children without a result.</summary>
    public IReadOnlyList<OpenChild> Children { get; init; } = [];

    /// <summary>Names of the events it waits for.</summary>
    public IReadOnlyList<NamedCount>? Events { get; init; }

    /// <summary>Events that came and that nobody waits for: a name may be misspelt.</summary>
    public IReadOnlyList<NamedCount>? UnclaimedEvents { get; init; }

    /// <summary>What has arrived and no turn has taken yet, oldest first; held back while it is suspended or has not begun.</summary>
    public IReadOnlyList<WaitingMessage>? Inbox { get; init; }

    /// <summary>How many more tasks and messages there are: each list has the first 20.</summary>
    public int NotListed { get; init; }

    /// <summary>The turn that is under way; null when none is.</summary>
    public RunningTurn? Turn { get; init; }

    /// <summary>What the host found wrong, a sentence each that begins with a code.</summary>
    public IReadOnlyList<string> Found { get; init; } = [];

    /// <summary>What it waits for and what would wake it, a sentence each.</summary>
    public IReadOnlyList<string> Reasons => DiagnosisText.Reasons(this);

    /// <summary>What is not as it should be, a sentence each; none for one that waits for good reason.</summary>
    public IReadOnlyList<string> Faults => DiagnosisText.Faults(this);

    /// <summary>What a history says: tasks that were called and not answered. The same on every host.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="history">Of its present run; may be empty for one that has ended.</param>
    /// <param name="now">UTC.</param>
    public static InstanceDiagnosis From(InstanceMetadata instance, IReadOnlyList<HistoryRecord> history, DateTimeOffset now)
    {
        var diagnosis = new InstanceDiagnosis(instance.InstanceId, instance.Name, instance.RuntimeStatus, instance.LastUpdatedAt, now)
        {
            Version = instance.Version,
            HasEnded = instance.IsTerminal,
            Failure = instance.RuntimeStatus == RuntimeStatus.Failed ? instance.Failure?.ErrorMessage ?? instance.SerializedOutput ?? "(no reason)" : null,
        };
        if (instance.IsTerminal)
        {
            return diagnosis;
        }

        var answered = history.Where(e => e.TaskScheduledId is not null).Select(e => e.TaskScheduledId!.Value).ToHashSet();
        var open = history.Where(e => e.EventId >= 0 && !answered.Contains(e.EventId)).ToList();
        return diagnosis with
        {
            Activities = [.. Of("TaskScheduled").Select(e => new OpenActivity(e.EventId, e.Name ?? "", e.Timestamp))],
            Timers = [.. Of("TimerCreated").Select(e => new OpenTimer(e.EventId, e.Timestamp, e.FireAt ?? e.Timestamp))],
            Children = [.. Of("SubOrchestrationInstanceCreated").Select(e => new OpenChild(e.EventId, e.Name ?? "", e.InstanceId ?? "", e.Timestamp))],
        };

        IEnumerable<HistoryRecord> Of(string type) => open.Where(e => e.EventType == type);
    }

    // A fan-out of thousands is told by its first ones.
    internal const int Listed = 20;

    internal InstanceDiagnosis Cut() => this with
    {
        Activities = [.. Activities.Take(Listed)],
        Timers = [.. Timers.Take(Listed)],
        Children = [.. Children.Take(Listed)],
        Inbox = Inbox?.Take(Listed).ToList(),
        NotListed = Rest(Activities.Count) + Rest(Timers.Count) + Rest(Children.Count) + Rest(Inbox?.Count ?? 0),
    };

    private static int Rest(int count) => Math.Max(0, count - Listed);
}

/// <summary>Where a called activity stands.</summary>
public enum ActivityState
{
    /// <summary>Waits for a free place among all activities.</summary>
    Queued,

    /// <summary>Waits because as many of its type run as may.</summary>
    WaitingForItsLimit,

    /// <summary>An attempt is under way.</summary>
    Running,

    /// <summary>It has answered; the instance has not taken the answer yet.</summary>
    Answered,
}

/// <summary>An activity without a result.</summary>
/// <param name="Task">Its number in the history.</param>
/// <param name="Name">Which.</param>
/// <param name="Since">When it was called.</param>
public sealed record OpenActivity(int Task, string Name, DateTimeOffset Since)
{
    /// <summary>Where it stands; null where the host cannot tell.</summary>
    public ActivityState? State { get; init; }

    /// <summary>When the attempt began; null while none runs.</summary>
    public DateTimeOffset? AttemptBegan { get; init; }

    /// <summary>When the attempt is cut off; null for never or not known.</summary>
    public DateTimeOffset? TimesOut { get; init; }
}

/// <summary>A timer that has not fired.</summary>
/// <param name="Task">Its number in the history.</param>
/// <param name="Since">When it was set.</param>
/// <param name="Due">When it fires.</param>
public sealed record OpenTimer(int Task, DateTimeOffset Since, DateTimeOffset Due);

/// <summary>A child without a result.</summary>
/// <param name="Task">Its number in the history.</param>
/// <param name="Name">Of its orchestrator.</param>
/// <param name="InstanceId">Which instance.</param>
/// <param name="Since">When it was called.</param>
public sealed record OpenChild(int Task, string Name, string InstanceId, DateTimeOffset Since)
{
    /// <summary>Where it stands; null when there is no such instance, or it was not looked at.</summary>
    public RuntimeStatus? Status { get; init; }

    /// <summary>What it waits for itself; its own children are only named.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];
}

/// <summary>A name and how often it occurs.</summary>
public sealed record NamedCount(string Name, int Count);

/// <summary>Something that arrived and no turn has taken.</summary>
/// <param name="Type">As in histories: EventRaised, TaskCompleted …</param>
/// <param name="Name">Of an event; null for others.</param>
/// <param name="Since">When it arrived.</param>
public sealed record WaitingMessage(string Type, string? Name, DateTimeOffset Since);

/// <summary>A turn that is being made.</summary>
/// <param name="Since">When what it takes arrived.</param>
/// <param name="Failures">How often it could not be made; it is tried again.</param>
/// <param name="Fault">Why, the last time; null for a first attempt.</param>
/// <param name="NextTry">When it is tried again; null while it is under way.</param>
public sealed record RunningTurn(DateTimeOffset Since, int Failures = 0, string? Fault = null, DateTimeOffset? NextTry = null);
