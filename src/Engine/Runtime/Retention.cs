using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>
/// Removes ended instances by age and count: when one comes of age, or one too many has ended. Looks at the file a few rows at a time along
/// its indexes, and removes them in commits of their own, so that the writer is free in between. Sets no timer while nothing will come of age.
/// </summary>
internal sealed class Retention : IDisposable
{
    private const int Batch = 100;
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly RetentionPolicy _policy;
    private readonly EngineStore _store;
    private readonly EngineLoad _load;
    private readonly EngineOptions _options;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private bool _sweeping;
    private bool _armed;
    private bool _stopped;
    private int _ended;
    private int _limit = int.MaxValue;

    public Retention(RetentionPolicy policy, EngineStore store, EngineLoad load, EngineOptions options, ILogger logger)
    {
        _policy = policy;
        _store = store;
        _load = load;
        _options = options;
        _logger = logger;
        _timer = options.TimeProvider.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Removes what came of age while nobody ran.</summary>
    public void Start() => Wake();

    /// <summary>Called when an instance has ended; on the writer's thread.</summary>
    public void Ended(RuntimeStatus status)
    {
        lock (_gate)
        {
            if (++_ended <= _limit)
            {
                if (!_armed && !_sweeping && _policy.AgeOf(status) is { } age)
                {
                    Arm(age);
                }

                return;
            }
        }

        Wake();
    }

    /// <summary>Begins nothing more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
        }

        _timer.Dispose();
    }

    private void Wake()
    {
        lock (_gate)
        {
            _armed = false;
            if (_sweeping || _stopped)
            {
                return;
            }

            _sweeping = true;
            _load.StepBegins();
        }

        Schedule(new Sweep(this).Next);
    }

    private void Schedule(Action work)
    {
        if (_options.Simulation is { } simulation)
        {
            simulation(work);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(static w => w(), work, preferLocal: false);
        }
    }

    private void Finish(int removed, int? left, TimeSpan? next)
    {
        if (removed > 0)
        {
            _logger.InstancesRetired(removed);
        }

        lock (_gate)
        {
            _sweeping = false;
            if (left is { } kept)
            {
                // What had to stay does not count against those that end later; a twentieth more is let in, so as not to sweep for each of them.
                var most = Math.Max(kept, _policy.MaxCount!.Value);
                (_ended, _limit) = (kept, most + (most / 20));
            }

            if (next is { } wait)
            {
                Arm(wait);
            }
        }

        _load.StepEnds();
    }

    private void Arm(TimeSpan wait)
    {
        if (!_stopped)
        {
            _armed = true;
            _timer.Change(wait < ShortestWait ? ShortestWait : wait > LongestWait ? LongestWait : wait, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>One look at everything: each status by age, then all by count.</summary>
    private sealed class Sweep
    {
        private readonly Retention _owner;
        private readonly Queue<(RuntimeStatus Status, long Until)> _ages = new();
        private readonly long _now;
        private Place? _last;
        private int _removed;
        private int? _surplus;
        private int _kept;
        private long? _next;

        public Sweep(Retention owner)
        {
            _owner = owner;
            _now = owner._options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var status in Enum.GetValues<RuntimeStatus>().Where(InstanceRow.IsTerminal))
            {
                if (owner._policy.AgeOf(status) is { } age)
                {
                    _ages.Enqueue((status, _now - (long)age.TotalMilliseconds));
                }
            }
        }

        private StoreReader Reader => _owner._store.Reader;

        /// <summary>Goes on to the next instances.</summary>
        public void Next()
        {
            try
            {
                while (!_owner._stopped && _ages.TryPeek(out var age))
                {
                    var candidates = Reader.EndedBefore(age.Status, age.Until, _last, Batch);
                    if (candidates.Count == 0)
                    {
                        Await(Reader.FirstEnded(age.Status, age.Until)?.Created, age.Until);
                        _ages.Dequeue();
                        _last = null;
                        continue;
                    }

                    _last = candidates[^1].Place;
                    foreach (var young in candidates.Where(c => c.Ended > age.Until))
                    {
                        Await(young.Ended, age.Until);
                    }

                    if (Remove(candidates.Where(c => c.Ended <= age.Until).Select(c => c.Place)))
                    {
                        return;
                    }
                }

                while (!_owner._stopped && _owner._policy.MaxCount is { } most)
                {
                    _surplus ??= (_kept = Reader.CountEnded()) - most;
                    if (_surplus <= 0 || Reader.Ended(new PurgeFilter(), _last, Math.Min(Batch, _surplus.Value)) is not { Count: > 0 } oldest)
                    {
                        break;
                    }

                    _last = oldest[^1];
                    if (Remove(oldest))
                    {
                        return;
                    }
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or EngineStoreException)
            {
                // The engine stops, or says itself why it cannot read.
                _owner._stopped = true;
            }

            _owner.Finish(_removed, _owner._policy.MaxCount is null || _owner._stopped ? null : _kept, _next is { } at ? TimeSpan.FromMilliseconds(at - _now) : null);
        }

        /// <summary>Notes when something created or ended at a moment comes of age at the earliest.</summary>
        private void Await(long? moment, long until)
        {
            if (moment is { } m && m + (_now - until) is var due && !(_next <= due))
            {
                _next = due;
            }
        }

        /// <summary>Removes in a commit and then goes on; false when there is nothing to remove.</summary>
        private bool Remove(IEnumerable<Place> places)
        {
            var keys = places.Select(p => p.Key).ToList();
            if (keys.Count == 0)
            {
                return false;
            }

            _owner._store.Enqueue(
                tables => keys.Count(tables.Retire),
                removed =>
                {
                    _removed += removed;
                    _kept -= removed;
                    _surplus -= removed;
                    _owner.Schedule(Next);
                },
                _ => _owner.Finish(_removed, null, null));
            return true;
        }
    }
}
