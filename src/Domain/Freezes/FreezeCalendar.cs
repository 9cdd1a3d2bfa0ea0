namespace Sluice.Domain.Freezes;

/// <summary>
/// Which windows are in force. Times are of the clock on the wall of their zone; where that clock jumps, a window is read as the longer
/// one: a moment that is skipped is the first after the gap, one that comes twice begins with the first and ends with the second.
/// </summary>
/// <remarks>
/// It reads the time zones of the machine, which change with its updates: activities call it, orchestrators do not.
/// </remarks>
public static class FreezeCalendar
{
    private const int DaysOfWeek = 7;

    // A zone that crosses the date line skips a day.
    private const int LongestGapMinutes = 25 * 60;

    /// <summary>The windows that hold an environment at a moment, the one that ends last first.</summary>
    /// <param name="windows">All of them.</param>
    /// <param name="environment">Which.</param>
    /// <param name="at">When.</param>
    public static IReadOnlyList<FreezeInForce> InForce(IEnumerable<FreezeWindow> windows, string environment, DateTimeOffset at) =>
    [
        .. windows
            .Where(w => w.Environments.Count == 0 || w.Environments.Contains(environment))
            .Select(w => EndOf(w, at) is { } until ? new FreezeInForce(w.Name, until, w.OnStart, w.OnRunning, w.OverrideBy) : null)
            .OfType<FreezeInForce>()
            .OrderByDescending(f => f.Until).ThenBy(f => f.Name, StringComparer.Ordinal),
    ];

    /// <summary>The end of the window, when it is in force at a moment; null when it is not.</summary>
    public static DateTimeOffset? EndOf(FreezeWindow window, DateTimeOffset at)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(window.TimeZone);
        foreach (var (from, to) in Occurrences(window, TimeZoneInfo.ConvertTime(at, zone).DateTime))
        {
            var end = Instant(to, zone, last: true);
            if (Instant(from, zone, last: false) <= at && at < end)
            {
                return end;
            }
        }

        return null;
    }

    /// <summary>Whether the machine knows a zone by this IANA name.</summary>
    public static bool KnowsZone(string name) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId && !name.Contains(' ', StringComparison.Ordinal);

    // By the clock on the wall. A week has room for one occurrence, and it may have begun in the week before.
    private static IEnumerable<(DateTime From, DateTime To)> Occurrences(FreezeWindow window, DateTime local)
    {
        if (window.From.Date is { } first && window.To.Date is { } last)
        {
            yield return (first.ToDateTime(window.From.Time), last.ToDateTime(window.To.Time));
            yield break;
        }

        var (fromDay, toDay) = (window.From.Day!.Value, window.To.Day!.Value);
        var length = window.To.Time - TimeOnly.MinValue - (window.From.Time - TimeOnly.MinValue)
            + TimeSpan.FromDays((toDay - fromDay + DaysOfWeek) % DaysOfWeek);
        length += length <= TimeSpan.Zero ? TimeSpan.FromDays(DaysOfWeek) : TimeSpan.Zero;
        var begin = local.Date.AddDays(-(((int)local.DayOfWeek - (int)fromDay + DaysOfWeek) % DaysOfWeek)) + window.From.Time.ToTimeSpan();
        foreach (var weeks in (int[])[-1, 0, 1])
        {
            var from = begin.AddDays(weeks * DaysOfWeek);
            yield return (from, from + length);
        }
    }

    private static DateTimeOffset Instant(DateTime local, TimeZoneInfo zone, bool last)
    {
        for (var minutes = 0; zone.IsInvalidTime(local) && minutes < LongestGapMinutes; minutes++)
        {
            local = local.AddMinutes(1);
        }

        var offset = !zone.IsAmbiguousTime(local) ? zone.GetUtcOffset(local)
            : last ? zone.GetAmbiguousTimeOffsets(local).Min()
            : zone.GetAmbiguousTimeOffsets(local).Max();
        return new DateTimeOffset(DateTime.SpecifyKind(local, DateTimeKind.Unspecified), offset).ToUniversalTime();
    }
}
