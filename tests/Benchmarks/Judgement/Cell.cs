using Sluice.Benchmarks.Judgement.Traffic;

namespace Sluice.Benchmarks.Judgement;

/// <summary>One figure of the table: a plan, what it meets, and what is required.</summary>
/// <param name="Name">In words; part of each run's seed.</param>
/// <param name="Plan">What is run.</param>
/// <param name="Conditions">What it meets.</param>
internal sealed record Cell(string Name, Rollout Plan, Conditions Conditions)
{
    /// <summary>A release is found by being rolled back after <see cref="Conditions.Onset"/>; an unchanged one is rolled back wrongly.</summary>
    public bool IsBad => Conditions.ErrorRatio > MaxHarmless || Conditions.LatencyRatio > MaxHarmless;

    /// <summary>What is required; nothing where a figure only informs.</summary>
    public Requirement[] Requirements { get; init; } = [];

    /// <summary>Why so little can be asked of it; null where all can.</summary>
    public string? Remark { get; init; }

    private const double MaxHarmless = 1.1;

    /// <summary>Seconds before which nothing may be learned: the warm-up.</summary>
    private const int Warmup = 120;

    /// <summary>Runs it.</summary>
    public CellResult Measure(Runs runs, int count)
    {
        var outcomes = runs.Of(Name, count, draw => Plan.Run(Conditions, draw));
        var begin = Math.Max(Warmup, (int)Conditions.Onset.TotalSeconds);
        var hits = outcomes.Where(o => o.End == End.RolledBack && (!IsBad || o.Seconds >= Conditions.Onset.TotalSeconds)).ToList();
        return new CellResult(
            this,
            new Share(hits.Count, count),
            hits.Count == 0 ? double.NaN : hits.Average(o => (o.Seconds - begin) / 60.0),
            new Share(outcomes.Count(o => o.End == End.Stuck), count),
            new Share(outcomes.Count(o => o.SawStableDegraded), count),
            [.. outcomes.Where(o => o.End != End.Promoted).GroupBy(o => Cause(o.Reason)).OrderByDescending(g => g.Count()).Select(g => $"{g.Count()} × {g.First().Reason}")]);
    }

    /// <summary>The part of a reason that does not hold figures.</summary>
    private static string Cause(string reason) => string.Concat(reason.Where(c => !char.IsDigit(c) && c != '.'));
}

/// <summary>What a cell came to.</summary>
/// <param name="Cell">Which.</param>
/// <param name="Hits">Rolled back.</param>
/// <param name="Minutes">Of exposure after the warm-up, or after the release became bad, to the rollback, mean.</param>
/// <param name="Stuck">Neither passed nor failed.</param>
/// <param name="StableDegraded">Said "stable degraded too" at least once.</param>
/// <param name="Reasons">Why, most frequent first.</param>
internal sealed record CellResult(Cell Cell, Share Hits, double Minutes, Share Stuck, Share StableDegraded, IReadOnlyList<string> Reasons)
{
    /// <summary>The bound that says how sure it is: upper for wrong rollbacks, lower for found releases.</summary>
    public double Bound => Cell.IsBad ? Hits.Lower : Hits.Upper;

    public bool IsMet => Cell.Requirements.All(r => r.IsMet(this));
}

/// <param name="Text">In words.</param>
/// <param name="IsMet">Of the result.</param>
internal sealed record Requirement(string Text, Func<CellResult, bool> IsMet)
{
    /// <summary>Wrong rollbacks: the upper 95 % bound is at most 1 %.</summary>
    public static Requirement Harmless { get; } = new("upper ≤ 1 %", r => r.Hits.Upper <= 0.01);

    /// <summary>The same where there are too few runs to prove it: they do not prove the contrary.</summary>
    public static Requirement NotHarmful { get; } = new("lower ≤ 1 %", r => r.Hits.Lower <= 0.01);

    /// <summary>Found in at least so many of all runs.</summary>
    public static Requirement Found(double share) => new($"≥ {share * 100:0} %", r => r.Hits.Value >= share);

    /// <summary>Found within so many minutes on average.</summary>
    public static Requirement Within(double minutes) => new($"mean ≤ {minutes:0}", r => r.Minutes <= minutes);

    /// <summary>The reason is given that stable is degraded, too.</summary>
    public static Requirement SaysStableDegraded { get; } = new("says \"stable degraded\"", r => r.StableDegraded.Value >= 0.95);
}
