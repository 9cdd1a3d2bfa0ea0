using System.Text.RegularExpressions;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads a suite of HTTP checks.</summary>
internal static partial class SmokeFile
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    public static SmokeSuite? Read(string text, Faults faults)
    {
        if (YamlTree.Read(text, faults) is not { } root)
        {
            return null;
        }

        var fields = Fields.Of(root, faults, PlanKeys.SmokeFile);
        var within = fields.Duration("within", TimeSpan.FromMilliseconds(1), Longest) ?? Longest;
        var checks = new List<SmokeCheck>();
        foreach (var node in fields.Items("checks", "[{ path: /health }]"))
        {
            var check = Check(node, within, faults);
            if (checks.Exists(c => c.Name == check.Name))
            {
                faults.Add("duplicate-name", node, $"Two checks are called '{check.Name}'.", "give each a 'name' of its own");
            }

            checks.Add(check);
        }

        return new SmokeSuite(checks, within);
    }

    private static SmokeCheck Check(Node node, TimeSpan within, Faults faults)
    {
        var fields = Fields.Of(node, faults, PlanKeys.Check);
        var method = fields.Text("method") ?? "GET";
        if (!PlanWords.Methods.Contains(method))
        {
            faults.Add("unknown-value", fields.Where("method"), $"'{method}' is not a method.", Spelling.Suggest(method, PlanWords.Methods));
        }

        var path = fields.Text("path", "/health") ?? "/";
        if (path[0] != '/' || path.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            faults.Add("bad-path", fields.Where("path"), $"Expected an absolute path such as /health, found '{path}'.");
        }

        var body = fields.Text("body");
        if (body is not null && method is "GET" or "HEAD")
        {
            faults.Warn("odd-body", fields.Where("body"), $"A {method} with a body is refused by many servers.");
        }

        var expectNode = fields.Find("expect");
        var expect = Fields.Of(expectNode ?? new Node.Mapping($"{node.Path}.expect", node.Line, node.Column, []), faults, PlanKeys.Expect);
        var maxLatency = expect.Duration("within", TimeSpan.FromMilliseconds(1), Longest);
        if (maxLatency > within)
        {
            faults.Add("contradiction", expect.Where("within"), $"One check may take longer than the whole suite, {Durations.Format(within)}.");
        }

        var json = expect.TextsByName("json");
        foreach (var jsonPath in json.Keys.Where(p => !JsonPathPattern().IsMatch(p)))
        {
            faults.Add("bad-json-path", expect.Where("json"), $"'{jsonPath}' is not a path that is understood.", "such as $.data[0].id");
        }

        return new SmokeCheck(
            fields.Text("name") ?? $"{method} {path}",
            method,
            path,
            fields.TextsByName("headers"),
            body,
            expect.Integer("status", 100, 599) ?? 200,
            maxLatency,
            json,
            expect.TextsByName("headers"),
            expect.Text("bodyContains"));
    }

    [GeneratedRegex(@"^\$(\.[A-Za-z_][A-Za-z0-9_-]*|\[[0-9]{1,6}\])*$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex JsonPathPattern();
}
