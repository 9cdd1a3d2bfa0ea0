using Sluice.Domain.Analysis;

namespace Sluice.Domain.Tests.Analysis;

/// <summary>How much a service scatters is known from its counts, and before there are enough from what services usually do.</summary>
public sealed class ScatterTests
{
    [Fact]
    public void Before_anything_is_seen_it_is_what_services_usually_have() => Assert.InRange(default(Scatter).ExpectedVariation(), 0.04, 0.05);

    [Fact]
    public void Two_quiet_minutes_cannot_tell_and_half_an_hour_can()
    {
        Assert.InRange(Of(4, _ => 13).ExpectedVariation(), 0.005, 0.04);
        Assert.InRange(Of(60, i => i % 2 == 0 ? 13 + 3 : 13 - 3).ExpectedVariation(), 0, 0.005);
    }

    [Fact]
    public void Many_failures_tell_sooner()
    {
        static double Chance(int bucket, double mean) => mean + (bucket % 2 == 0 ? Math.Sqrt(mean) : -Math.Sqrt(mean));

        Assert.True(Of(6, i => Chance(i, 400)).ExpectedVariation() < Of(6, i => Chance(i, 4)).ExpectedVariation() / 4);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.3)]
    [InlineData(0.45)]
    public void Counts_that_scatter_show_by_how_much(double variation)
    {
        var scattered = Of(60, i => 400 * (1 + (i / 2 % 2 == 0 ? variation : -variation)));

        Assert.InRange(scattered.ExpectedVariation(), 0.75 * variation * variation, 1.25 * variation * variation);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e9)]
    public void Counts_without_end_or_without_events_are_no_fault(double events) => Assert.InRange(Of(60, i => i == 0 ? events : 0).ExpectedVariation(), 0, 0.36);

    private static Scatter Of(int buckets, Func<int, double> events)
    {
        var scatter = default(Scatter);
        for (var i = 0; i < buckets; i++)
        {
            scatter = scatter.Plus(events(i), 3000);
        }

        return scatter;
    }
}
