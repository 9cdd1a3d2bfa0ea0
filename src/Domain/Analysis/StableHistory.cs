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
    private const double Excess = 3;
    private const double BeyondChance = 4;

    // What is expected is a mean: the services that scatter most have several times as much.
    private const double Reserve = 1.8;

    // Weight of one bucket in the scatter of the long run.
    private const double Fading = 1.0 / 240;

    private readonly double[] _events = new double[Length];
    private readonly double[] _trials = new double[Length];
    private readonly bool[] _unusual = new bool[Length];
    private int _next;
    private Scatter _usual;
    private int _seen;
    private double _longVariation;

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
        new(keepScatter ? new HistoryState { Seen = Math.Min(Length, _seen), Variation = KnownVariation } : null);

    /// <summary>Buckets seen, at most <see cref="Length"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Events per trial over the usual buckets; 0 when there is none.</summary>
    public double Rate => _usual.Trials > 0 ? _usual.Events / _usual.Trials : 0;

    /// <summary>
    /// c² as it is used: now, or on average over the last hours when that is more, for sixty buckets know it only roughly; and as long as fewer
    /// cannot tell, with what services usually have.
    /// </summary>
    public double Variation => Math.Max(KnownVariation, Reserve * _usual.ExpectedVariation());

    /// <summary>
    /// c² as far as chance hardly explains it; where there are too few buckets, what it was before. Where the counts to be judged are many times
    /// those of the history, what a history of few events leaves open would drown everything.
    /// </summary>
    public double SureVariation => _usual.Buckets < Scatter.FewestBuckets ? _longVariation : _usual.Variation(Error);

    private double KnownVariation => Math.Max(_longVariation, PresentVariation);

    /// <summary>
    /// c²: the squared coefficient of variation of the rate from bucket to bucket, what chance explains and its standard error taken off. 0 or
    /// more.
    /// </summary>
    private double PresentVariation => _usual.Buckets < Scatter.FewestBuckets ? 0 : _usual.Variation(Error * _usual.Buckets / Length);

    /// <summary>Standard error of the scatter that chance makes, as a share of it.</summary>
    private double Error => Math.Sqrt(2.0 / (_usual.Buckets - 1));

    /// <summary>
    /// Whether a bucket is far worse than its usual predecessors: more than 3 times their median rate, 5 events at least, and more than chance
    /// gives a small count.
    /// </summary>
    public bool IsDegraded(double events, double trials)
    {
        var usual = Rate * trials;
        return _usual.Buckets >= Scatter.FewestBuckets && events >= FewestEvents && events > usual + (BeyondChance * Math.Sqrt(usual))
            && events > Excess * Median() * trials;
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
        if (_usual.Buckets == 0)
        {
            // What rounding left of sums whose terms are all gone.
            _usual = default;
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

    private double Median()
    {
        Span<double> rates = stackalloc double[Length];
        var usual = 0;
        for (var i = 0; i < Count; i++)
        {
            if (!_unusual[i])
            {
                rates[usual++] = _events[i] / _trials[i];
            }
        }

        rates = rates[..usual];
        rates.Sort();
        return usual % 2 == 1 ? rates[usual / 2] : (rates[(usual / 2) - 1] + rates[usual / 2]) / 2;
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

        _usual = sign > 0 ? _usual.Plus(_events[at], _trials[at]) : _usual.Minus(_events[at], _trials[at]);
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
