using Sluice.Benchmarks.Judgement.Traffic;

namespace Sluice.Benchmarks.Judgement;

/// <summary>
/// A thousand releases, 700 good and 300 bad, through a whole plan. Every parameter is in the table below; which values a release gets is
/// drawn from the seed.
/// </summary>
internal static class Corpus
{
    /// <summary>A bad release counts for recall when the watch sees at least so many failures or slow requests too many.</summary>
    public const double Enough = 60;

    private const double LowestBase = 0.0005;
    private const double HighestBase = 0.02;
    private const double HighestNoise = 0.1;
    private const double HighestJitter = 0.05;
    private const double Frailty = 0.3;
    private static readonly double[] RequestsPerSecond = [5, 20, 100, 500];

    /// <summary>What kinds of releases there are, and how many of each.</summary>
    public static IReadOnlyList<Kind> Kinds { get; } =
    [
        new("unchanged", 100, IsBad: false, (c, _) => c),
        new("frailty CV 0.3", 100, IsBad: false, (c, _) => c with { FrailtyCv = Frailty }),
        new("correlated noise, sd ≤ 10 %", 100, IsBad: false, (c, d) => c with { NoiseSd = d.Between(0, HighestNoise) }),
        new("cold start of 2 min", 100, IsBad: false, (c, _) => c with { ColdStart = true }),
        new("shared outage", 100, IsBad: false, (c, _) => c with { Outage = true }),
        new("errors × 1–1.05", 100, IsBad: false, (c, d) => c with { ErrorRatio = d.Between(1, 1.05) }),
        new("bursts with client ids", 100, IsBad: false, (c, _) => c with { Failures = Failures.Bursts }),
        new("errors × 2–10", 200, IsBad: true, (c, d) => c with { ErrorRatio = d.LogBetween(2, 10) }),
        new("latency × 1.3–3", 70, IsBad: true, (c, d) => c with { LatencyRatio = d.LogBetween(1.3, 3) }),
        new("half or more fail", 30, IsBad: true, (c, d) => c with { ErrorRatio = d.Between(0.5, 1) / c.ErrorRate }),
    ];

    /// <summary>The thousand releases of a seed.</summary>
    public static IReadOnlyList<Release> Releases(ulong seed)
    {
        var releases = new List<Release>();
        foreach (var kind in Kinds)
        {
            for (var i = 0; i < kind.Count; i++)
            {
                var draw = new Draw(seed, $"corpus {kind.Name}", i);
                releases.Add(new Release(kind, kind.Make(Any(draw), draw)));
            }
        }

        return releases;
    }

    /// <summary>Runs them.</summary>
    /// <param name="name">The plan's name; part of the seed.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="seed">Of parameters and runs.</param>
    /// <param name="every">One release of so many.</param>
    public static CorpusResult Run(string name, Rollout plan, ulong seed, int every = 1)
    {
        var releases = Releases(seed).Where((_, i) => i % every == 0).ToList();
        var outcomes = new Runs(seed).Of($"corpus {name}", releases.Count, (draw, i) => plan.Run(releases[i].Conditions, draw));
        return new CorpusResult(name, [.. releases.Zip(outcomes, (r, o) => new Judged(r, o, plan.ToldExcess(r.Conditions), plan.ExpectedExcess(r.Conditions)))]);
    }

    private static Conditions Any(Draw draw) => new()
    {
        RequestsPerSecond = RequestsPerSecond[draw.Index(RequestsPerSecond.Length)],
        ErrorRate = draw.LogBetween(LowestBase, HighestBase),
        FrailtyCv = draw.Uniform() < 0.5 ? 0 : Frailty,
        LatencyJitter = draw.Between(0, HighestJitter),
    };

    /// <param name="Name">In words.</param>
    /// <param name="Count">How many of them.</param>
    /// <param name="IsBad">Whether they ought to be rolled back.</param>
    /// <param name="Make">What makes them so.</param>
    internal sealed record Kind(string Name, int Count, bool IsBad, Func<Conditions, Draw, Conditions> Make);

    /// <param name="Kind">Of which kind.</param>
    /// <param name="Conditions">What it is run in.</param>
    internal sealed record Release(Kind Kind, Conditions Conditions);

    /// <param name="Release">Which.</param>
    /// <param name="Outcome">How it ended.</param>
    /// <param name="Excess">X: failures or slow requests too many that the whole watch can tell from stable's, expected.</param>
    /// <param name="AllExcess">The same with those that it sees and cannot tell.</param>
    internal sealed record Judged(Release Release, Outcome Outcome, double Excess, double AllExcess)
    {
        public bool IsRolledBack => Outcome.End == End.RolledBack;

        /// <summary>Whether it counts for recall.</summary>
        public bool Counts => Release.Kind.IsBad && Excess >= Enough;
    }
}

/// <summary>What a plan made of the corpus.</summary>
internal sealed record CorpusResult(string Plan, IReadOnlyList<Corpus.Judged> All)
{
    private IEnumerable<Corpus.Judged> RolledBack => All.Where(j => j.IsRolledBack);

    /// <summary>Bad ones among those that were rolled back.</summary>
    public Share Precision => new(RolledBack.Count(j => j.Release.Kind.IsBad), RolledBack.Count());

    /// <summary>Rolled back among the bad ones that count.</summary>
    public Share Recall => Of(j => j.Counts);

    /// <summary>Rolled back among those with so many too many, whether or not they can be told.</summary>
    public Share RecallOfAll => Of(j => j.Release.Kind.IsBad && j.AllExcess >= Corpus.Enough);

    /// <summary>Bad ones that count and were not found.</summary>
    public IEnumerable<Corpus.Judged> Missed => All.Where(j => j.Counts && !j.IsRolledBack);

    /// <summary>Bad ones that do not count and were not found.</summary>
    public IEnumerable<Corpus.Judged> TooSmall => All.Where(j => j.Release.Kind.IsBad && !j.Counts && !j.IsRolledBack);

    public Share Of(Func<Corpus.Judged, bool> which)
    {
        var some = All.Where(which).ToList();
        return new Share(some.Count(j => j.IsRolledBack), some.Count);
    }

    public Share Of(Corpus.Kind kind) => Of(j => j.Release.Kind == kind);
}
