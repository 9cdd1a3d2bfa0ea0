using System.Globalization;
using Sluice.Domain.Freezes;

namespace Sluice.Domain.Tests.Freezes;

/// <summary>Windows by the clock on the wall, also on the nights on which that clock jumps.</summary>
public sealed class FreezeCalendarTests
{
    [Theory]
    [InlineData("fri 16:00", "mon 08:00", "2026-06-05T13:59:59Z", null)]
    [InlineData("fri 16:00", "mon 08:00", "2026-06-05T14:00:00Z", "2026-06-08T06:00:00Z")]
    [InlineData("fri 16:00", "mon 08:00", "2026-06-07T22:30:00Z", "2026-06-08T06:00:00Z")]
    [InlineData("fri 16:00", "mon 08:00", "2026-06-08T05:59:59Z", "2026-06-08T06:00:00Z")]
    [InlineData("fri 16:00", "mon 08:00", "2026-06-08T06:00:00Z", null)]
    [InlineData("mon 08:00", "fri 16:00", "2026-06-10T12:00:00Z", "2026-06-12T14:00:00Z")]
    // The whole week but one hour.
    [InlineData("fri 16:00", "fri 15:00", "2026-06-05T12:59:59Z", "2026-06-05T13:00:00Z")]
    [InlineData("fri 16:00", "fri 15:00", "2026-06-05T13:30:00Z", null)]
    [InlineData("2026-12-19T00:00", "2027-01-04T06:00", "2026-12-18T22:59:59Z", null)]
    [InlineData("2026-12-19T00:00", "2027-01-04T06:00", "2026-12-18T23:00:00Z", "2027-01-04T05:00:00Z")]
    [InlineData("2026-12-19T00:00", "2027-01-04T06:00", "2027-01-04T05:00:00Z", null)]
    public void A_window_is_in_force_from_its_first_moment_until_its_last(string from, string to, string at, string? until) =>
        Check("Europe/Berlin", from, to, at, until);

    [Theory]
    // Berlin, 29 March 2026: 02:00 to 03:00 does not exist; 01:00Z is 03:00 there.
    [InlineData("sun 02:30", "sun 06:00", "2026-03-29T00:59:59Z", null)]
    [InlineData("sun 02:30", "sun 06:00", "2026-03-29T01:00:00Z", "2026-03-29T04:00:00Z")]
    [InlineData("sat 22:00", "sun 02:30", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z")]
    [InlineData("sat 22:00", "sun 02:30", "2026-03-29T01:00:00Z", null)]
    // A weekend across it is an hour shorter.
    [InlineData("fri 18:00", "mon 08:00", "2026-03-27T17:00:00Z", "2026-03-30T06:00:00Z")]
    [InlineData("fri 18:00", "mon 08:00", "2026-03-30T06:00:00Z", null)]
    public void In_the_gap_of_spring_a_moment_is_the_first_after_it(string from, string to, string at, string? until) =>
        Check("Europe/Berlin", from, to, at, until);

    [Theory]
    // Berlin, 25 October 2026: 02:00 to 03:00 comes twice, from 00:00Z and from 01:00Z.
    [InlineData("sun 02:30", "sun 06:00", "2026-10-25T00:29:59Z", null)]
    [InlineData("sun 02:30", "sun 06:00", "2026-10-25T00:30:00Z", "2026-10-25T05:00:00Z")]
    [InlineData("sat 22:00", "sun 02:30", "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z")]
    [InlineData("sat 22:00", "sun 02:30", "2026-10-25T01:29:59Z", "2026-10-25T01:30:00Z")]
    [InlineData("sat 22:00", "sun 02:30", "2026-10-25T01:30:00Z", null)]
    [InlineData("fri 18:00", "mon 08:00", "2026-10-26T06:59:59Z", "2026-10-26T07:00:00Z")]
    public void In_the_overlap_of_autumn_a_window_is_the_longer_one(string from, string to, string at, string? until) =>
        Check("Europe/Berlin", from, to, at, until);

    [Theory]
    // New York changes in other weeks, Lord Howe by half an hour, Apia skipped a whole day.
    [InlineData("America/New_York", "sun 02:15", "sun 04:00", "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z")]
    [InlineData("Australia/Lord_Howe", "sun 02:15", "sun 04:00", "2026-10-03T15:30:00Z", "2026-10-03T17:00:00Z")]
    [InlineData("Pacific/Apia", "2011-12-30T12:00", "2011-12-31T06:00", "2011-12-30T10:00:00Z", "2011-12-30T16:00:00Z")]
    [InlineData("UTC", "sun 02:15", "sun 04:00", "2026-03-29T02:15:00Z", "2026-03-29T04:00:00Z")]
    public void Every_zone_has_its_own_changes(string zone, string from, string to, string at, string until) => Check(zone, from, to, at, until);

    [Fact]
    public void A_weekly_window_is_in_force_once_a_week_for_as_long_as_its_clock_says()
    {
        var window = Window("Europe/Berlin", "fri 16:00", "mon 08:00");
        var minutes = Enumerable.Range(0, 366 * 24 * 60 / 10)
            .Count(i => FreezeCalendar.EndOf(window, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(i * 10)) is not null) * 10;

        // 52 weekends of 64 h; one is an hour shorter, one an hour longer. 2026 ends within the one of 1 January 2027.
        Assert.InRange(minutes / 60.0, (52 * 64) - 1, (52 * 64) + 9);
    }

    [Fact]
    public void Only_the_environments_it_names_are_held_and_the_window_that_ends_last_is_first()
    {
        var windows = new[]
        {
            Window("UTC", "mon 00:00", "tue 00:00") with { Name = "short" },
            Window("UTC", "mon 00:00", "wed 00:00") with { Name = "long", Environments = ["production"] },
        };
        var monday = new DateTimeOffset(2026, 6, 8, 12, 0, 0, TimeSpan.Zero);

        Assert.Equal(["long", "short"], FreezeCalendar.InForce(windows, "production", monday).Select(f => f.Name));
        Assert.Equal(["short"], FreezeCalendar.InForce(windows, "staging", monday).Select(f => f.Name));
        Assert.Empty(FreezeCalendar.InForce(windows, "production", monday.AddDays(3)));
    }

    [Theory]
    [InlineData("Mars/Olympus", "fri 16:00", "mon 08:00", "timeZone")]
    [InlineData("W. Europe Standard Time", "fri 16:00", "mon 08:00", "timeZone")]
    [InlineData("UTC", "friday 16:00", "mon 08:00", "from")]
    [InlineData("UTC", "fri 25:00", "mon 08:00", "from")]
    [InlineData("UTC", "fri 16:00", null, "to")]
    [InlineData("UTC", "fri 16:00", "2026-12-19", "to")]
    [InlineData("UTC", "fri 16:00", "fri 16:00", "to")]
    [InlineData("UTC", "2026-12-19", "2026-12-18", "to")]
    public void What_is_wrong_is_named(string zone, string from, string? to, string member)
    {
        var faults = new FreezeWindowText { Name = "w", TimeZone = zone, From = from, To = to }.Read(out var window);

        Assert.Null(window);
        Assert.Equal(member, Assert.Single(faults).Member);
    }

    private static void Check(string zone, string from, string to, string at, string? until) => Assert.Equal(
        until is null ? null : DateTimeOffset.Parse(until, CultureInfo.InvariantCulture),
        FreezeCalendar.EndOf(Window(zone, from, to), DateTimeOffset.Parse(at, CultureInfo.InvariantCulture)));

    private static FreezeWindow Window(string zone, string from, string to)
    {
        Assert.Empty(new FreezeWindowText { Name = "w", TimeZone = zone, From = from, To = to }.Read(out var window));
        return window!;
    }
}
