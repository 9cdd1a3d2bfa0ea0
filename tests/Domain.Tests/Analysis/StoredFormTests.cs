using System.Text.Json;
using Sluice.Domain.Analysis;

namespace Sluice.Domain.Tests.Analysis;

/// <summary>What a soak carries is stored small, and read as it was.</summary>
public sealed class StoredFormTests
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public static TheoryData<long[]> Histograms => new((long[][])[[], [0, 0, 0], [5], [0, 0, 3, 0, 17, 0], [.. Enumerable.Repeat(1L, LatencyBuckets.Count)]]);

    [Theory]
    [MemberData(nameof(Histograms))]
    public void Latencies_come_back_but_for_the_empty_buckets_at_the_end(long[] latency)
    {
        var read = Again(new RevisionCounts(9, 1, 0, 0, latency) { ClientsSeen = 4 });

        Assert.Equal(latency.Concat(new long[LatencyBuckets.Count - latency.Length]), read.Latency.Concat(new long[LatencyBuckets.Count - read.Latency.Count]));
        Assert.Equal((9, 1, 4), (read.Requests, read.Errors, read.ClientsSeen));
    }

    [Fact]
    public void Only_the_buckets_between_the_first_and_the_last_that_are_not_empty_are_written() =>
        Assert.Contains(
            """
            "latency":{"from":2,"counts":[3,0,17]}
            """,
            JsonSerializer.Serialize(new RevisionCounts(20, 0, 0, 0, [0, 0, 3, 0, 17, 0, 0]), Web),
            StringComparison.Ordinal);

    [Fact]
    public void Plain_arrays_are_read_too()
    {
        var counts = JsonSerializer.Deserialize<RevisionCounts>("""{"requests":3,"latency":[0,1,2]}""", Web)!;
        var masses = JsonSerializer.Deserialize<SequentialState>("""{"masses":[0.25,1e-300]}""", Web)!;

        Assert.Equal([0L, 1, 2], counts.Latency);
        Assert.Equal([0.25, 1e-300], masses.Masses);
    }

    [Fact]
    public void Counts_that_begin_outside_the_buckets_are_refused() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<RevisionCounts>("""{"latency":{"from":500000000,"counts":[1]}}""", Web));

    [Fact]
    public void A_test_goes_on_from_what_was_stored_as_if_it_never_had_been()
    {
        var (kept, stored) = (new Sequential(100), new Sequential(100));
        for (var i = 0; i < 50; i++)
        {
            kept.Add(i % 3, 100, 2, 900);
            stored = new Sequential(Again(stored.ToState()));
            stored.Add(i % 3, 100, 2, 900);
        }

        Assert.Equal((kept.E, kept.HighestE, kept.Unspent), (stored.E, stored.HighestE, stored.Unspent));
    }

    private static T Again<T>(T value) => JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(value, Web), Web)!;
}
