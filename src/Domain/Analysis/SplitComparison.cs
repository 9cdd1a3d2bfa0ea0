namespace Sluice.Domain.Analysis;

/// <summary>
/// The canary beside stable, all metrics bucket by bucket. A bucket waits until it is known whether stable fell as well: an outage that both
/// share reaches one of them first. Mutable, without allocations from bucket to bucket: one owner.
/// </summary>
/// <remarks>
/// A bucket is left out when stable was degraded in it, in the two settles before it or while it waits. It waits one settle, and two when it
/// and what follows it are enough to decide: so sudden a fault may still turn out to be everybody's. After a change of weight, until the canary was good
/// for once, it waits one in any case: what is bad from its first request is most likely the release.
/// </remarks>
public sealed class SplitComparison
{
    /// <summary>How long a settle is, unless the soak is short: one minute.</summary>
    public const double DefaultSettle = 60;

    // Longest time after a change of weight in which the canary may be bad from its first request, in settles.
    private const double Early = 4;

    // Logarithm of the likelihood ratio from which a settle is strong enough to decide alone: of a release 4 times as bad hardly any is.
    private const double Strong = 9;

    // Below it a bucket is good.
    private const double Weak = 1.5;

    // Timers are not exact: so much of a settle may be missing.
    private const double Slack = 0.05;

    // A bucket is half a settle at least, and waits two at most: four, and the ones that looks rarer than that would make are fewer.
    private const int MostWaiting = 8;

    private readonly MetricTest[] _tests;
    private readonly double _settle;
    private readonly Waiting[] _waiting = new Waiting[MostWaiting];
    private readonly Waiting _open;
    private readonly Bucket[] _together;
    private int _count;
    private double _degradedUntil;
    private double _earlyUntil;

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
        _together = new Bucket[_tests.Length];
        if (state is null)
        {
            return;
        }

        _degradedUntil = state.DegradedUntil;
        _earlyUntil = state.EarlyUntil;
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

    /// <summary>The weight has changed: a fault is most likely the release's for a while.</summary>
    /// <param name="at">Seconds since the Unix epoch, when the first bucket begins.</param>
    public void Begin(double at)
    {
        _earlyUntil = at + (Early * _settle);
        _open.Clear();
    }

    /// <summary>What stable did in time that is not judged: the warm-up.</summary>
    public void Watch(ReadOnlySpan<Bucket> metrics)
    {
        for (var i = 0; i < _tests.Length; i++)
        {
            _tests[i].Watch(metrics[i], unusual: false);
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

        var kept = gain;
        var degraded = false;
        for (var i = 0; i < _tests.Length; i++)
        {
            degraded |= _tests[i].History.IsDegraded(_open.Metrics[i].StableEvents, _open.Metrics[i].StableTrials);
        }

        if (degraded)
        {
            _degradedUntil = _open.End + ((2 - Slack) * _settle);
            for (var i = 0; i < _count; i++)
            {
                kept -= _waiting[i].Gain;
            }

            _count = 0;
        }

        var unusual = _open.Start < _degradedUntil;
        for (var i = 0; i < _tests.Length; i++)
        {
            _tests[i].Watch(_open.Metrics[i], unusual);
        }

        if (_open.Start < _earlyUntil && Strength(_open.Metrics) < Weak)
        {
            _earlyUntil = _open.Start;
        }

        if (unusual)
        {
            kept -= _open.Gain;
        }
        else
        {
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
        EarlyUntil = _earlyUntil,
    };

    private void Enqueue()
    {
        var slot = _waiting[_count++];
        slot.Clear();
        slot.Take(_open.Start, _open.End, _open.Gain, _open.Metrics);
    }

    private void Release(double now, int weight)
    {
        var released = 0;
        while (released < _count)
        {
            var bucket = _waiting[released];
            var wait = bucket.Start >= _earlyUntil && StrengthFrom(released) > Strong ? 2 : 1;
            if (released == 0 && _count == MostWaiting)
            {
                wait = 0;
            }

            if (now < bucket.End + ((wait - Slack) * _settle))
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

    /// <summary>The strength of one settle, from a waiting bucket on.</summary>
    private double StrengthFrom(int index)
    {
        var start = _waiting[index].Start;
        Array.Copy(_waiting[index].Metrics, _together, _together.Length);
        for (var next = index + 1; next < _count && _waiting[next].End - start < (1 + Slack) * _settle; next++)
        {
            for (var i = 0; i < _together.Length; i++)
            {
                _together[i] = _together[i].Plus(_waiting[next].Metrics[i]);
            }
        }

        return Strength(_together);
    }

    private static double Strength(Bucket[] metrics)
    {
        var strength = 0.0;
        foreach (var metric in metrics)
        {
            strength = Math.Max(strength, metric.LogLikelihoodRatio);
        }

        return strength;
    }

    private sealed class Waiting(int metrics)
    {
        public double Start { get; private set; }

        public double End { get; private set; }

        public double Gain { get; private set; }

        public bool IsEmpty { get; private set; } = true;

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

    /// <summary>Until when a fault is most likely the release's, seconds since the Unix epoch.</summary>
    public double EarlyUntil { get; init; }
}
