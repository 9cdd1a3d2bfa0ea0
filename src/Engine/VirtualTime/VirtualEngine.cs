using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.Store;

namespace Sluice.Engine.VirtualTime;

/// <summary>
/// The embedded engine in virtual time: whenever nothing can go on by itself, the clock is moved to the next due moment, so days of
/// soaking take milliseconds. Everything that runs inside must take its time from <see cref="Clock"/>.
/// </summary>
public sealed class VirtualEngine : IAsyncDisposable
{
    private DurableTasks _tasks;
    private readonly IServiceProvider? _services;
    private readonly VirtualEngineOptions _options;
    private readonly string _folder;
    private readonly SqliteConnection? _memory;
    private VirtualProcess _process;
    private int _acted;
    private int _begun;
    private readonly Dictionary<string, int> _actedByName = new(StringComparer.Ordinal);

    private VirtualEngine(DurableTasks tasks, IServiceProvider? services, VirtualEngineOptions options)
    {
        _tasks = tasks;
        _services = services;
        _options = options;
        _folder = options.Folder is { } folder
            ? Directory.CreateDirectory(System.IO.Path.Combine(folder, $"sluice-engine-{Guid.NewGuid():N}")).FullName
            : Directory.CreateTempSubdirectory("sluice-engine-").FullName;
        Clock = options.Clock ?? new ManualTimeProvider();
        Thread = new SimulationThread(options.Seed);
        // A database in memory is gone with its last connection.
        _memory = options.InMemory ? Schema.OpenMemory(Path) : null;
        _process = NewProcess();
    }

    /// <summary>The clock that engine and activities share.</summary>
    public ManualTimeProvider Clock { get; }

    /// <summary>Where everything runs that the engine runs.</summary>
    public SimulationThread Thread { get; }

    /// <summary>Called around every use of the file; one that throws is a disk that fails, and <see cref="SimulatedCrashException"/> a crash.</summary>
    internal Action<StoreCall>? OnStoreCall { get; set; }

    /// <summary>Virtual now.</summary>
    public DateTimeOffset Now => Clock.GetUtcNow();

    /// <summary>The engine that runs at present; another one after <see cref="RestartAsync"/>.</summary>
    public EmbeddedEngine Engine => _process.Engine;

    /// <summary>The present engine's client.</summary>
    public EngineClient Client => Engine.Client;

    /// <summary>The database file.</summary>
    public string Path => System.IO.Path.Combine(_folder, "engine.db");

    /// <summary>Activity attempts that acted so far, over all restarts.</summary>
    public int ActivitiesActed => Volatile.Read(ref _acted);

    /// <summary>Activity attempts that began so far, over all restarts.</summary>
    public int ActivitiesBegun => Volatile.Read(ref _begun);

    /// <summary>How often a crash that was asked for has happened.</summary>
    public int Crashes { get; private set; }

    /// <summary>Crash once this many activity attempts have acted (1 is the first), before the last one's result is recorded; null for never.</summary>
    public int? CrashAfterActivity { get; set; }

    /// <summary>Crash at every activity: after its first attempt has acted, before that is recorded. Each is done twice then.</summary>
    public bool CrashAtEachActivity { get; set; }

    /// <summary>Crash once this many attempts have begun, before the last one acts; null for never.</summary>
    public int? CrashBeforeActivity { get; set; }

    /// <summary>Crash after this commit of the present process (1 is its first), before anybody hears of it; null for never.</summary>
    public long? CrashAfterCommit { get; set; }

    /// <summary>Called when a killed engine has started again.</summary>
    public Action? OnRestart { get; set; }

    /// <summary>Commits of the present process so far.</summary>
    public long Commits => _process.Commits;

    /// <summary>Starts an engine on an empty temporary database.</summary>
    public static async Task<VirtualEngine> StartAsync(
        DurableTasks tasks, IServiceProvider? services = null, VirtualEngineOptions? options = null)
    {
        var engine = new VirtualEngine(tasks, services, options ?? new VirtualEngineOptions());
        await engine.Engine.StartAsync();
        return engine;
    }

    /// <summary>Lets an instance run to its end, moving the clock as needed.</summary>
    /// <param name="instanceId">Which.</param>
    /// <param name="maxVirtual">The longest virtual time it may take; 365 days when not given.</param>
    /// <exception cref="TimeoutException">It has not ended by then, or nothing can make it end: names its state and last events.</exception>
    public async Task<InstanceMetadata> RunAsync(string instanceId, TimeSpan? maxVirtual = null)
    {
        var latest = Now + (maxVirtual ?? TimeSpan.FromDays(365));
        while (true)
        {
            await SettleAsync();
            var instance = await Client.GetInstanceAsync(instanceId, getInputsAndOutputs: true)
                ?? throw new InstanceNotFoundException(instanceId);
            if (instance.IsTerminal)
            {
                return instance;
            }

            if (Clock.NextDue is not { } due || due > latest)
            {
                throw new TimeoutException(await DescribeAsync(instance, latest));
            }

            await AdvanceToAsync(due);
        }
    }

    /// <summary>Waits until nothing can go on without the clock or somebody outside.</summary>
    public async Task SettleAsync()
    {
        var patience = TimeProvider.System.GetTimestamp();
        var seen = -1L;
        while (true)
        {
            var woken = Thread.WhenWoken();
            await Thread.WhenIdle();
            if (_process.Crashed || (_options.RestartsWhenFatal && Engine.Fatal.IsCompleted))
            {
                Crashes++;
                await RestartAsync();
                continue;
            }

            if (Engine.Fatal.IsCompleted)
            {
                throw new InvalidOperationException("The engine has stopped.", await Engine.Fatal);
            }

            if (_process.ActivitiesOnClock)
            {
                return;
            }

            // An activity waits for neither the clock nor another: somebody outside may come for it.
            if (Thread.Done != seen)
            {
                seen = Thread.Done;
                patience = TimeProvider.System.GetTimestamp();
            }

            if (TimeProvider.System.GetElapsedTime(patience) > _options.ActivityPatience)
            {
                return;
            }

            await Task.WhenAny(woken, Task.Delay(TimeSpan.FromMilliseconds(20)));
        }
    }

    /// <summary>Moves the clock to a moment, whether or not all before it is done.</summary>
    public Task AdvanceToAsync(DateTimeOffset moment) => Thread.RunAsync(() => Clock.AdvanceTo(moment));

    /// <summary>Moves the clock on, stopping at every due moment on the way so that all happens in its order.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        var until = Now + by;
        try
        {
            // On the thread itself as long as all goes by the clock: a week has millions of moments.
            Thread.Idling = () => TryAdvance(until);
            await Thread.RunAsync(() => { });
            await SettleAsync();
            while (Clock.NextDue is { } due && due <= until)
            {
                await AdvanceToAsync(due);
                await SettleAsync();
            }
        }
        finally
        {
            Thread.Idling = null;
        }

        await AdvanceToAsync(until);
        await SettleAsync();
    }

    private bool TryAdvance(DateTimeOffset until)
    {
        if (_process.Crashed || Engine.Fatal.IsCompleted || !_process.ActivitiesOnClock || Clock.NextDue is not { } due || due > until)
        {
            return false;
        }

        Clock.AdvanceTo(due);
        return true;
    }

    /// <summary>Kills the engine where it stands (no graceful stop, running activities end mid-air) and starts another on its file.</summary>
    /// <param name="tasks">Other code for the new process; the same when null.</param>
    public async Task RestartAsync(DurableTasks? tasks = null)
    {
        EnsureRestarts();
        _tasks = tasks ?? _tasks;
        await Thread.RunAsync(async () =>
        {
            _process.Kill();
            while (true)
            {
                _process = NewProcess();
                try
                {
                    await Engine.StartAsync();
                    OnRestart?.Invoke();
                    return;
                }
                catch (Exception e) when (_process.Crashed || (_options.RestartsWhenFatal && e is EngineStoreException))
                {
                    Crashes++;
                    _process.Kill();
                }
            }
        });
    }

    /// <summary>Stops gracefully and starts again.</summary>
    public async Task StopAndStartAsync()
    {
        EnsureRestarts();
        await Engine.StopAsync();
        _process = NewProcess();
        await Engine.StartAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Thread.RunAsync(_process.Kill);
        Thread.Dispose();
        await Engine.DisposeAsync();
        if (_memory is not null)
        {
            await _memory.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    internal int ActivityBegins() => Interlocked.Increment(ref _begun);

    // By name and every second time: of two that act side by side one must come through, or neither is ever recorded.
    internal bool CrashesAt(string name)
    {
        if (!CrashAtEachActivity)
        {
            return false;
        }

        var times = _actedByName.GetValueOrDefault(name) + 1;
        _actedByName[name] = times;
        return times % 2 == 1;
    }

    internal int ActivityActed() => Interlocked.Increment(ref _acted);

    private VirtualProcess NewProcess() => new(this, _tasks, _services, _options);

    private void EnsureRestarts()
    {
        if (!_options.KeepsHistories)
        {
            throw new InvalidOperationException("An engine that keeps no histories cannot be started again.");
        }
    }

    private async Task<string> DescribeAsync(InstanceMetadata instance, DateTimeOffset latest)
    {
        var history = await Client.GetOrchestrationHistoryAsync(instance.InstanceId);
        var last = string.Join("\n  ", history.TakeLast(10).Select(e => $"{e.Timestamp:O} {e.EventType} {e.Name}"));
        return $"Instance '{instance.InstanceId}' is {instance.RuntimeStatus} at {Now:O} and {(Clock.NextDue is { } due ? $"the next moment is {due:O}, after {latest:O}" : "nothing is due")}. "
            + $"Custom status: {instance.SerializedCustomStatus ?? "none"}. Last events:\n  {last}";
    }
}
