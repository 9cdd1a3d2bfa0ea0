using Sluice.Domain.Analysis;
using Sluice.Domain.Checklists;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Tests.Checklists;

/// <summary>A metric of a checklist is good within its limit, on enough requests.</summary>
public sealed class MetricThresholdTests
{
    [Theory]
    [InlineData(1000, 10, 0.01, 50, true)]
    [InlineData(1000, 11, 0.01, 50, false)]
    [InlineData(1000, 0, 0, 50, true)]
    [InlineData(50, 0, 0.01, 50, true)]
    [InlineData(49, 0, 0.01, 50, false)]
    [InlineData(0, 0, 0.01, 1, false)]
    public void Errors_are_a_fraction_of_all_requests(long requests, long errors, double limit, int minRequests, bool passed)
    {
        var item = new ChecklistItem.Metric("errors", MetricName.Errors, limit, minRequests);

        var (found, detail) = MetricThreshold.Check(item, new RevisionCounts(requests, errors, 0, 0, []));

        Assert.Equal(passed, found);
        Assert.Contains($"{requests} requests", detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MetricName.LatencyP50, 0.2, true)]
    [InlineData(MetricName.LatencyP95, 0.2, true)]
    [InlineData(MetricName.LatencyP99, 0.2, false)]
    [InlineData(MetricName.LatencyP99, 1.2, true)]
    public void Latencies_are_quantiles_of_all_requests(MetricName metric, double limit, bool passed)
    {
        // 97 answers in 0.1 s, 3 in a second.
        var latency = new long[LatencyBuckets.Count];
        latency[LatencyBuckets.IndexOf(0.1)] = 97;
        latency[LatencyBuckets.IndexOf(1)] = 3;

        var (found, _) = MetricThreshold.Check(new ChecklistItem.Metric("slow", metric, limit, 50), new RevisionCounts(100, 0, 0, 0, latency));

        Assert.Equal(passed, found);
    }

    [Fact]
    public void What_was_never_seen_or_not_measured_is_not_good()
    {
        var slow = new ChecklistItem.Metric("slow", MetricName.LatencyP99, 1, 1);

        Assert.False(MetricThreshold.Check(slow, null).Passed);
        Assert.False(MetricThreshold.Check(slow, new RevisionCounts(100, 0, 0, 0, [])).Passed);
    }
}
