namespace Sluice.Engine.Runtime;

/// <summary>Counts what is under way.</summary>
internal sealed class EngineLoad
{
    private int _steps;
    private int _activities;

    /// <summary>Called when a step ends: somebody may be waiting for room.</summary>
    public Action? StepEnded { get; set; }

    /// <summary>Turns and writes under way.</summary>
    public int Steps => Volatile.Read(ref _steps);

    /// <summary>Activities running.</summary>
    public int Activities => Volatile.Read(ref _activities);

    public void StepBegins() => Interlocked.Increment(ref _steps);

    public void StepEnds()
    {
        Interlocked.Decrement(ref _steps);
        StepEnded?.Invoke();
    }

    public void ActivityBegins() => Interlocked.Increment(ref _activities);

    public void ActivityEnds() => Interlocked.Decrement(ref _activities);
}
