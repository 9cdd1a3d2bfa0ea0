using Sluice.Durable;
using Sluice.Engine.Kernel;
using Sluice.Engine.Store;

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

/// <summary>
/// How long ended instances are kept. The oldest go first; a child is kept as long as an ancestor lives, whose rewind may need it.
/// </summary>
public sealed record RetentionPolicy
{
    /// <summary>Age at which an ended instance goes, from its end; null for no limit.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>The same for instances that ended in a certain status, instead of <see cref="MaxAge"/>.</summary>
    public IReadOnlyDictionary<RuntimeStatus, TimeSpan> MaxAgeByStatus { get; init; } = new Dictionary<RuntimeStatus, TimeSpan>();

    /// <summary>How many ended instances are kept, 0 or more, and up to a twentieth above it; null for no limit.</summary>
    public int? MaxCount { get; init; }

    /// <summary>The age at which instances of an ended status go; null for never.</summary>
    internal TimeSpan? AgeOf(RuntimeStatus status) => MaxAgeByStatus.TryGetValue(status, out var age) ? age : MaxAge;

    internal void Validate()
    {
        foreach (var age in MaxAgeByStatus.Values.Append(MaxAge ?? TimeSpan.Zero))
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero, nameof(MaxAge));
        }

        foreach (var status in MaxAgeByStatus.Keys.Where(s => s is not (RuntimeStatus.Completed or RuntimeStatus.Failed or RuntimeStatus.Terminated or RuntimeStatus.Canceled)))
        {
            throw new ArgumentException($"Only what has ended is removed; {status} is not an end.", nameof(MaxAgeByStatus));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(MaxCount ?? 0, nameof(MaxCount));
    }
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

    /// <summary>How many of one type run at once, by the activity's name without case, 1 or more; others are bounded by <see cref="MaxConcurrentActivities"/> alone.</summary>
    public IReadOnlyDictionary<string, int> MaxConcurrentPerActivity { get; set; } = new Dictionary<string, int>();

    /// <summary>How many waiting instances stay in memory, 0 or more; others are rebuilt from their history when something happens. The default is 1,000.</summary>
    public int MaxCachedInstances { get; set; } = 1_000;

    /// <summary>
    /// How long a stop lets running activities go on before it cancels them. No other begins, clients are refused, turns are made and
    /// committed. The default is zero: whatever is cancelled runs again at the next start.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.Zero;

    /// <summary>How long a stop waits for activities it has cancelled. The default is 10 seconds.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many turns and writes may be under way, 1 or more: beyond it, writes of clients wait for room instead of filling the memory. What
    /// the engine itself writes is never held up. The default is 10,000.
    /// </summary>
    public int MaxPendingWrites { get; set; } = 10_000;

    /// <summary>
    /// How often a turn is tried that cannot be made for a fault of the engine or the runtime, 1 or more; after that its instance fails with
    /// <c>Poisoned</c>. The default is 5, over about 40 seconds.
    /// </summary>
    public int MaxTurnAttempts { get; set; } = 5;

    /// <summary>When ended instances are removed; never when null, the default.</summary>
    public RetentionPolicy? Retention { get; set; }

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

    /// <summary>Called before each turn with its instance's key; what it throws is a fault of the engine, for tests.</summary>
    internal Action<long>? BeforeTurn { get; set; }

    /// <summary>Called around every use of the file; one that throws is a disk that fails, or a crash at this point.</summary>
    internal Action<StoreCall>? OnStoreCall { get; set; }

    /// <summary>Takes turns, activities and commits to run one after the other; on threads when null.</summary>
    internal Action<Action>? Simulation { get; set; }

    /// <summary>Keeps the database in memory, under <see cref="Path"/> as its name, until the last connection to it is closed: for simulations.</summary>
    internal bool InMemory { get; set; }

    /// <summary>
    /// Whether histories are written. Without them no instance can be read again: for simulations in which the engine is never killed. What
    /// activities are given and answer is then not even written as JSON, where it is <see cref="IUnchanging"/>.
    /// </summary>
    internal bool KeepsHistories { get; set; } = true;

    /// <summary>What SQLite is to open.</summary>
    internal string DataSource => InMemory ? $"file:{System.IO.Path.GetFullPath(Path)}?mode=memory&cache=shared" : Path;

    /// <summary>Most pages the file may have: a full disk, for tests.</summary>
    internal int? MaxPages { get; set; }

    /// <summary>The wall clock may be set, or the machine sleep: timers look at it again after this, however far the next one is.</summary>
    internal TimeSpan LongestTimerWait { get; set; } = TimeSpan.FromMinutes(1);

    internal void Validate(DurableTasks tasks)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Path);
        Retention?.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConcurrentActivities, 1);
        foreach (var (name, limit) in MaxConcurrentPerActivity)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1, $"{nameof(MaxConcurrentPerActivity)}[{name}]");
            if (tasks.FindActivity(name) is null)
            {
                throw new ArgumentException(
                    $"{nameof(MaxConcurrentPerActivity)} names '{name}', which is no activity. Known are: {string.Join(", ", tasks.ActivityNames.Order())}.");
            }
        }

        ArgumentOutOfRangeException.ThrowIfNegative(MaxCachedInstances);
        ArgumentOutOfRangeException.ThrowIfLessThan(StopTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(DrainTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPendingWrites, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxTurnAttempts, 1);
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
        KeepsHistories = KeepsHistories,
    };
}
