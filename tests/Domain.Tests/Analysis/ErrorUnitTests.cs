using Sluice.Domain.Analysis;

namespace Sluice.Domain.Tests.Analysis;

/// <summary>Which window makes a request fresh. Counts are 10,000 requests of stable and 1,000 of the canary, per window of 1 s, 10 s, 1 min, 10 min, 1 h.</summary>
public sealed class ErrorUnitTests
{
    private const int TenSeconds = 1;
    private const int Minute = 2;
    private const int Hour = 4;
    private const double Requests = 10_000;
    private static readonly FreshCounts Quiet = new([990, 980, 900, 800, 700], [0, 0, 0, 0, 0]);

    // 200 clients, each failing now and then: who failed within the minute fails as often as anybody, 1 in 200.
    private static readonly FreshCounts Independent = new([9_990, 9_760, 8_000, 2_500, 0], [50, 49, 40, 12, 0]);

    [Fact]
    public void Without_clients_all_requests_count()
    {
        Assert.Null(ErrorUnit.Choose(null, Requests, FreshCounts.None, FreshCounts.None, sticky: true));
        Assert.Null(ErrorUnit.Choose(null, Requests, FreshCounts.None, FreshCounts.None, sticky: false));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_thousands_of_clients_each_counts_once_an_hour(bool sticky) =>
        Assert.Equal(Hour, ErrorUnit.Choose(null, Requests, new([9_999, 9_998, 9_990, 9_900, 9_500], [50, 50, 50, 50, 48]), Quiet, sticky));

    [Fact]
    public void Routed_by_themselves_nine_tenths_of_the_requests_are_fresh_or_all_count()
    {
        Assert.Equal(TenSeconds, ErrorUnit.Choose(null, Requests, Independent, Quiet, sticky: false));
        Assert.Equal(0, ErrorUnit.Choose(null, Requests, new([7_600, 2_000, 0, 0, 0], [40, 10, 0, 0, 0]), Quiet, sticky: false));
        Assert.Null(ErrorUnit.Choose(null, Requests, new([7_000, 2_000, 0, 0, 0], [40, 10, 0, 0, 0]), Quiet, sticky: false));
    }

    [Fact]
    public void The_window_in_use_is_not_left_for_a_trifle()
    {
        var border = new FreshCounts([9_990, 9_700, 7_400, 2_000, 0], [5, 5, 4, 1, 0]);

        Assert.Equal(TenSeconds, ErrorUnit.Choose(null, Requests, border, Quiet, sticky: true));
        Assert.Equal(Minute, ErrorUnit.Choose(Minute, Requests, border, Quiet, sticky: true));
    }

    [Fact]
    public void Sticky_clients_who_fail_no_more_often_than_before_are_counted_in_a_shorter_window_once_that_is_seen()
    {
        Assert.Equal(Minute, ErrorUnit.Choose(Minute, Requests, new([9_990, 9_760, 8_000, 2_500, 0], [40, 38, 31, 8, 0]), Quiet, sticky: true));
        Assert.Equal(TenSeconds, ErrorUnit.Choose(Minute, Requests, Independent, Quiet, sticky: true));
    }

    [Fact]
    public void A_release_that_fails_four_times_as_often_for_everybody_does_not_change_that() =>
        Assert.Equal(TenSeconds, ErrorUnit.Choose(Minute, Requests, Independent, new([990, 910, 560, 10, 0], [20, 18, 11, 0, 0]), sticky: true));

    [Theory]
    [InlineData(16, 0)]
    [InlineData(9, 8)]
    public void Sticky_clients_who_go_on_failing_keep_the_longer_window_whichever_revision_has_them(int again, int ofCanary)
    {
        var stable = Independent with { Errors = [50 + again, 40 + again, 40, 12, 0] };
        var canary = Quiet with { Errors = [ofCanary + 4, ofCanary + 4, 4, 0, 0] };

        Assert.Equal(Minute, ErrorUnit.Choose(Minute, Requests, stable, canary, sticky: true));
    }

    [Fact]
    public void A_broken_client_of_twenty_is_counted_once_even_where_only_half_of_the_requests_stay_fresh()
    {
        var stable = new FreshCounts([9_750, 5_900, 800, 0, 0], [49, 30, 4, 0, 0]);
        var broken = new FreshCounts([670, 400, 60, 0, 0], [14, 2, 0, 0, 0]);

        Assert.Equal(0, ErrorUnit.Choose(0, Requests, stable, new([980, 600, 80, 0, 0], [5, 3, 0, 0, 0]), sticky: true));
        Assert.Equal(TenSeconds, ErrorUnit.Choose(0, Requests, stable, broken, sticky: true));
    }
}
