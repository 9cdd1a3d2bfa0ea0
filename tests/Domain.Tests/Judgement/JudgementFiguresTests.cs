using Sluice.Benchmarks.Judgement;
using Sluice.Benchmarks.Judgement.Traffic;

namespace Sluice.Domain.Tests.Judgement;

/// <summary>
/// A short run of the judgement benchmark with a fixed seed: enough to see a judge that has become worse, not to prove how good it is.
/// </summary>
public sealed class JudgementFiguresTests
{
    private const int MinutesRuns = 300;
    private const int HoursRuns = 12;
    private const int EveryTenth = 10;
    private const ulong Seed = 1;

    // So much later than the mean that is required may the mean of a few runs be.
    private const double Slack = 0.5;

    private readonly Runs _runs = new(Seed);

    [Fact]
    public void Unchanged_releases_are_not_rolled_back_within_minutes() =>
        AssertHarmless([.. Cells.Unchanged15Minutes, Cells.Outage, Cells.ColdStart], MinutesRuns);

    [Fact]
    public void Unchanged_releases_are_not_rolled_back_within_a_day() =>
        AssertHarmless([.. Cells.Unchanged24Hours, Cells.SmallShift], HoursRuns);

    [Fact]
    public void Bad_releases_are_found_in_time()
    {
        foreach (var cell in Cells.Bad)
        {
            var result = cell.Measure(_runs, cell.Conditions.Onset > TimeSpan.Zero ? HoursRuns : MinutesRuns);

            // Both are true of a judge that meets the requirement of the table.
            Assert.True(cell.Requirements.All(r => r.IsMet(result with { Hits = new Share(AtBest(result.Hits), result.Hits.Of), Minutes = result.Minutes - Slack })), Say(result));
        }
    }

    [Fact]
    public void Whoever_sends_the_requests_an_unchanged_release_stays_and_one_with_four_times_the_errors_does_not()
    {
        foreach (var row in Matrix.Rows.Where(r => r.Conditions.Clients is 1 or 20 or 200 or 5_000))
        {
            AssertHarmless([row.Minutes], MinutesRuns / 10);
            var bad = row.Bad.Measure(_runs, MinutesRuns / 10);
            Assert.True(row.Bad.Requirements.Length == 0 || bad.Hits.Upper >= 0.99, Say(bad));
        }
    }

    [Fact]
    public void Of_the_corpus_the_good_stay_and_the_bad_that_can_be_seen_do_not()
    {
        var result = Corpus.Run("canary", JudgedPlans.Corpus[0].Plan, Seed, EveryTenth);

        Assert.Equal(1, result.Precision.Value);
        Assert.True(result.Recall.Upper >= 0.99, $"{result.Recall.Count} of {result.Recall.Of} were found.");
    }

    [Fact]
    public void Runs_are_the_same_on_however_many_processors()
    {
        var conditions = new Conditions { FrailtyCv = 0.5, LatencyJitter = 0.05, Failures = Failures.Bursts, ErrorRatio = 2 };
        var plan = JudgedPlans.Soaks("15m", 10);

        var together = _runs.Of("repeated", 8, draw => plan.Run(conditions, draw));
        var alone = Enumerable.Range(0, 8).Select(i => plan.Run(conditions, new Draw(Seed, "repeated", i)));

        Assert.Equal(alone, together);
    }

    /// <summary>The upper bound of how many it might be in the long run.</summary>
    private static int AtBest(Share share) => (int)Math.Ceiling(share.Upper * share.Of);

    private static string Say(CellResult result) => $"{result.Cell.Name}: {result.Hits.Count} of {result.Hits.Of}, mean {result.Minutes:0.0} min; {string.Join("; ", result.Reasons.Take(3))}";

    private void AssertHarmless(IReadOnlyList<Cell> cells, int count)
    {
        foreach (var result in cells.Select(c => c.Measure(_runs, count)))
        {
            // So many of so few would be unlikely if it were 1 % of all.
            Assert.True(result.Hits.Lower <= 0.01, Say(result));
        }
    }
}
