using Sluice.Domain.Plans;

namespace Sluice.Domain.Analysis;

/// <summary>The <see cref="Evidence"/> of a rollout while one look is taken: intervals go in, verdicts of the tests and new evidence come out.</summary>
internal sealed class LiveEvidence
{
    /// <summary>The canary's answers are slow when they take this many times as long as stable's slow ones.</summary>
    public const double LatencyTolerance = 1.1;

    private const double FrozenMargin = 1.5;

    // Of the frozen reference: one in nine samples is further below its true rate.
    private const double Deviations = 1.2;

    // A limit of zero is one in so many: the first failure alone decides nothing.
    private const double SmallestLimit = 1e-5;

    // Requests of stable from which a threshold can be taken, times the share beyond it.
    private const double FewestSlow = 5;

    private const double MostSlow = 2.5;
    private const double Fading = 0.98;

    // The source's own buckets, in which it counts clients anew.
    private const double SourceBucketSeconds = 10;
    private const long FewestClients = 1000;

    // Longest settle, and its part of a short soak.
    private const double SettlePart = 15;

    private readonly SoakRules _rules;
    private readonly MetricEvidence[] _before;
    private readonly MetricTest[] _tests;
    private readonly int?[] _thresholds;
    private readonly SplitComparison _split;
    private readonly FrozenReference? _reference;
    private readonly Bucket[] _buckets;
    private Evidence _evidence;

    public LiveEvidence(SoakRules rules, Evidence evidence)
    {
        _rules = rules;
        _evidence = evidence;
        _reference = rules.Comparison == Comparison.Frozen ? evidence.Reference : null;
        var count = rules.Metrics.Count;
        _before = new MetricEvidence[count];
        _tests = new MetricTest[count];
        _thresholds = new int?[count];
        _buckets = new Bucket[count];
        for (var i = 0; i < count; i++)
        {
            var metric = rules.Metrics[i];
            _before[i] = evidence.Metrics.GetValueOrDefault(metric.Name.Text()) ?? First(rules);
            _tests[i] = new MetricTest(_before[i], LimitOf(metric), evidence.RecentStable.Requests.Count > 0 ? 1 : rules.ClusterFactor);
            _thresholds[i] = _before[i].Threshold;
        }

        var settle = Math.Min(SplitComparison.DefaultSettle, rules.Duration.TotalSeconds / SettlePart);
        var waits = evidence.Split;
        if (waits.Waiting.Any(w => w.Metrics.Count != count) || (waits.Open is { } open && open.Metrics.Count != count))
        {
            // The plan's metrics differ from step to step: what waits cannot be told apart.
            waits = waits with { Waiting = [], Open = null, Past = [] };
        }

        _split = new SplitComparison(_tests, waits, settle);
    }

    /// <summary>One test per metric of the rules.</summary>
    public IReadOnlyList<MetricTest> Tests => _tests;

    /// <summary>How the traffic was really split.</summary>
    public ShareState Share => _evidence.Share;

    /// <summary>The part of the budget that a metric's comparison has: its α.</summary>
    public double AlphaOf(int metric) => _rules.Budget * BudgetSplit.OfComparison(_rules.Metrics, _rules.Metrics[metric]);

    /// <summary>The part of the budget that a metric's plain limit has.</summary>
    public double AlphaOfLimit => _rules.Budget * BudgetSplit.OfLimit(_rules.Metrics);

    /// <summary>The answer time beyond which stable's answers are slow, seconds; null before it is fixed, and for errors.</summary>
    public double? ThresholdOf(int metric) => _thresholds[metric] is { } index ? LatencyBuckets.UpperBounds[index] : null;

    /// <summary>Requests of the present unit among counts.</summary>
    public long TrialsOf(MetricName name, RevisionCounts counts) =>
        name != MetricName.Errors ? counts.Latency.Sum()
        : _evidence.Window is { } window && window < counts.FreshRequests.Count ? counts.FreshRequests[window]
        : counts.Requests;

    /// <summary>Stable is degraded, or was until just now.</summary>
    public bool IsStableDegraded(DateTimeOffset at) => _rules.Comparison == Comparison.Split && _split.IsStableDegraded(Seconds(at));

    /// <summary>Seconds of the soak's clock that are not judged yet, because it is not known whether stable falls as well.</summary>
    public double Unjudged => _rules.Comparison == Comparison.Split && _tests.Length > 0 ? _split.Unjudged : 0;

    /// <summary>Takes in an interval.</summary>
    /// <param name="start">UTC.</param>
    /// <param name="end">UTC.</param>
    /// <param name="canary">What the canary did in it.</param>
    /// <param name="stable">What stable did.</param>
    /// <param name="judged">False in the warm-up: then only stable's history learns.</param>
    /// <param name="gain">Seconds that it gives the soak's clock.</param>
    /// <param name="weight">The canary's share in percent.</param>
    /// <returns>Seconds that it really gives.</returns>
    public double Take(DateTimeOffset start, DateTimeOffset end, RevisionCounts canary, RevisionCounts stable, bool judged, double gain, int? weight)
    {
        if (_rules.Comparison != Comparison.Split)
        {
            return judged ? TakeAlone(start, end, canary, gain) : 0;
        }

        if (weight != _evidence.Weight)
        {
            _evidence = _evidence with { Weight = weight, Share = new ShareState() };
            _split.Begin();
            Array.Clear(_thresholds);
            ChooseThresholds();
        }

        ChooseUnit(canary, stable, mayChange: !_split.IsStableDegraded(Seconds(end)));
        Fill(canary, stable);
        var kept = 0.0;
        if (judged)
        {
            kept = _split.Add(Seconds(start), Seconds(end), gain, weight ?? 0, _buckets).Gain;
            Compare(canary, stable, end - start, weight);
        }
        else
        {
            _split.Watch(Seconds(end), _buckets);
        }

        Remember(stable, (end - start).TotalSeconds);
        return kept;
    }

    /// <summary>The new evidence.</summary>
    public Evidence ToEvidence()
    {
        var metrics = _evidence.Metrics.ToDictionary();
        for (var i = 0; i < _tests.Length; i++)
        {
            metrics[_rules.Metrics[i].Name.Text()] = _tests[i].ToEvidence(_before[i]) with { Threshold = _thresholds[i] };
        }

        return _evidence with { Metrics = metrics, Split = _rules.Comparison == Comparison.Split ? _split.ToState() : _evidence.Split };
    }

    private static MetricEvidence First(SoakRules rules) => new()
    {
        Split = new SequentialState { Horizon = rules.PlannedBuckets, FirstRatio = rules.Tolerance },
    };

    private static double? LimitOf(MetricSpec metric) =>
        metric.Limit is not { } limit ? null
        : metric.Name == MetricName.Errors ? Math.Max(SmallestLimit, limit)
        : 1 - metric.Name.Quantile();

    private static double Seconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds() / 1000.0;

    private static long Beyond(IReadOnlyList<long> latency, int index)
    {
        var sum = 0L;
        for (var i = index + 1; i < latency.Count; i++)
        {
            sum += latency[i];
        }

        return sum;
    }

    /// <summary>The bound at a multiple of another one; rounding must not make it the next.</summary>
    private static int Times(int index, double factor) => LatencyBuckets.IndexOf(LatencyBuckets.UpperBounds[index] * factor * (1 - 1e-9));

    private double TakeAlone(DateTimeOffset start, DateTimeOffset end, RevisionCounts canary, double gain)
    {
        Fill(canary, RevisionCounts.Zero);
        for (var i = 0; i < _tests.Length; i++)
        {
            var metric = _rules.Metrics[i];
            var margin = metric.Regression ?? FrozenMargin;
            double? allowed = null;
            if (_reference is { } reference && metric.Name == MetricName.Errors)
            {
                allowed = margin * Upper(reference.Errors) / Math.Max(1, reference.Requests);
            }
            else if (_reference is { } slow && _thresholds[i] is { } index)
            {
                allowed = Upper(Beyond(slow.Latency, index)) / Math.Max(1, slow.Latency.Sum());
                _buckets[i] = _buckets[i] with { CanaryEvents = Beyond(canary.Latency, Times(index, margin)) };
            }

            _tests[i].EnterAlone(_buckets[i], allowed, (end - start).TotalSeconds);
        }

        return gain;

        // The reference is a sample itself: the highest rate that it may well come from.
        static double Upper(double events) => events + 1 + (Deviations * Math.Sqrt(events + 1));
    }

    private void Fill(RevisionCounts canary, RevisionCounts stable)
    {
        for (var i = 0; i < _tests.Length; i++)
        {
            var metric = _rules.Metrics[i];
            if (metric.Name == MetricName.Errors)
            {
                var (events, trials) = Errors(canary);
                var (stableEvents, stableTrials) = Errors(stable);
                _buckets[i] = new Bucket(events, trials, stableEvents, stableTrials) { CanaryOver = events, StableOver = stableEvents };
                continue;
            }

            var bucket = _thresholds[i] is { } index
                ? new Bucket(Beyond(canary.Latency, Times(index, LatencyTolerance)), canary.Latency.Sum(), Beyond(stable.Latency, index), stable.Latency.Sum())
                : new Bucket(0, canary.Latency.Sum(), 0, stable.Latency.Sum());
            if (metric.Limit is { } limit)
            {
                var over = LatencyBuckets.IndexOf(limit);
                bucket = bucket with { CanaryOver = Beyond(canary.Latency, over), StableOver = Beyond(stable.Latency, over) };
            }

            _buckets[i] = bucket;
        }
    }

    private (long Errors, long Requests) Errors(RevisionCounts counts) =>
        _evidence.Window is { } window && window < counts.FreshRequests.Count
            ? (counts.FreshErrors[window], counts.FreshRequests[window])
            : (counts.Errors, counts.Requests);

    private void ChooseUnit(RevisionCounts canary, RevisionCounts stable, bool mayChange)
    {
        if (stable.FreshRequests.Count == 0)
        {
            return;
        }

        _evidence = _evidence with
        {
            RecentRequests = (Fading * _evidence.RecentRequests) + stable.Requests,
            RecentStable = _evidence.RecentStable.Fade(Fading, stable),
            RecentCanary = _evidence.RecentCanary.Fade(Fading, canary),
        };
        var window = ErrorUnit.Choose(_evidence.Window, _evidence.RecentRequests, _evidence.RecentStable, _evidence.RecentCanary, _rules.Sticky);
        if (window == _evidence.Window || !mayChange)
        {
            // In an outage hardly a client is fresh: without the history before it, it would not be known as one.
            return;
        }

        // Rates in another unit are other rates; they scatter alike, unless failures came in bursts before.
        var keepScatter = _evidence.Window is not null && window is not null;
        _evidence = _evidence with { Window = window, Hour = new StableHour { Latency = _evidence.Hour.Latency }, LastHour = null };
        for (var i = 0; i < _tests.Length; i++)
        {
            if (_rules.Metrics[i].Name == MetricName.Errors)
            {
                _tests[i].ForgetHistory(keepScatter);
            }
        }
    }

    private void Compare(RevisionCounts canary, RevisionCounts stable, TimeSpan length, int? weight)
    {
        if (weight is not { } percent)
        {
            return;
        }

        var (ours, theirs) = (canary.Requests, stable.Requests);
        if (_rules.Sticky)
        {
            // Clients are counted anew in each of the source's short buckets: their mean is what came together at least.
            var buckets = Math.Max(1, length.TotalSeconds / SourceBucketSeconds);
            (ours, theirs) = ((long)(canary.ClientsSeen / buckets), (long)(stable.ClientsSeen / buckets));
            if (ours + theirs < FewestClients)
            {
                return;
            }
        }

        _evidence = _evidence with { Share = _evidence.Share.With(ours + theirs, ours, percent / 100.0) };
    }

    private void Remember(RevisionCounts stable, double seconds)
    {
        var (errors, requests) = Errors(stable);
        var hour = _evidence.Hour.Plus(seconds, requests, errors, stable.Latency);
        _evidence = hour.Seconds < StableHour.Length
            ? _evidence with { Hour = hour }
            : _evidence with { Hour = new StableHour(), LastHour = hour };
        ChooseThresholds();
    }

    /// <summary>Fixes what is slow where it is not fixed, and again when an hour has shown that it is another time by now.</summary>
    private void ChooseThresholds()
    {
        var isNewHour = _evidence.Hour.Seconds == 0;
        var latency = (_evidence.LastHour ?? _evidence.Hour).Latency;
        for (var i = 0; i < _tests.Length; i++)
        {
            var name = _rules.Metrics[i].Name;
            if (name == MetricName.Errors || (_thresholds[i] is not null && !isNewHour))
            {
                continue;
            }

            if (Near(latency, name.Quantile()) is { } index && (_thresholds[i] is not { } present || Math.Abs(index - present) > 1))
            {
                _tests[i].ForgetHistory(keepScatter: _thresholds[i] is not null);
                _thresholds[i] = index;
            }
        }
    }

    /// <summary>
    /// The bound at or below a percentile: more answers are beyond it than beyond the percentile, which finds faults sooner. Where the answers
    /// are so alike that far more are, the bound above.
    /// </summary>
    private static int? Near(IReadOnlyList<long> latency, double quantile)
    {
        var slow = (1 - quantile) * latency.Sum();
        if (slow < FewestSlow)
        {
            return null;
        }

        var beyond = 0L;
        var index = latency.Count - 1;
        while (index > 0 && beyond < slow)
        {
            beyond += latency[index--];
        }

        return Math.Min(beyond <= MostSlow * slow ? index : index + 1, LatencyBuckets.UpperBounds.Count - 1);
    }
}
