using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Kernel;
using Sluice.Engine.Store;
using Sluice.Engine.Tracing;

namespace Sluice.Engine.Runtime;

/// <summary>
/// Runs activities, a bounded number at once and of each type, in the order they were called; hands each one's answer over. A type
/// whose limit is reached waits in a line of its own and holds up no other.
/// </summary>
internal sealed class ActivityQueue(
    DurableTasks tasks, IServiceProvider services, EngineOptions options, EngineLoad load, ILogger logger, Action<ActivityItem, Answer> answered)
    : IDisposable
{
    private static readonly AsyncLocal<bool> Inside = new();

    private readonly Lock _gate = new();
    private readonly LinkedList<Entry> _ready = [];
    private readonly Dictionary<string, Lane> _lanes =
        options.MaxConcurrentPerActivity.ToDictionary(l => l.Key, l => new Lane(l.Value), StringComparer.OrdinalIgnoreCase);

    // The newest entry of each instance; the others hang on it.
    private readonly Dictionary<long, Entry> _instances = [];
    private readonly KernelOptions _kernel = options.ToKernelOptions();
    private readonly IServiceScopeFactory? _scopes = services.GetService<IServiceScopeFactory>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private bool _closed;

    /// <summary>Whether the caller is an activity: it may write while the engine drains.</summary>
    public static bool IsActivity => Inside.Value;

    /// <summary>How many run, and how many wait.</summary>
    public (int Running, int Waiting) Counts
    {
        get
        {
            lock (_gate)
            {
                return (_running, _ready.Count + _lanes.Values.Sum(l => l.Waiting.Count));
            }
        }
    }

    public void Add(ActivityItem item)
    {
        Entry entry;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            entry = Link(item);
            if (entry.Lane is { } lane && !lane.TryTake())
            {
                entry.Place = lane.Waiting.AddLast(entry);
                return;
            }

            if (_running == options.MaxConcurrentActivities)
            {
                entry.Place = _ready.AddLast(entry);
                return;
            }

            _running++;
            load.ActivityBegins();
        }

        Start(entry);
    }

    /// <summary>Forgets the waiting activities of an instance that has ended.</summary>
    public void Drop(long instance)
    {
        lock (_gate)
        {
            for (var entry = _instances.GetValueOrDefault(instance); entry is not null; entry = entry.Older)
            {
                if (entry.Place is { List: { } list } place)
                {
                    list.Remove(place);
                    Unlink(entry);
                    if (list == _ready)
                    {
                        Leave(entry.Lane);
                    }
                }
            }
        }
    }

    /// <summary>Where the activities of an instance stand; those that have answered long ago are gone.</summary>
    public Dictionary<int, (ActivityState State, DateTimeOffset? Began)> Look(long instance)
    {
        var states = new Dictionary<int, (ActivityState, DateTimeOffset?)>();
        lock (_gate)
        {
            for (var entry = _instances.GetValueOrDefault(instance); entry is not null; entry = entry.Older)
            {
                states[entry.Item.Task] = entry switch
                {
                    { Answered: true } => (ActivityState.Answered, null),
                    { Place: null } => (ActivityState.Running, entry.Began),
                    _ => (entry.Place.List == _ready ? ActivityState.Queued : ActivityState.WaitingForItsLimit, null),
                };
            }
        }

        return states;
    }

    /// <summary>Starts nothing more, lets what runs go on for a while, then cancels it and waits; what did not answer in time runs again after the next start.</summary>
    public async Task StopAsync(TimeSpan drain, TimeSpan timeout)
    {
        Close();
        if (drain > TimeSpan.Zero)
        {
            await Task.WhenAny(_drained.Task, Task.Delay(drain));
        }

        _stopping.Cancel();
        try
        {
            await _drained.Task.WaitAsync(timeout);
        }
        catch (TimeoutException)
        {
            logger.ActivitiesLeftRunning(_running);
        }
    }

    /// <summary>Starts nothing more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _ready.Clear();
            foreach (var lane in _lanes.Values)
            {
                lane.Waiting.Clear();
            }

            if (_running == 0)
            {
                _drained.TrySetResult();
            }
        }
    }

    public void Dispose() => _stopping.Dispose();

    private void Start(Entry entry)
    {
        if (options.Simulation is { } simulation)
        {
            simulation(() => _ = RunAsync(entry));
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Queue.RunAsync(work.Entry), (Queue: this, Entry: entry), preferLocal: false);
        }
    }

    private async Task RunAsync(Entry? entry)
    {
        while (entry is not null)
        {
            entry.Began = options.TimeProvider.GetUtcNow();
            var answer = await AttemptAsync(entry.Item);
            if (answer is not null)
            {
                entry.Answered = true;
                answered(entry.Item, answer);
            }

            entry = Next(entry);
        }
    }

    private Entry? Next(Entry done)
    {
        lock (_gate)
        {
            Unlink(done);
            Leave(done.Lane);
            if (_ready.First is { } first)
            {
                _ready.RemoveFirst();
                first.Value.Place = null;
                return first.Value;
            }

            _running--;
            load.ActivityEnds();
            if (_running == 0 && _closed)
            {
                _drained.TrySetResult();
            }

            return null;
        }
    }

    /// <summary>Gives a place of a type back: the first that waits for it takes it and stands in line for one among all.</summary>
    private void Leave(Lane? lane)
    {
        if (lane?.Waiting.First is { } next)
        {
            lane.Waiting.Remove(next);
            next.Value.Place = _ready.AddLast(next.Value);
        }
        else if (lane is not null)
        {
            lane.Taken--;
        }
    }

    private Entry Link(ActivityItem item)
    {
        var entry = new Entry(item, _lanes.GetValueOrDefault(item.Name));
        ref var newest = ref CollectionsMarshal.GetValueRefOrAddDefault(_instances, item.Instance, out _);
        entry.Older = newest;
        newest?.Newer = entry;
        newest = entry;
        return entry;
    }

    private void Unlink(Entry entry)
    {
        entry.Older?.Newer = entry.Newer;
        if (entry.Newer is { } newer)
        {
            newer.Older = entry.Older;
        }
        else if (entry.Older is { } older)
        {
            _instances[entry.Item.Instance] = older;
        }
        else
        {
            _instances.Remove(entry.Item.Instance);
        }
    }

    /// <summary>One attempt; null when the engine stopped before it ended.</summary>
    private async Task<Answer?> AttemptAsync(ActivityItem item)
    {
        if (tasks.FindActivity(item.Name) is not { } activity)
        {
            return Failed(item, new TaskFailure(
                "ActivityMissing", $"ActivityMissing: There is no activity '{item.Name}' in this program. Deploy the version that has it and rewind the instance.")
            {
                IsNonRetriable = true,
            });
        }

        Inside.Value = true;
        Activity? span = null;
        try
        {
            span = EngineSpans.BeginAttempt(item);
            var call = new ActivityCall(item.InstanceId, activity.ReadInput(item.Input));
            var result = options.AroundActivity is { } around
                ? await around(item.Name, () => RunAsync(activity, call))
                : await RunAsync(activity, call);
            return new TaskCompleted(Now, item.Task, _kernel.Write(result));
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e)
        {
            logger.ActivityFailed(e, item.Name);
            var failure = TaskFailure.FromException(e);
            span?.Failed(failure);
            return Failed(item, failure);
        }
        finally
        {
            span?.Dispose();
        }
    }

    private async Task<object?> RunAsync(ActivityRegistration activity, ActivityCall call)
    {
        await using var scope = _scopes?.CreateAsyncScope();
        return await activity.AttemptAsync(scope?.ServiceProvider ?? services, call, options.TimeProvider, _stopping.Token);
    }

    private TaskFailed Failed(ActivityItem item, TaskFailure failure) => new(Now, item.Task, failure);

    private DateTime Now => options.TimeProvider.GetUtcNow().UtcDateTime;

    /// <summary>An activity that waits or runs.</summary>
    private sealed class Entry(ActivityItem item, Lane? lane)
    {
        public ActivityItem Item => item;

        public Lane? Lane => lane;

        /// <summary>Where it waits; null while it runs.</summary>
        public LinkedListNode<Entry>? Place { get; set; }

        public Entry? Older { get; set; }

        public Entry? Newer { get; set; }

        public DateTimeOffset Began { get; set; }

        public bool Answered { get; set; }
    }

    /// <summary>A type that has a limit of its own.</summary>
    private sealed class Lane(int limit)
    {
        /// <summary>Those that have no place of their type yet.</summary>
        public LinkedList<Entry> Waiting { get; } = [];

        /// <summary>Places given: those of the type that run or stand in the common line.</summary>
        public int Taken { get; set; }

        public bool TryTake()
        {
            if (Taken == limit)
            {
                return false;
            }

            Taken++;
            return true;
        }
    }
}
