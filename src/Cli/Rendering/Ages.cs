namespace Sluice.Cli.Rendering;

/// <summary>Times as people read them in a table.</summary>
public static class Ages
{
    /// <summary>The two largest units: <c>42s</c>, <c>3m12s</c>, <c>5h3m</c>, <c>2d4h</c>; below a second <c>0s</c>.</summary>
    public static string Short(TimeSpan age)
    {
        var seconds = Math.Max(0, (long)age.TotalSeconds);
        return seconds switch
        {
            < 60 => $"{seconds}s",
            < 3600 => Two(seconds / 60, "m", seconds % 60, "s"),
            < 86_400 => Two(seconds / 3600, "h", seconds % 3600 / 60, "m"),
            _ => Two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
        };
    }

    /// <summary>From a moment to another; a dash when either is missing.</summary>
    public static string Between(DateTimeOffset? from, DateTimeOffset? to) => from is { } start && to is { } end ? Short(end - start) : "-";

    private static string Two(long large, string unit, long small, string smallUnit) => small == 0 ? $"{large}{unit}" : $"{large}{unit}{small}{smallUnit}";
}
