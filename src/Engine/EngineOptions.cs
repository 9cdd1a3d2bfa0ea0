using Sluice.Engine.Kernel;

namespace Sluice.Engine;

/// <summary>When a commit counts as done.</summary>
public enum StoreSynchronous
{
    /// <summary>On the disk: survives a power failure.</summary>
    Full,

    /// <summary>With the operating system: survives a crash of the process, a power failure may take the last commits.</summary>
    Normal,
}

/// <summary>Which instances this program runs, by their version and its own.</summary>
public enum VersionMatchStrategy
{
    /// <summary>All.</summary>
    None,

    /// <summary>Those of its version.</summary>
    Strict,

    /// <summary>Those of its version and of lower ones; no version is the lowest.</summary>
    CurrentOrOlder,
}

/// <summary>What happens to an instance that this program does not run.</summary>
public enum VersionFailureStrategy
{
    /// <summary>It is left as it is, with all that arrives for it, until a program of its version starts. It can be terminated.</summary>
    Reject,

    /// <summary>It fails with <c>VersionMismatch</c>, which no retry heals; a rewind under the right program does.</summary>
    Fail,
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

    /// <summary>The version of this program; empty, the lowest, by default. Compared as <c>CompareVersionTo</c> does.</summary>
    public string Version { get; set; } = "";

    /// <summary>Which instances it runs. The default is all.</summary>
    public VersionMatchStrategy VersionMatchStrategy { get; set; } = VersionMatchStrategy.None;

    /// <summary>What happens to the others. By default they are left alone.</summary>
    public VersionFailureStrategy VersionFailureStrategy { get; set; } = VersionFailureStrategy.Reject;

    /// <summary>The version of instances that are started, and children that are called, without one. By default none, and the parent's.</summary>
    public string? DefaultVersion { get; set; }

    /// <summary>
    /// How many activities, children, timers and events one run may decide, 1 or more; one more throws in the orchestrator. The default is
    /// 100,000. Lowering it fails runs that have decided more.
    /// </summary>
    public int MaxOrchestrationActions { get; set; } = 100_000;

    /// <summary>
    /// Longer timers become a chain of timers of this length, as stores with a limit need it; the file needs none, so by default there is no limit.
    /// Part of what a history repeats: changing it fails instances that sleep on a longer timer.
    /// </summary>
    public TimeSpan? MaximumTimerInterval { get; set; }

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
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxOrchestrationActions, 1);
        if (MaximumTimerInterval is { } interval)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero, nameof(MaximumTimerInterval));
        }
    }

    internal KernelOptions ToKernelOptions() => new()
    {
        MaxOrchestrationActions = MaxOrchestrationActions,
        MaximumTimerInterval = MaximumTimerInterval,
        DefaultVersion = DefaultVersion,
    };
}
