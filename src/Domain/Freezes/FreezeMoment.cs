using System.Globalization;

namespace Sluice.Domain.Freezes;

/// <summary>A moment as a calendar has it: <c>fri 16:00</c> of every week, or <c>2026-12-19T00:00</c> once. Exactly one of day and date is set.</summary>
/// <param name="Day">Of every week; null for once.</param>
/// <param name="Date">Once; null for every week.</param>
/// <param name="Time">Of the clock on the wall.</param>
public sealed record FreezeMoment(DayOfWeek? Day, DateOnly? Date, TimeOnly Time)
{
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    private static readonly string[] Dates = ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd HH:mm", "yyyy-MM-dd"];

    /// <summary>Whether it comes every week.</summary>
    public bool IsWeekly => Day is not null;

    /// <summary>Reads a moment; null when the text is none.</summary>
    public static FreezeMoment? Parse(string? text)
    {
        text = text?.Trim();
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (DateTime.TryParseExact(text, Dates, CultureInfo.InvariantCulture, DateTimeStyles.None, out var once))
        {
            return new FreezeMoment(null, DateOnly.FromDateTime(once), TimeOnly.FromDateTime(once));
        }

        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var day = Array.IndexOf(Days, words[0].ToLowerInvariant());
        var time = TimeOnly.MinValue;
        return day >= 0
            && (words.Length == 1
                || (words.Length == 2 && TimeOnly.TryParseExact(words[1], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out time)))
            ? new FreezeMoment((DayOfWeek)day, null, time)
            : null;
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => Day is { } day
        ? $"{Days[(int)day]} {Time.ToString("HH:mm", CultureInfo.InvariantCulture)}"
        : $"{Date!.Value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}T{Time.ToString("HH:mm", CultureInfo.InvariantCulture)}";
}
