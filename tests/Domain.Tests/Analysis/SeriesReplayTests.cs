using System.Globalization;
using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Domain.Tests.Plans;

namespace Sluice.Domain.Tests.Analysis;

public sealed class SeriesReplayTests
{
    private static readonly Plan Plan = PlanCompiler.Compile(Example.Bundle).Plan!;

    [Fact]
    public void A_release_with_many_more_errors_would_have_been_rolled_back()
    {
        var verdict = SeriesReplay.Run(Plan, "production", Rows("600,30,5400,27"), []);

        Assert.Equal((Verdict.Fail, "soak 15m"), (verdict.Verdict, verdict.Step));
        Assert.InRange(verdict.Exposure, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10));
        Assert.NotEmpty(verdict.Measurements);
    }

    [Fact]
    public void A_release_like_the_one_before_would_have_passed_its_soak_and_the_hold_was_not_recorded()
    {
        var verdict = SeriesReplay.Run(Plan, "production", Rows("600,3,5400,27"), []);

        Assert.Equal((Verdict.Inconclusive, "hold 1h"), (verdict.Verdict, verdict.Step));
    }

    [Fact]
    public void A_plan_that_looks_at_no_traffic_decides_nothing() =>
        Assert.Null(SeriesReplay.Run(Plan, "staging", Rows("600,3,5400,27"), []).Step);

    [Fact]
    public void Every_fault_of_a_table_is_told_with_its_line()
    {
        var faults = SeriesFile.Read("minute,canaryRequests,canaryErrors,stableRequests,stableErrors\n1,10,0,90,0\n1,10,0,90,0\n3,x,0,90,0\n4,1,2,90,0\n").Faults;
        var heading = SeriesFile.Read("minute,canaryRequest\n").Faults;

        Assert.Equal([(3, "bad-order"), (4, "bad-number"), (5, "bad-counts")], faults.Select(f => (f.Line, f.Code)));
        Assert.Contains(heading, f => f.Suggestion == "did you mean 'canaryRequests'?");
        Assert.Equal("empty", Assert.Single(SeriesFile.Read("").Faults).Code);
    }

    private static IReadOnlyList<SeriesRow> Rows(string minute) => SeriesFile.Read(
        "minute,canaryRequests,canaryErrors,stableRequests,stableErrors\n"
        + string.Concat(Enumerable.Range(0, 30).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i},{minute}\n")))).Value!;
}
