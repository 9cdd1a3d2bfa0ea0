using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Tests.Analysis;

/// <summary>A soak in virtual time: traffic goes in, looks come out. The first look is at the start, as the product's is.</summary>
internal sealed class SoakSimulation
{
    private static readonly DateTimeOffset Begin = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly SoakRules _rules;
    private readonly Dictionary<string, RevisionCounts> _counts = new() { ["canary"] = RevisionCounts.Zero, ["stable"] = RevisionCounts.Zero };

    public SoakSimulation(SoakRules? rules = null, Evidence? evidence = null)
    {
        _rules = rules ?? Rules();
        State = SoakState.Start(Begin, evidence ?? Evidence.None, null);
        Now = Begin;
        Last = Look();
    }

    public SoakState State { get; private set; }

    public DateTimeOffset Now { get; private set; }

    public TimeSpan Elapsed => Now - Begin;

    public SoakResult Last { get; private set; }

    public string Epoch { get; set; } = "a";

    /// <summary>Off where only errors matter and thousands of soaks are run.</summary>
    public bool CountsLatency { get; init; } = true;

    /// <summary>The weight that looks tell; the first look is taken before it can be set.</summary>
    public int? Weight { get; set; }

    /// <summary>Clients on the canary at a time, of them failing, and on stable; zeros when they cannot be told apart.</summary>
    public (int Canary, int Failing, int Stable) Clients { get; set; }

    /// <summary>What the smoke suite finds on the old revision.</summary>
    public IReadOnlyList<string>? StableSmoke { get; init; }

    public ReplicaHealth? Health { get; set; } = new(2, 2, false, "");

    public static SoakRules Rules(
        TimeSpan? duration = null, TimeSpan? every = null, SoakClock clock = SoakClock.Exposure, TimeSpan? warmup = null, params MetricSpec[] metrics) =>
        new(
            duration ?? TimeSpan.FromMinutes(15),
            every ?? TimeSpan.FromSeconds(30),
            clock,
            10,
            TimeSpan.FromHours(1),
            warmup ?? TimeSpan.Zero,
            metrics.Length > 0 ? metrics : [new MetricSpec(MetricName.Errors, 0.01, null, 0, 50)],
            FirstRelease: false);

    /// <summary>An interval passes with this traffic, then a look is taken.</summary>
    public SoakResult Pass(
        long canary, long canaryErrors, long stable, long stableErrors, double canarySeconds = 0.05, double stableSeconds = 0.05, TimeSpan? interval = null)
    {
        var buckets = (int)((interval ?? _rules.Every).TotalSeconds / 10);
        Add("canary", canary, canaryErrors, canarySeconds, Clients.Canary * buckets, Clients.Failing * buckets);
        Add("stable", stable, stableErrors, stableSeconds, Clients.Stable * buckets, 0);
        Now += interval ?? _rules.Every;
        return Last = Look();
    }

    /// <summary>The same again and again, until the soak is decided or so much time has passed.</summary>
    public SoakResult Repeat(TimeSpan atMost, Func<SoakResult> pass)
    {
        var until = Elapsed + atMost;
        do
        {
            pass();
        }
        while (Last.Verdict == Verdict.Inconclusive && Elapsed < until);

        return Last;
    }

    /// <summary>The gateway started anew.</summary>
    public void LoseCounts(string epoch)
    {
        Epoch = epoch;
        _counts["canary"] = _counts["stable"] = RevisionCounts.Zero;
    }

    public SoakResult PassBlind(string error = "connection refused")
    {
        Now += _rules.Every;
        return Last = Judge(new SoakLook(Now, "canary", "stable") { ReadingError = error, Health = Health });
    }

    public SoakResult Judge(SoakLook look)
    {
        var result = SoakJudge.Look(_rules, State, look);
        State = result.State;
        return result;
    }

    public SoakLook Seen(IReadOnlyList<string>? smoke = null, bool stopped = false) => new(Now, "canary", "stable")
    {
        Reading = new MetricReading(Epoch, Now, _counts.ToDictionary()),
        Health = Health,
        SmokeFailures = smoke,
        StableSmokeFailures = StableSmoke,
        Weight = Weight,
        ClockStopped = stopped,
    };

    public SoakResult LookWith(IReadOnlyList<string>? smoke = null, bool stopped = false)
    {
        Now += _rules.Every;
        return Last = Judge(Seen(smoke, stopped));
    }

    private SoakResult Look() => Judge(Seen());

    private void Add(string revision, long requests, long errors, double seconds, int clients, int failing)
    {
        var latency = new long[CountsLatency ? LatencyBuckets.Count : 0];
        if (CountsLatency)
        {
            latency[LatencyBuckets.IndexOf(seconds)] = requests;
        }

        _counts[revision] = _counts[revision].Plus(new RevisionCounts(requests, errors, 0, 0, latency) { ClientsSeen = clients, FailingClients = failing });
    }
}
