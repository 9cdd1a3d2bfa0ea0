namespace Sluice.Engine.Runtime;

/// <summary>Counts what is under way, so that virtual time knows when nothing more happens by itself.</summary>
internal sealed class EngineLoad
{
    private int _steps;
    private int _activities;
    private long _changes;

    /// <summary>Called when a step or an activity ends.</summary>
    public Action? Ended { get; set; }

    /// <summary>Called when a step ends: somebody may be waiting for room.</summary>
    public Action? StepEnded { get; set; }

    /// <summary>Turns and writes under way.</summary>
    public int Steps => Volatile.Read(ref _steps);

    /// <summary>Activities running.</summary>
    public int Activities => Volatile.Read(ref _activities);

    /// <summary>Raised with every change: two equal readings with nothing under way mean quiet.</summary>
    public long Changes => Volatile.Read(ref _changes);

    public void StepBegins()
    {
        Interlocked.Increment(ref _changes);
        Interlocked.Increment(ref _steps);
    }

    public void StepEnds()
    {
        if (Interlocked.Decrement(ref _steps) == 0)
        {
            Ended?.Invoke();
        }

        StepEnded?.Invoke();
    }

    public void ActivityBegins()
    {
        Interlocked.Increment(ref _changes);
        Interlocked.Increment(ref _activities);
    }

    public void ActivityEnds()
    {
        Interlocked.Decrement(ref _activities);
        Ended?.Invoke();
    }
}
