namespace Sluice.Domain.Analysis;

/// <summary>
/// How many events stable had in its last 60 buckets: whether it is degraded now, and by how much its counts scatter more than chance alone.
/// Mutable: one owner.
/// </summary>
public sealed class StableHistory
{
    /// <summary>Buckets that are remembered.</summary>
    public const int Length = 60;

    private const int FewestEvents = 5;
    private const int FewestBuckets = 3;
    private const double Excess = 3;
    private const double BeyondChance = 4;

    private const double Unknown = 24;
    private const double Surely = 2;

    // Weight of one bucket in the scatter of the long run.
    private const double Fading = 1.0 / 240;

    private readonly double[] _events = new double[Length];
    private readonly double[] _trials = new double[Length];
    private readonly bool[] _unusual = new bool[Length];
    private readonly double[] _sorted = new double[Length];
    private int _next;
    private int _usual;
    private int _seen;
    private double _longVariation;
    private double _sumEvents;
    private double _sumTrials;
    private double _sumEventsSquared;
    private double _sumProducts;
    private double _sumTrialsSquared;

    /// <summary>Nothing seen, or where an earlier one ended.</summary>
    public StableHistory(HistoryState? state = null)
    {
        if (state is null)
        {
            return;
        }

        Count = Math.Min(Length, state.Events.Count);
        _next = Count % Length;
        foreach (var i in state.Unusual)
        {
            _unusual[i] = true;
        }

        for (var i = 0; i < Count; i++)
        {
            (_events[i], _trials[i]) = (state.Events[i], state.Trials[i]);
            Take(i, 1);
        }

        _seen = state.Seen;
        _longVariation = state.Variation;
    }

    /// <summary>What counts as an event has changed, and rates with it.</summary>
    /// <param name="keepScatter">Rates scatter as before.</param>
    public StableHistory Anew(bool keepScatter) =>
        new(keepScatter ? new HistoryState { Seen = Math.Min(Length, _seen), Variation = Variation } : null);

    /// <summary>Buckets seen, at most <see cref="Length"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Events per trial over the usual buckets; 0 when there is none.</summary>
    public double Rate => _sumTrials > 0 ? _sumEvents / _sumTrials : 0;

    /// <summary>
    /// c² as it is used: now, or on average over the last hours when that is more, for sixty buckets know it only roughly. Fewer know it less
    /// still: where chance hardly explains the scatter, so much is added that it is about the upper end of a 90 % interval, two neighbouring
    /// buckets taken to scatter together.
    /// </summary>
    public double Variation => Math.Max(_longVariation, PresentVariation) + (_usual < FewestBuckets ? 0 : Beyond(Surely * Math.Sqrt(2.0 / (_usual - 1))) * Unknown / _usual);

    /// <summary>
    /// c² as far as chance hardly explains it. Where the counts to be judged are many times those of the history, what a history of few events
    /// leaves open would drown everything.
    /// </summary>
    public double SureVariation => _usual < FewestBuckets ? 0 : Beyond(Math.Sqrt(2.0 / (_usual - 1)));

    /// <summary>
    /// c²: the squared coefficient of variation of the rate from bucket to bucket, what chance explains and its standard error taken off. 0 or
    /// more. Method of moments for counts of unequal exposure.
    /// </summary>
    private double PresentVariation
    {
        get
        {
            return _usual < FewestBuckets ? 0 : Beyond(Math.Sqrt(2.0 / (_usual - 1)) * _usual / Length);
        }
    }

    /// <summary>
    /// Whether a bucket is far worse than its usual predecessors: more than 3 times their median rate, 5 events at least, and more than chance
    /// gives a small count.
    /// </summary>
    public bool IsDegraded(double events, double trials)
    {
        var usual = Rate * trials;
        return _usual >= FewestBuckets && events >= FewestEvents && events > Excess * Median * trials && events > usual + (BeyondChance * Math.Sqrt(usual));
    }

    /// <summary>Adds a bucket; one without trials says nothing.</summary>
    /// <param name="events">0 or more.</param>
    /// <param name="trials">0 or more.</param>
    /// <param name="unusual">It belongs to an outage: it does not count for what is usual, unless nothing else was seen in the whole history.</param>
    public void Add(double events, double trials, bool unusual)
    {
        if (trials <= 0)
        {
            return;
        }

        if (Count == Length)
        {
            Take(_next, -1);
        }
        else
        {
            Count++;
        }

        _events[_next] = events;
        _trials[_next] = trials;
        _unusual[_next] = unusual;
        Take(_next, 1);
        _next = (_next + 1) % Length;
        if (_usual == 0)
        {
            // What rounding left of sums whose terms are all gone.
            _sumEvents = _sumTrials = _sumEventsSquared = _sumProducts = _sumTrialsSquared = 0;
            if (Count == Length)
            {
                MakeUsual();
            }
        }

        _seen++;
        _longVariation += (PresentVariation - _longVariation) * Math.Max(Fading, 1.0 / _seen);
    }

    /// <summary>For the next look.</summary>
    public HistoryState ToState()
    {
        var (events, trials, unusual) = (new double[Count], new double[Count], new List<int>());
        for (var i = 0; i < Count; i++)
        {
            var at = (_next - Count + i + Length) % Length;
            (events[i], trials[i]) = (_events[at], _trials[at]);
            if (_unusual[at])
            {
                unusual.Add(i);
            }
        }

        return new HistoryState { Events = events, Trials = trials, Unusual = unusual, Seen = _seen, Variation = _longVariation };
    }

    private double Median => _usual % 2 == 1 ? _sorted[_usual / 2] : (_sorted[(_usual / 2) - 1] + _sorted[_usual / 2]) / 2;

    /// <summary>c² beyond what chance explains and, as a share of that, an error of the estimate.</summary>
    private double Beyond(double error)
    {
        if (_sumEvents <= 0)
        {
            return 0;
        }

        var rate = _sumEvents / _sumTrials;
        var scatter = (_sumEventsSquared - (2 * rate * _sumProducts) + (rate * rate * _sumTrialsSquared)) * _usual / (_usual - 1);
        return Math.Max(0, (scatter - (_sumEvents * (1 + error))) / (rate * rate * _sumTrialsSquared));
    }

    /// <summary>An outage as long as the history is no outage but how things are.</summary>
    private void MakeUsual()
    {
        Array.Clear(_unusual);
        for (var i = 0; i < Count; i++)
        {
            Take(i, 1);
        }
    }

    private void Take(int at, int sign)
    {
        if (_unusual[at])
        {
            return;
        }

        var (events, trials) = (_events[at], _trials[at]);
        if (sign > 0)
        {
            Insert(events / trials);
        }
        else
        {
            Remove(events / trials);
        }

        _usual += sign;
        _sumEvents += sign * events;
        _sumTrials += sign * trials;
        _sumEventsSquared += sign * events * events;
        _sumProducts += sign * events * trials;
        _sumTrialsSquared += sign * trials * trials;
    }

    private void Remove(double rate)
    {
        var at = Array.BinarySearch(_sorted, 0, _usual, rate);
        Array.Copy(_sorted, at + 1, _sorted, at, _usual - at - 1);
    }

    private void Insert(double rate)
    {
        var at = Array.BinarySearch(_sorted, 0, _usual, rate);
        at = at < 0 ? ~at : at;
        Array.Copy(_sorted, at, _sorted, at + 1, _usual - at);
        _sorted[at] = rate;
    }
}

/// <summary>What a <see cref="StableHistory"/> carries from look to look, oldest bucket first.</summary>
public sealed record HistoryState
{
    /// <summary>Events per bucket.</summary>
    public IReadOnlyList<double> Events { get; init; } = [];

    /// <summary>Trials per bucket.</summary>
    public IReadOnlyList<double> Trials { get; init; } = [];

    /// <summary>Which of them belong to an outage.</summary>
    public IReadOnlyList<int> Unusual { get; init; } = [];

    /// <summary>Buckets seen in all.</summary>
    public int Seen { get; init; }

    /// <summary>c² on average over the last hours.</summary>
    public double Variation { get; init; }
}
