using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sluice.Domain.Plans;

/// <summary>What the arguments in queries stand for.</summary>
/// <param name="Revision">The revision that is judged.</param>
/// <param name="Stable">The one beside it; null when there is none.</param>
/// <param name="Environment">The environment's name.</param>
/// <param name="Service">The service's name.</param>
public sealed record QueryArguments(string Revision, string? Stable, string Environment, string Service)
{
    /// <summary>The names, as they stand between braces.</summary>
    public static IReadOnlyList<string> Names { get; } = ["revision", "stable", "environment", "service"];

    /// <summary>The same question asked of stable.</summary>
    public QueryArguments OfStable => this with { Revision = Stable ?? Revision };

    /// <summary>The value; null for an unknown name.</summary>
    public string? Of(string name) => name switch
    {
        "revision" => Revision,
        "stable" => Stable ?? "",
        "environment" => Environment,
        "service" => Service,
        _ => null,
    };
}

/// <summary>
/// Queries with their arguments: <c>{revision}</c> and the others are filled in as values, escaped for the place they stand in, so that no
/// value can change what is asked.
/// </summary>
public static partial class QueryText
{
    /// <summary>Fills a PromQL query. Arguments stand inside quotes; after <c>=~</c> and <c>!~</c> they match themselves only.</summary>
    public static string FillPromQl(string query, QueryArguments arguments)
    {
        var text = new StringBuilder();
        foreach (var (part, quote, matches) in Parts(query))
        {
            text.Append(quote is '"' or '\''
                ? ArgumentPattern().Replace(part, m => arguments.Of(m.Groups["name"].Value) is { } value ? Escape(value, quote, matches) : m.Value)
                : part);
        }

        return text.ToString();
    }

    /// <summary>Fills a URL; values are percent-encoded.</summary>
    public static string FillUrl(string url, QueryArguments arguments) =>
        ArgumentPattern().Replace(url, m => arguments.Of(m.Groups["name"].Value) is { } value ? Uri.EscapeDataString(value) : m.Value);

    /// <summary>Fills a JSON path; arguments stand inside <c>['…']</c>.</summary>
    /// <returns>Null when a value holds a quote, which a path cannot name.</returns>
    public static string? FillPath(string path, QueryArguments arguments)
    {
        var filled = ArgumentPattern().Replace(path, m => arguments.Of(m.Groups["name"].Value) is { } value ? value : m.Value);
        return filled.Count(c => c == '\'') == path.Count(c => c == '\'') ? filled : null;
    }

    /// <summary>The arguments a query asks for, with their places from 0, known or not.</summary>
    public static IReadOnlyList<(string Name, int At)> Arguments(string query) =>
        [.. ArgumentPattern().Matches(query).Select(m => (m.Groups["name"].Value, m.Index))];

    /// <summary>What is certainly wrong with a PromQL query; the server knows the rest.</summary>
    /// <returns>The place from 0, the fault and what to write instead; null when nothing is.</returns>
    internal static (int At, string Fault, string? Suggestion)? CheckPromQl(string query)
    {
        var open = new Stack<(char Bracket, int At)>();
        var at = 0;
        foreach (var (part, quote, _) in Parts(query))
        {
            if (quote == '\0')
            {
                for (var i = 0; i < part.Length; i++)
                {
                    if (part[i] is '(' or '[' or '{')
                    {
                        open.Push((part[i], at + i));
                    }
                    else if (part[i] is ')' or ']' or '}' && (open.Count == 0 || open.Pop().Bracket != (part[i] switch { ')' => '(', ']' => '[', _ => '{' })))
                    {
                        return (at + i, $"'{part[i]}' closes nothing.", null);
                    }
                }

                if (ArgumentPattern().Match(part) is { Success: true } bare)
                {
                    return (at + bare.Index, $"'{bare.Value}' stands outside quotes.", $"as a label's value: label=\"{bare.Value}\"");
                }
            }
            else if (part.Length < 2 || part[^1] != quote)
            {
                return (at, "A quote is not closed.", null);
            }
            else if (quote == '`' && ArgumentPattern().Match(part) is { Success: true } raw)
            {
                return (at + raw.Index, $"'{raw.Value}' stands in back quotes, where nothing can be escaped.", "use double quotes");
            }

            at += part.Length;
        }

        if (open.TryPop(out var left))
        {
            return (left.At, $"'{left.Bracket}' is not closed.", null);
        }

        var trimmed = query.Trim();
        return trimmed.EndsWith(']') ? (0, "The query asks for a range of samples; a condition needs numbers.", "wrap it: rate(...), increase(...), max_over_time(...)")
            : trimmed is ['"' or '\'' or '`', ..] ? (0, "The query is a text; a condition needs numbers.", null)
            : null;
    }

    /// <summary>The widest window in brackets, such as the <c>5m</c> of <c>rate(x[5m])</c>; null when there is none.</summary>
    internal static (int At, string Text, TimeSpan Length)? WidestWindow(string query)
    {
        (int At, string Text, TimeSpan Length)? widest = null;
        foreach (Match match in WindowPattern().Matches(query))
        {
            if (Durations.TryParse(match.Groups["length"].Value, out var length) && length > (widest?.Length ?? TimeSpan.Zero))
            {
                widest = (match.Index, match.Groups["length"].Value, length);
            }
        }

        return widest;
    }

    private static string Escape(string value, char quote, bool matches)
    {
        var text = new StringBuilder();
        foreach (var c in value)
        {
            if (matches && c is '\\' or '.' or '+' or '*' or '?' or '(' or ')' or '|' or '[' or ']' or '{' or '}' or '^' or '$')
            {
                text.Append("\\\\");
            }

            text.Append(c switch
            {
                '\\' => "\\\\",
                '\n' => "\\n",
                _ when c == quote => "\\" + c,
                _ when char.IsControl(c) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }

        return text.ToString();
    }

    /// <summary>The query in pieces: outside quotes (quote is NUL), and each quoted text with its quotes and whether it is a pattern.</summary>
    private static IEnumerable<(string Text, char Quote, bool Matches)> Parts(string query)
    {
        var start = 0;
        for (var i = 0; i < query.Length; i++)
        {
            var quote = query[i];
            if (quote is not ('"' or '\'' or '`'))
            {
                continue;
            }

            if (i > start)
            {
                yield return (query[start..i], '\0', false);
            }

            var end = i + 1;
            while (end < query.Length && query[end] != quote)
            {
                end += query[end] == '\\' && quote != '`' ? 2 : 1;
            }

            end = Math.Min(end + 1, query.Length);
            var before = query.AsSpan(0, i).TrimEnd();
            yield return (query[i..end], quote, before.EndsWith("=~") || before.EndsWith("!~"));
            start = end;
            i = end - 1;
        }

        if (start < query.Length)
        {
            yield return (query[start..], '\0', false);
        }
    }

    [GeneratedRegex(@"\{(?<name>[a-z]+)\}", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ArgumentPattern();

    [GeneratedRegex(@"\[\s*(?<length>([0-9]+(ms|[smhd]))+)\s*(:[^\]]*)?\]", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex WindowPattern();
}
