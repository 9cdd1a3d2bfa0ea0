namespace Sluice.Domain.Analysis;

/// <summary>
/// The canary beside stable, all metrics bucket by bucket. A bucket waits until it is known whether stable fell as well: an outage that both
/// share reaches one of them first. Mutable, without allocations from bucket to bucket: one owner.
/// </summary>
/// <remarks>
/// A bucket is left out when stable was degraded in it, in the two settles before it or while it waits. It waits two settles, the longest that
/// one revision is taken to fall before the other; when the canary was worse before that already, and stable has not followed, nothing waits.
/// </remarks>
public sealed class SplitComparison
{
    /// <summary>How long a settle is, unless the soak is short: one minute.</summary>
    public const double DefaultSettle = 60;

    private const int Settles = 2;

    // Standard deviations, and events, by which the canary was worse before the wait began; and how many settles of that time are looked at.
    private const double ClearlyWorse = 4;
    private const int FewestEvents = 5;
    private const int LookedBack = 3;

    // Timers are not exact: so much of a settle may be missing.
    private const double Slack = 0.05;

    // A bucket is half a settle at least, and waits two at most: four, and the ones that looks rarer than that would make are fewer.
    private const int MostWaiting = 8;
    private const int MostPast = 16;

    private readonly MetricTest[] _tests;
    private readonly double _settle;
    private readonly Waiting[] _waiting = new Waiting[MostWaiting];
    private readonly Waiting _open;
    private int _count;
    private readonly Queue<PastBucket> _past = new(MostPast);
    private double _degradedUntil;

    /// <summary>Where an earlier one ended.</summary>
    /// <param name="tests">One per metric.</param>
    /// <param name="state">What waits.</param>
    /// <param name="settle">How long a settle is, seconds.</param>
    public SplitComparison(IReadOnlyList<MetricTest> tests, SplitState? state = null, double settle = DefaultSettle)
    {
        _tests = [.. tests];
        _settle = settle;
        for (var i = 0; i < MostWaiting; i++)
        {
            _waiting[i] = new Waiting(_tests.Length);
        }

        _open = new Waiting(_tests.Length);
        if (state is null)
        {
            return;
        }

        _degradedUntil = state.DegradedUntil;
        foreach (var past in state.Past)
        {
            _past.Enqueue(past);
        }

        foreach (var bucket in state.Waiting)
        {
            _waiting[_count++].Load(bucket);
        }

        if (state.Open is { } open)
        {
            _open.Load(open);
        }
    }

    /// <summary>The tests, one per metric.</summary>
    public IReadOnlyList<MetricTest> Tests => _tests;

    /// <summary>Stable fell, and the time after it is not over.</summary>
    /// <param name="at">Seconds since the Unix epoch.</param>
    public bool IsStableDegraded(double at) => at < _degradedUntil;

    /// <summary>Seconds of the soak's clock in buckets with canary requests that are not judged yet: they wait, or are not long enough.</summary>
    public double Unjudged
    {
        get
        {
            var seconds = _open.HasCanary ? _open.Gain : 0;
            for (var i = 0; i < _count; i++)
            {
                seconds += _waiting[i].HasCanary ? _waiting[i].Gain : 0;
            }

            return seconds;
        }
    }

    /// <summary>The weight has changed.</summary>
    public void Begin() => _open.Clear();

    /// <summary>What was done in time that is not judged: the warm-up.</summary>
    /// <param name="end">Seconds since the Unix epoch.</param>
    /// <param name="metrics">One bucket per metric.</param>
    public void Watch(double end, ReadOnlySpan<Bucket> metrics)
    {
        DropIfDegraded(end, metrics);
        var unusual = IsStableDegraded(end);
        for (var i = 0; i < _tests.Length; i++)
        {
            _tests[i].Watch(metrics[i], unusual);
        }

        if (!unusual)
        {
            Remember(end, metrics);
        }
    }

    /// <summary>Adds an interval; several short ones make a bucket.</summary>
    /// <param name="start">Seconds since the Unix epoch.</param>
    /// <param name="end">Likewise.</param>
    /// <param name="gain">Seconds that it gives the soak's clock.</param>
    /// <param name="weight">The canary's share in percent.</param>
    /// <param name="metrics">One bucket per metric.</param>
    /// <returns>What became of the clock.</returns>
    public SplitStep Add(double start, double end, double gain, int weight, ReadOnlySpan<Bucket> metrics)
    {
        _open.Take(start, end, gain, metrics);
        if (_open.End - _open.Start < (0.5 - Slack) * _settle)
        {
            return new SplitStep(gain, IsStableDegraded(end));
        }

        var kept = gain - DropIfDegraded(_open.End, _open.Metrics);
        var unusual = _open.Start < _degradedUntil;
        for (var i = 0; i < _tests.Length; i++)
        {
            _tests[i].Watch(_open.Metrics[i], unusual);
        }

        if (unusual)
        {
            kept -= _open.Gain;
        }
        else
        {
            Remember(_open.End, _open.Metrics);
            Enqueue();
        }

        _open.Clear();
        Release(end, weight);
        return new SplitStep(kept, IsStableDegraded(end));
    }

    /// <summary>For the next look.</summary>
    public SplitState ToState() => new()
    {
        Waiting = [.. _waiting.Take(_count).Select(w => w.Save())],
        Open = _open.IsEmpty ? null : _open.Save(),
        DegradedUntil = _degradedUntil,
        Past = [.. _past],
    };

    /// <summary>When stable is degraded in a bucket nothing that waits is judged.</summary>
    /// <returns>Seconds that the soak's clock loses.</returns>
    private double DropIfDegraded(double end, ReadOnlySpan<Bucket> metrics)
    {
        var degraded = false;
        for (var i = 0; i < _tests.Length; i++)
        {
            degraded |= _tests[i].History.IsDegraded(metrics[i].StableEvents, metrics[i].StableTrials);
        }

        if (!degraded)
        {
            return 0;
        }

        // The canary may stay down as long after stable as it may fall before; where a bucket of stable's recovery begins is not known.
        _degradedUntil = end + ((Settles + 0.5) * _settle);
        var lost = 0.0;
        for (var i = 0; i < _count; i++)
        {
            lost += _waiting[i].Gain;
        }

        _count = 0;
        return lost;
    }

    private void Enqueue()
    {
        var slot = _waiting[_count++];
        slot.Clear();
        slot.Take(_open.Start, _open.End, _open.Gain, _open.Metrics);
    }

    /// <summary>Keeps how many events the canary had and how many stable's rate would have given it.</summary>
    private void Remember(double end, ReadOnlySpan<Bucket> metrics)
    {
        if (_past.Count == MostPast)
        {
            _past.Dequeue();
        }

        var (events, expected) = (new double[_tests.Length], new double[_tests.Length]);
        for (var i = 0; i < _tests.Length; i++)
        {
            events[i] = metrics[i].CanaryEvents;
            expected[i] = Math.Round(_tests[i].History.Rate * metrics[i].CanaryTrials, 3);
        }

        _past.Enqueue(new PastBucket(end, events, expected));
    }

    /// <summary>Whether the canary was clearly worse, by any metric, so long ago that stable would have fallen by now as well.</summary>
    private bool WasWorseBefore(double time)
    {
        for (var i = 0; i < _tests.Length; i++)
        {
            var (events, expected) = (0.0, 0.0);
            foreach (var past in _past)
            {
                if (past.End <= time && past.End > time - (LookedBack * _settle))
                {
                    events += past.Events[i];
                    expected += past.Expected[i];
                }
            }

            var variance = expected * (1 + (_tests[i].History.Variation * expected));
            if (events >= FewestEvents && events - expected >= ClearlyWorse * Math.Sqrt(variance))
            {
                return true;
            }
        }

        return false;
    }

    private void Release(double now, int weight)
    {
        var nothingWaits = _count > 0 && WasWorseBefore(now - ((Settles - Slack) * _settle));
        var released = 0;
        while (released < _count)
        {
            var bucket = _waiting[released];
            var isFull = released == 0 && _count == MostWaiting;
            if (!nothingWaits && !isFull && now < bucket.End + ((Settles - Slack) * _settle))
            {
                break;
            }

            for (var i = 0; i < _tests.Length; i++)
            {
                _tests[i].Enter(bucket.Metrics[i], weight, bucket.End - bucket.Start);
            }

            released++;
        }

        if (released == 0)
        {
            return;
        }

        for (var i = released; i < _count; i++)
        {
            (_waiting[i - released], _waiting[i]) = (_waiting[i], _waiting[i - released]);
        }

        _count -= released;
    }

    private sealed class Waiting(int metrics)
    {
        public double Start { get; private set; }

        public double End { get; private set; }

        public double Gain { get; private set; }

        public bool IsEmpty { get; private set; } = true;

        public bool HasCanary => Array.Exists(Metrics, m => m.CanaryTrials > 0);

        public Bucket[] Metrics { get; } = new Bucket[metrics];

        public void Clear()
        {
            IsEmpty = true;
            Gain = 0;
            Array.Clear(Metrics);
        }

        public void Take(double start, double end, double gain, ReadOnlySpan<Bucket> metrics)
        {
            if (IsEmpty)
            {
                Start = start;
                IsEmpty = false;
            }

            End = end;
            Gain += gain;
            for (var i = 0; i < Metrics.Length; i++)
            {
                Metrics[i] = Metrics[i].Plus(metrics[i]);
            }
        }

        public void Load(WaitingBucket bucket)
        {
            Clear();
            Take(bucket.Start, bucket.End, bucket.Gain, bucket.Metrics.ToArray());
        }

        public WaitingBucket Save() => new(Start, End, Gain, [.. Metrics]);
    }
}

/// <summary>What an interval did to the soak's clock.</summary>
/// <param name="Gain">Seconds gained; negative when earlier ones were taken back because stable fell.</param>
/// <param name="StableDegraded">Stable is degraded, or was until just now.</param>
public readonly record struct SplitStep(double Gain, bool StableDegraded);

/// <summary>What a <see cref="SplitComparison"/> carries from look to look; a stored format.</summary>
public sealed record SplitState
{
    /// <summary>Buckets that wait, oldest first.</summary>
    public IReadOnlyList<WaitingBucket> Waiting { get; init; } = [];

    /// <summary>The one that is not long enough yet; null when there is none.</summary>
    public WaitingBucket? Open { get; init; }

    /// <summary>Until when nothing is judged because stable fell, seconds since the Unix epoch.</summary>
    public double DegradedUntil { get; init; }

    /// <summary>What the canary did lately, oldest first.</summary>
    public IReadOnlyList<PastBucket> Past { get; init; } = [];
}

/// <summary>What the canary did in a bucket; a stored format.</summary>
/// <param name="End">Seconds since the Unix epoch.</param>
/// <param name="Events">Per metric.</param>
/// <param name="Expected">Per metric, how many there would have been at stable's rate.</param>
public sealed record PastBucket(double End, IReadOnlyList<double> Events, IReadOnlyList<double> Expected);
