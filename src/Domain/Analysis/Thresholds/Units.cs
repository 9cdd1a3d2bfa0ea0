using System.Globalization;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Analysis.Thresholds;

/// <summary>Numbers with units, as conditions write them and messages show them.</summary>
internal static class Units
{
    private static readonly Dictionary<string, double> Bytes = new(StringComparer.Ordinal)
    {
        ["B"] = 1,
        ["kB"] = 1e3,
        ["MB"] = 1e6,
        ["GB"] = 1e9,
        ["TB"] = 1e12,
        ["KiB"] = 1024,
        ["MiB"] = 1048576,
        ["GiB"] = 1073741824,
        ["TiB"] = 1099511627776,
    };

    /// <summary>Reads a number in the unit of a metric.</summary>
    /// <returns>The value in that unit; or the problem, and what to write instead.</returns>
    public static (double Value, string? Problem, string? Suggestion) Read(string text, MetricUnit unit)
    {
        if (Plain(text) is { } plain)
        {
            return (plain, null, null);
        }

        var (kind, value) = Quantity(text);
        if (kind is null)
        {
            return (0, $"'{text}' is not a number.", "such as 0.05, 5%, 500ms or 2GiB");
        }

        double? converted = (kind, unit) switch
        {
            ("a share", MetricUnit.Ratio) => value / 100,
            ("a share", MetricUnit.Percent) => value,
            ("a growth", MetricUnit.RatioPerHour) => value / 100,
            ("a time", MetricUnit.Seconds) => value,
            ("a time", MetricUnit.Milliseconds) => value * 1000,
            ("a size", MetricUnit.Bytes) => value,
            _ => null,
        };
        return converted is { } fitting ? (fitting, null, null)
            : unit == MetricUnit.Number ? (0, $"'{text}' is {kind}, and the metric says no unit.", $"add 'unit: {Words(kind)}', or leave the unit out")
            : (0, $"'{text}' is {kind}, and the metric is in {Name(unit)}.", $"write it in {Name(unit)}");
    }

    /// <summary>A value as people read it.</summary>
    public static string Show(double value, MetricUnit unit) => !double.IsFinite(value) ? value.ToString(CultureInfo.InvariantCulture) : unit switch
    {
        MetricUnit.Ratio => Text(value * 100, " %"),
        MetricUnit.Percent => Text(value, " %"),
        MetricUnit.RatioPerHour => Text(value * 100, " %/h"),
        MetricUnit.Seconds => Math.Abs(value) is > 0 and < 1 ? Text(value * 1000, " ms") : Text(value, " s"),
        MetricUnit.Milliseconds => Text(value, " ms"),
        MetricUnit.Bytes => Size(value),
        _ => Text(value, ""),
    };

    /// <summary>A unit as plans write it.</summary>
    public static string Name(MetricUnit unit) => unit switch
    {
        MetricUnit.Ratio => "ratio",
        MetricUnit.Percent => "percent",
        MetricUnit.RatioPerHour => "ratio-per-hour",
        MetricUnit.Seconds => "seconds",
        MetricUnit.Milliseconds => "milliseconds",
        MetricUnit.Bytes => "bytes",
        _ => "number",
    };

    private static (string? Kind, double Value) Quantity(string text)
    {
        if (text.EndsWith("%/h", StringComparison.Ordinal) && Plain(text[..^3]) is { } growth)
        {
            return ("a growth", growth);
        }

        if (text.EndsWith('%') && Plain(text[..^1]) is { } share)
        {
            return ("a share", share);
        }

        if (Durations.TryParse(text, out var duration))
        {
            return ("a time", duration.TotalSeconds);
        }

        var digits = text.Length;
        while (digits > 0 && char.IsAsciiLetter(text[digits - 1]))
        {
            digits--;
        }

        return Plain(text[..digits]) is not { } number ? (null, 0)
            : Bytes.TryGetValue(text[digits..], out var factor) ? ("a size", number * factor)
            : text[digits..] switch
            {
                "ms" => ("a time", number / 1000),
                "s" => ("a time", number),
                "m" => ("a time", number * 60),
                "h" => ("a time", number * 3600),
                "d" => ("a time", number * 86400),
                _ => (null, 0),
            };
    }

    private static double? Plain(string text)
    {
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, style, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;
    }

    private static string Words(string kind) => kind switch { "a share" => "ratio", "a growth" => "ratio-per-hour", "a time" => "seconds", _ => "bytes" };

    private static string Size(double value) => Math.Abs(value) switch
    {
        >= 1073741824 => Text(value / 1073741824, " GiB"),
        >= 1048576 => Text(value / 1048576, " MiB"),
        >= 1024 => Text(value / 1024, " KiB"),
        _ => Text(value, " B"),
    };

    private static string Text(double value, string unit) =>
        value.ToString(Math.Abs(value) is > 0 and < 0.01 ? "0.####" : "0.##", CultureInfo.InvariantCulture) + unit;
}
