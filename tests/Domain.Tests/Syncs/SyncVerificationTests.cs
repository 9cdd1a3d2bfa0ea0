using Sluice.Domain.Plans;
using Sluice.Domain.Syncs;

namespace Sluice.Domain.Tests.Syncs;

/// <summary>Which syncs are good, which are not, and until when one is waited for.</summary>
public sealed class SyncVerificationTests
{
    private static readonly DateTimeOffset Began = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly SyncWindow Window = new(Began, Began.AddSeconds(20));
    private static readonly TimeSpan SixHours = TimeSpan.FromHours(6);
    private static readonly DateTimeOffset Second = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_first_has_a_minute_from_readiness_and_the_others_from_one_moment_of_the_grid_to_a_third_of_the_interval_after_it_was_due()
    {
        var first = Assert.IsType<SyncVerdict.Waiting>(Judge(At(25)));
        Assert.Equal((Began.AddSeconds(20), Began.AddSeconds(80)), (first.NotBefore, first.Due));

        var second = Assert.IsType<SyncVerdict.Waiting>(Judge(At(60), Run(1, At(30))));
        Assert.Equal((Second, At(30) + TimeSpan.FromHours(8)), (second.NotBefore, second.Due));
        Assert.Single(second.Good);

        var third = Assert.IsType<SyncVerdict.Waiting>(Judge(Second.AddSeconds(30), Run(2, Second), Run(1, At(30))));
        Assert.Equal((Second + SixHours, Second + TimeSpan.FromHours(8)), (third.NotBefore, third.Due));

        var passed = Assert.IsType<SyncVerdict.Passed>(Judge(Second.AddHours(7), Run(1, At(30)), Run(2, Second), Run(3, Second + SixHours)));
        Assert.Equal("run-3 completed in 10s, 100 rows", passed.Good[2]);
    }

    [Fact]
    public void A_look_that_comes_late_judges_as_one_in_time()
    {
        SyncSeen[] runs = [Run(1, At(30)), Run(2, Second), Run(3, Second + SixHours), Run(4, Second + (2 * SixHours))];

        Assert.IsType<SyncVerdict.Passed>(Judge(Second.AddDays(3), runs));
    }

    [Fact]
    public void What_does_not_come_or_does_not_end_has_failed()
    {
        Failed(Judge(At(81)), "the 1st sync should have ended by 2026-03-02 09:01:20Z, and has not begun");
        Failed(Judge(At(81), Run(1, At(70)) with { EndedAt = null }), "the 1st sync, run-1, is still under way after 11s; it should have ended by 2026-03-02 09:01:20Z");
        Failed(Judge(At(91), Run(1, At(30)) with { EndedAt = null }), "still under way after 1m1s");
        Assert.IsType<SyncVerdict.Waiting>(Judge(At(79), Run(1, At(30)) with { EndedAt = null }));
        Failed(Judge(At(30) + TimeSpan.FromHours(8.1), Run(1, At(30))), "the 2nd sync should have ended by 2026-03-02 17:00:30Z");
        Failed(Judge(At(100), Run(1, At(30)) with { EndedAt = At(81) }), "ended at 2026-03-02 09:01:21Z, later than 2026-03-02 09:01:20Z");
    }

    [Fact]
    public void A_schedule_that_is_off_is_not_waited_for()
    {
        var off = new SyncSighting(false, null, []);

        Failed(SyncVerification.Judge(Step(), Window, off, At(25)), "the 1st sync never comes: the schedule is off");
        Failed(SyncVerification.Judge(Step(), Window, off with { Runs = [Run(1, At(30))] }, At(60)), "the 2nd sync never comes: the schedule is off");
    }

    [Fact]
    public void Each_criterion_counts()
    {
        var good = Run(1, At(30));
        Failed(Judge(At(60), good with { Status = "failed", Errors = ["nearai: away"] }), "the 1st sync, run-1, ended as 'failed': nearai: away");
        Failed(Judge(At(60), good with { Status = "partial" }), "is partial");
        Failed(Judge(At(60), good with { Fetched = 0 }), "fetched 0 rows, fewer than 1");
        Failed(One(good with { EndedAt = At(75) }, new SyncCriteria(TimeSpan.FromSeconds(40), 1, null, false)), "took 45s, longer than 40s");
        Failed(One(good with { Quarantined = 4 }, new SyncCriteria(TimeSpan.FromMinutes(1), 1, 3, false)), "did not believe 4 rows, more than 3");

        Assert.IsType<SyncVerdict.Passed>(One(good with { Status = "partial", Quarantined = 3 }, new SyncCriteria(TimeSpan.FromMinutes(1), 100, 3, true)));
    }

    [Fact]
    public void Runs_by_hand_and_those_before_are_not_counted()
    {
        var verdict = Judge(At(60), Run(9, Began.AddSeconds(-1)) with { Status = "failed" }, Run(8, At(25)) with { StartedBy = "ana", Status = "failed" }, Run(1, At(30)) with { StartedBy = null });

        Assert.StartsWith("run-1 ", Assert.Single(Assert.IsType<SyncVerdict.Waiting>(verdict).Good), StringComparison.Ordinal);
    }

    [Fact]
    public void The_plans_own_grace_holds_instead_of_a_third()
    {
        var step = Step() with { Grace = TimeSpan.FromMinutes(5) };

        var waiting = Assert.IsType<SyncVerdict.Waiting>(SyncVerification.Judge(step, Window, new SyncSighting(true, SixHours, [Run(1, At(30))]), At(60)));

        Assert.Equal(At(30) + SixHours + TimeSpan.FromMinutes(5), waiting.Due);
    }

    private static void Failed(SyncVerdict verdict, string reason) => Assert.Contains(reason, Assert.IsType<SyncVerdict.Failed>(verdict).Reason, StringComparison.Ordinal);

    private static SyncVerdict Judge(DateTimeOffset now, params SyncSeen[] runs) => SyncVerification.Judge(Step(), Window, new SyncSighting(true, SixHours, runs), now);

    private static SyncVerdict One(SyncSeen run, SyncCriteria criteria) =>
        SyncVerification.Judge(Step() with { Runs = 1, Criteria = criteria }, Window, new SyncSighting(true, SixHours, [run]), At(80));

    private static Step.VerifySync Step() => new(
        SyncKind.Prices, new HttpAccess("https://ops.example"), 3, SyncMoment.Deployed, TimeSpan.FromMinutes(1), null,
        new SyncCriteria(TimeSpan.FromMinutes(1), 1, null, Partial: false), SyncFailureAction.Rollback);

    private static SyncSeen Run(int n, DateTimeOffset at) => new($"run-{n}", "completed", "schedule", at, at.AddSeconds(10), 100, 0, []);

    private static DateTimeOffset At(double seconds) => Began.AddSeconds(seconds);
}
