using System.Text.RegularExpressions;

namespace Sluice.Catalog.Identity;

/// <summary>Which model a measurement is of, and how hard the model was made to think. Slugs do not say it: they are handed on to other models.</summary>
/// <param name="Key">As <see cref="ModelIdentity.Key"/>.</param>
/// <param name="Effort">What stood in parentheses about the effort, such as <c>xhigh</c>.</param>
public readonly partial record struct BenchmarkName(string Key, string? Effort)
{
    private static readonly string[] Efforts =
        ["reasoning", "effort", "high", "low", "medium", "minimal", "xhigh", "max", "thinking", "fallback"];

    /// <summary>Reads a display name.</summary>
    public static BenchmarkName Of(string name)
    {
        List<string> efforts = [];
        var rest = name.Trim();
        while (LastParentheses().Match(rest) is { Success: true } found
            && Efforts.Any(effort => found.Groups["text"].Value.Contains(effort, StringComparison.OrdinalIgnoreCase)))
        {
            efforts.Insert(0, found.Groups["text"].Value);
            rest = rest[..found.Index].TrimEnd();
        }

        var key = ModelIdentity.Of(rest.Replace(' ', '-'), provider: "").Key;
        return new BenchmarkName(key, efforts.Count == 0 ? null : string.Join(", ", efforts));
    }

    [GeneratedRegex(@"\((?<text>[^()]*)\)$", RegexOptions.None, 1000)]
    private static partial Regex LastParentheses();
}
