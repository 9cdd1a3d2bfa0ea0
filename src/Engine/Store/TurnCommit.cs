using System.Collections.Frozen;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Kernel;

namespace Sluice.Engine.Store;

/// <summary>Everything one turn changes; written in one transaction, or not at all.</summary>
internal sealed record TurnCommit(InstanceRow Row, int TurnNumber, DateTime Now)
{
    /// <summary>The turn's events; null when it only moves messages.</summary>
    public List<HistoryEvent>? Events { get; init; }

    /// <summary>Takes the place of the whole history, after a rewind.</summary>
    public List<HistoryEvent>? Rewritten { get; init; }

    /// <summary>Messages that are in <see cref="Events"/> or dropped.</summary>
    public IReadOnlyList<Message> Consumed { get; init; } = [];

    /// <summary>Activity results that must wait, and so need a place.</summary>
    public IReadOnlyList<Message> Deferred { get; init; } = [];

    public RuntimeStatus Status { get; init; }

    public IReadOnlyList<Decision> Decisions { get; init; } = [];

    public IReadOnlySet<int> CancelledTimers { get; init; } = FrozenSet<int>.Empty;

    public CustomStatus? CustomStatus { get; init; }

    public string? Output { get; init; }

    public TaskFailure? Failure { get; init; }

    /// <summary>Whether its open children end with the instance.</summary>
    public bool EndsChildren { get; init; }

    /// <summary>What a rewind lets run again.</summary>
    public IReadOnlyList<Decision> Reopened { get; init; } = [];

    /// <summary>What was answered, of an instance that is traced.</summary>
    public IReadOnlyList<AnsweredCall> Answered { get; init; } = [];

    /// <summary>When the run began.</summary>
    public DateTime Began { get; init; }

    /// <summary><see cref="Events"/> as they are stored; written by whoever makes the turn, so that the one writer need not.</summary>
    public Value? StoredEvents { get; init; }

    /// <summary>Whether this starts the next run.</summary>
    public ContinuedAsNew? Next => Decisions.Count > 0 ? Decisions[^1] as ContinuedAsNew : null;
}

/// <summary>What a commit sets going, once it is durable.</summary>
internal sealed class Effects
{
    /// <summary>False when the instance is gone: nothing was written.</summary>
    public bool Applied { get; set; }

    public List<ActivityItem> Activities { get; } = [];

    public List<TimerItem> Timers { get; } = [];

    public List<(long Instance, Message Message)> Messages { get; } = [];

    /// <summary>What a run leaves to its next one: before everything else.</summary>
    public List<Message> Carried { get; } = [];

    /// <summary>The deferred messages at their new place.</summary>
    public List<Message> Deferred { get; } = [];

    /// <summary>Instances that begin at once: their first turn need not read them.</summary>
    public List<InstanceRow> Begun { get; } = [];

    /// <summary>Instances whose status may have changed; null where it has to be looked at.</summary>
    public List<(string Id, RuntimeStatus? Status)> Touched { get; } = [];
}
