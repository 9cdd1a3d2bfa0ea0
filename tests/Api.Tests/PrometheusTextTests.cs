using Sluice.Api.Health;

namespace Sluice.Api.Tests;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Counters_and_histograms_are_written_as_Prometheus_reads_them()
    {
        var text = PrometheusText.Write(
        [
            new("requests_total", "Requests.", FigureKind.Counter, [new Sample(3, [("revision", "a\"b\\c\nd")])]),
            new("duration_seconds", "Time.", FigureKind.Histogram, [new Sample(1, [("revision", "v2"), ("le", "0.1")]), new Sample(2.5e9, [("revision", "v2"), ("le", "+Inf")])]),
            new("sized_seconds", "Time.", FigureKind.Histogram, [new Sample(2, [("le", "+Inf")], Sum: 0.5)]),
        ]);

        Assert.Equal(
            """
            # HELP requests_total Requests.
            # TYPE requests_total counter
            requests_total{revision="a\"b\\c\nd"} 3
            # HELP duration_seconds Time.
            # TYPE duration_seconds histogram
            duration_seconds_bucket{revision="v2",le="0.1"} 1
            duration_seconds_bucket{revision="v2",le="+Inf"} 2500000000
            duration_seconds_count{revision="v2"} 2500000000
            # HELP sized_seconds Time.
            # TYPE sized_seconds histogram
            sized_seconds_bucket{le="+Inf"} 2
            sized_seconds_count 2
            sized_seconds_sum 0.5

            """.ReplaceLineEndings("\n"),
            text);
    }
}
