namespace Sluice.Cli.Rendering;

/// <summary>A table of plain text: columns as wide as their widest cell, two blanks between.</summary>
public static class TextTable
{
    /// <summary>The lines, heading first.</summary>
    public static IReadOnlyList<string> Render(IReadOnlyList<string> heading, IEnumerable<IReadOnlyList<string>> rows)
    {
        var all = new List<IReadOnlyList<string>> { heading };
        all.AddRange(rows);
        var widths = Enumerable.Range(0, heading.Count).Select(column => all.Max(row => row[column].Length)).ToList();
        return [.. all.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd())];
    }
}
