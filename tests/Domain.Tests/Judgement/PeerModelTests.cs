using Sluice.Benchmarks.Judgement;
using Sluice.Benchmarks.Judgement.Peers;

namespace Sluice.Domain.Tests.Judgement;

/// <summary>Models of other products' gates are compared with ours, so they must be right themselves.</summary>
public sealed class PeerModelTests
{
    private const int Runs = 6000;
    private const int DayRuns = 1000;
    private const int Minutes = 60;

    private readonly Runs _runs = new(seed: 1);

    [Fact]
    public void Each_model_gives_its_published_rows_within_two_points()
    {
        var wrong =
            from row in PublishedRows.All
            let share = row.Measure(_runs, row.World.Minutes > Minutes ? DayRuns : Runs).Share
            where Math.Abs(share.Value - row.Published) > PublishedRows.Tolerance
            select $"{row.Gate.Name}, {row.Case}: {share}, published {Share.Text(row.Published)}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void Detection_takes_as_long_as_was_published()
    {
        foreach (var row in PublishedRows.All.Where(r => r.PublishedMinutes is not null))
        {
            Assert.Equal(row.PublishedMinutes!.Value, row.Measure(_runs, Runs).Minutes, tolerance: 0.3);
        }
    }

    [Fact]
    public void Points_that_depend_on_each_other_mislead_the_rank_test_as_published()
    {
        foreach (var row in CorrelatedPoints.All)
        {
            Assert.Equal(row.Published, row.Measure(_runs, DayRuns).Value, PublishedRows.Tolerance);
        }
    }
}
