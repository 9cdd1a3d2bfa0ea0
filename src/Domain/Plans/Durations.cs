using System.Globalization;
using System.Text;

namespace Sluice.Domain.Plans;

/// <summary>Durations as people write them: <c>500ms</c>, <c>30s</c>, <c>15m</c>, <c>1h30m</c>, <c>2d</c>.</summary>
public static class Durations
{
    private static readonly (string Unit, long Milliseconds)[] Units =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    /// <summary>Reads a duration: whole numbers with units, each unit once, largest first.</summary>
    /// <returns>False for anything else, the empty text and a bare number included.</returns>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (string.IsNullOrWhiteSpace(text))
        {
            return false;
        }

        long total = 0;
        var next = 0;
        var rest = text.AsSpan().Trim();
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0 or > 12)
            {
                return false;
            }

            var number = long.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            rest = rest[digits..];
            var letters = rest.IndexOfAnyInRange('0', '9');
            var unit = letters < 0 ? rest : rest[..letters];
            rest = rest[unit.Length..];
            var found = -1;
            for (var i = next; i < Units.Length; i++)
            {
                if (unit.SequenceEqual(Units[i].Unit))
                {
                    found = i;
                }
            }

            if (found < 0 || number > TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond / Units[found].Milliseconds / 8)
            {
                return false;
            }

            total += number * Units[found].Milliseconds;
            next = found + 1;
        }

        duration = TimeSpan.FromMilliseconds(total);
        return true;
    }

    /// <summary>Writes a duration as <see cref="TryParse"/> reads it; below a millisecond is cut off, zero is <c>0s</c>, a negative one has a minus.</summary>
    public static string Format(TimeSpan duration)
    {
        var left = (long)Math.Abs(duration.TotalMilliseconds);
        if (left == 0)
        {
            return "0s";
        }

        var text = new StringBuilder(duration < TimeSpan.Zero ? "-" : "");
        foreach (var (unit, milliseconds) in Units)
        {
            if (left >= milliseconds)
            {
                text.Append(left / milliseconds).Append(unit);
                left %= milliseconds;
            }
        }

        return text.ToString();
    }
}
