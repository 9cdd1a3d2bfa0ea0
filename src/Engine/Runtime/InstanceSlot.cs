using Sluice.Engine.Kernel;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>An instance that has something to do, or did lately: its mailbox and, while cached, its execution.</summary>
/// <remarks>The mailbox, the flags and the place in the idle list are guarded by the dispatcher; the rest belongs to the running turn.</remarks>
internal sealed class InstanceSlot(long key)
{
    public long Key { get; } = key;

    /// <summary>What has arrived since the last turn.</summary>
    public List<Message> Mailbox { get; set; } = [];

    /// <summary>Whether a turn is queued, running or being committed.</summary>
    public bool Busy { get; set; }

    /// <summary>Whether the code has left its thread since the last turn.</summary>
    public bool Strayed { get; set; }

    /// <summary>Since when it is busy, as a timestamp of the clock.</summary>
    public long BusySince { get; set; }

    /// <summary>Turns in a row that could not be made.</summary>
    public int Faults { get; set; }

    /// <summary>Why the last one could not be made.</summary>
    public string? Fault { get; set; }

    /// <summary>When it is tried again; null while it is not waited for.</summary>
    public DateTimeOffset? NextTry { get; set; }

    /// <summary>Runs the next try.</summary>
    public ITimer? Retry { get; set; }

    /// <summary>Set when the instance is given up: its next turn ends it with this.</summary>
    public PoisonedException? Poison { get; set; }

    /// <summary>Where it waits among the idle ones.</summary>
    public LinkedListNode<InstanceSlot>? Idle { get; set; }

    /// <summary>What must wait: it is suspended or has not begun.</summary>
    public List<Message> Held { get; } = [];

    public InstanceRow? Row { get; set; }

    public OrchestrationExecution? Execution { get; set; }

    public int Turns { get; set; }

    public DateTime LastTurn { get; set; }

    /// <summary>Forgets the execution; the history makes it anew.</summary>
    public void Unload()
    {
        Execution = null;
        Row = null;
    }
}
