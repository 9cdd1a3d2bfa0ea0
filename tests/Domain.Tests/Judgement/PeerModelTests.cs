using Sluice.Benchmarks.Judgement;
using Sluice.Benchmarks.Judgement.Peers;

namespace Sluice.Domain.Tests.Judgement;

/// <summary>Models of other products' gates are compared with ours, so they must be right themselves.</summary>
public sealed class PeerModelTests
{
    private const int Runs = 3000;
    private const int DayRuns = 500;
    private const int Minutes = 60;

    private static readonly Runs All = new(seed: 1);

    [Fact]
    public void Each_model_gives_its_published_row_within_two_points()
    {
        foreach (var row in PublishedRows.All)
        {
            var (share, minutes) = row.Measure(All, row.World.Minutes > Minutes ? DayRuns : Runs);

            Assert.True(
                Math.Abs(share.Value - row.Published) <= PublishedRows.Tolerance,
                $"{row.Gate.Name}, {row.Case}: {share}, published {Share.Text(row.Published)}");
            if (row.PublishedMinutes is { } published)
            {
                Assert.Equal(published, minutes, tolerance: 0.4);
            }
        }
    }

    [Fact]
    public void Points_that_depend_on_each_other_mislead_the_rank_test_as_published()
    {
        foreach (var row in CorrelatedPoints.All)
        {
            Assert.Equal(row.Published, row.Measure(All, row.Looks == 1 ? 2 * Runs : DayRuns).Value, PublishedRows.Tolerance);
        }
    }
}
