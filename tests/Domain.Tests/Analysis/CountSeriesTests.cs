using Sluice.Domain.Analysis;

namespace Sluice.Domain.Tests.Analysis;

public sealed class CountSeriesTests
{
    private static readonly DateTimeOffset Start = new(2027, 1, 4, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Every_count_comes_back()
    {
        var numbers = 1000L;
        var counts = new RevisionCounts(0, 0, 0, 0, [.. Enumerable.Range(0, LatencyBuckets.Count).Select(i => i % 3 == 0 ? i * 1000L : 0)]);
        foreach (var property in typeof(RevisionCounts).GetProperties().Where(p => p.PropertyType == typeof(long) && p.CanWrite))
        {
            property.SetValue(counts, numbers++);
        }

        counts = counts with { FreshRequests = [5, 4, 3], FreshErrors = [1, 0, 2] };

        SeriesRow[] rows =
        [
            new(Start, Start.AddMinutes(1), counts, RevisionCounts.Zero),
            new(Start.AddMinutes(5), Start.AddMinutes(6), RevisionCounts.Zero, counts),
        ];

        var read = CountSeries.Read(CountSeries.Write(rows));

        Assert.Equal(rows.Select(r => (r.From, r.To)), read.Select(r => (r.From, r.To)));
        Same(counts, read[0].Canary);
        Same(counts, read[1].Stable);
        Same(RevisionCounts.Zero, read[1].Canary);
    }

    [Fact]
    public void Half_minutes_become_minutes_and_a_day_fits()
    {
        var row = new RevisionCounts(3_000, 15, 0, 0, [.. Enumerable.Range(0, LatencyBuckets.Count).Select(i => i is > 40 and < 75 ? 97L + (i * 7 % 13) : 0)]);
        var halves = Enumerable.Range(0, 120).Select(i => new SeriesRow(Start.AddSeconds(i * 30), Start.AddSeconds((i + 1) * 30), row, row)).ToList();
        var day = Enumerable.Range(0, 1440).Select(i => new SeriesRow(Start.AddMinutes(i), Start.AddMinutes(i + 1), Noisy(i), Noisy(-i))).ToList();

        var hour = CountSeries.Read(CountSeries.Write(halves));
        var text = CountSeries.Write(day);

        Assert.Equal(60, hour.Count);
        Assert.Equal(6_000, hour[7].Canary.Requests);
        Assert.InRange(text.Length, 1_000, CountSeries.MaxCharacters);
        Assert.Equal(day.Sum(r => r.Canary.Errors), CountSeries.Read(text).Sum(r => r.Canary.Errors));

        RevisionCounts Noisy(int seed)
        {
            var random = new Random(seed);
            return new RevisionCounts(random.Next(10_000), random.Next(100), 0, 0, [.. row.Latency.Select(c => c == 0 ? 0 : (long)random.Next(500))]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(200)]
    public void A_log_writes_what_its_rows_are(int count)
    {
        var random = new Random(count);
        var (rows, at) = (new List<SeriesRow>(), Start);
        for (var i = 0; i < count; i++)
        {
            // Some follow each other within a minute, some after a gap.
            var from = at.AddSeconds(random.Next(3) == 0 ? random.Next(600) : 0);
            at = from.AddSeconds(random.Next(1, 90));
            rows.Add(new SeriesRow(
                from, at, new RevisionCounts(random.Next(5000), random.Next(50), 0, 0, [.. Enumerable.Range(0, 40).Select(_ => (long)random.Next(3))]), RevisionCounts.Zero));
        }

        var log = new CountLog();
        rows.ForEach(log.Add);

        Assert.Equal(count == 0 ? "" : CountSeries.Write(rows), log.Write());
        Assert.Equal(log.Write(), log.Write());
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("not base64!")]
    public void What_is_something_else_is_refused(string text) => Assert.Throws<FormatException>(() => CountSeries.Read(text));

    private static void Same(RevisionCounts expected, RevisionCounts actual)
    {
        foreach (var property in typeof(RevisionCounts).GetProperties().Where(p => p.PropertyType == typeof(long)))
        {
            Assert.Equal(property.GetValue(expected), property.GetValue(actual));
        }

        Assert.Equal(3, typeof(RevisionCounts).GetProperties().Count(p => p.PropertyType == typeof(IReadOnlyList<long>)));
        Assert.Equal(expected.FreshRequests, actual.FreshRequests);
        Assert.Equal(expected.FreshErrors, actual.FreshErrors);
        Assert.Equal(expected.Latency.Concat(Enumerable.Repeat(0L, LatencyBuckets.Count - expected.Latency.Count)), actual.Latency);
    }
}
