namespace Sluice.Engine;

/// <summary>When a commit counts as done.</summary>
public enum StoreSynchronous
{
    /// <summary>On the disk: survives a power failure.</summary>
    Full,

    /// <summary>With the operating system: survives a crash of the process, a power failure may take the last commits.</summary>
    Normal,
}

/// <summary>How the embedded engine runs.</summary>
public sealed class EngineOptions
{
    /// <summary>The database file. Its folder is created; the file belongs to this engine alone.</summary>
    public required string Path { get; set; }

    /// <summary>When a commit counts as done. The default is <see cref="StoreSynchronous.Full"/>.</summary>
    public StoreSynchronous Synchronous { get; set; } = StoreSynchronous.Full;

    /// <summary>How many activities run at once, 1 or more. The default is 64.</summary>
    public int MaxConcurrentActivities { get; set; } = 64;

    /// <summary>How many waiting instances stay in memory, 0 or more; others are rebuilt from their history when something happens. The default is 1,000.</summary>
    public int MaxCachedInstances { get; set; } = 1_000;

    /// <summary>How long a stop waits for running activities, which are cancelled at its beginning. The default is 10 seconds.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock. The default is the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Stands around every activity attempt: virtual time and crash points.</summary>
    internal Func<string, Func<Task<object?>>, Task<object?>>? AroundActivity { get; set; }

    /// <summary>Called on the writer's thread after each commit, before anybody hears of it; true is a crash at this point.</summary>
    internal Func<long, bool>? CrashAfterCommit { get; set; }

    /// <summary>Most pages the file may have: a full disk, for tests.</summary>
    internal int? MaxPages { get; set; }

    /// <summary>The wall clock may be set, or the machine sleep: timers look at it again after this, however far the next one is.</summary>
    internal TimeSpan LongestTimerWait { get; set; } = TimeSpan.FromMinutes(1);

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Path);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConcurrentActivities, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxCachedInstances);
        ArgumentOutOfRangeException.ThrowIfLessThan(StopTimeout, TimeSpan.Zero);
    }
}
