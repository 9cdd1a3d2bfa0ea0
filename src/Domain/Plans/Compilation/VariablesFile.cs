using System.Text.RegularExpressions;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads <c>environment.NAME.yaml</c>: the variables of one environment, each with format and source.</summary>
internal static partial class VariablesFile
{
    private static readonly string[] SourceKeys = ["value", "fromVariable", "fromSecret"];

    public static IReadOnlyList<VariableSpec>? Read(string text, Faults faults)
    {
        if (YamlTree.Read(text, faults) is not { } root)
        {
            return null;
        }

        var fields = Fields.Of(root, faults, PlanKeys.VariablesFile);
        return fields.Find("variables", "{ LOG_LEVEL: { value: info } }") is { } node
            ? [.. Fields.Of(node, faults).Entries.Select(entry => Variable(entry, faults)).OfType<VariableSpec>()]
            : [];
    }

    private static VariableSpec? Variable(Node.Entry entry, Faults faults)
    {
        var name = entry.Key.Text;
        if (!NamePattern().IsMatch(name))
        {
            faults.Add("bad-name", entry.Key, $"'{name}' cannot be the name of an environment variable.", "letters, digits and '_', not a digit first");
        }

        if (entry.Value is Node.Scalar { IsNull: false })
        {
            faults.Add("wrong-type", entry.Value, "Expected a mapping, found a bare value.", $"{name}: {{ value: ... }}, or fromSecret for a secret");
            return null;
        }

        var fields = Fields.Of(entry.Value, faults, PlanKeys.Variable);
        var format = fields.Word("format", PlanWords.Formats);
        var required = fields.Boolean("required") ?? true;
        var spec = new VariableSpec(
            name,
            required,
            format ?? VariableFormat.Text,
            fields.Has("value") ? Literal(fields) : null,
            Named(fields, "fromVariable", NamePattern(), faults),
            Named(fields, "fromSecret", SecretPattern(), faults),
            fields.Has("oneOf") ? fields.Texts("oneOf", "[info, debug]") : null);
        fields.Text("description");
        CheckSource(spec, fields, faults);
        CheckLiteral(spec, fields, faults);

        if (spec.Format == VariableFormat.Enum && spec.OneOf is null)
        {
            faults.Add("missing-key", fields.At, "An enum needs the list of its values.", "add 'oneOf: [a, b]'");
        }
        else if (spec.OneOf is not null && format is not null and not VariableFormat.Enum)
        {
            faults.Add("contradiction", fields.Where("oneOf"), "'oneOf' is for the format enum only.", "write 'format: enum'");
        }

        // A list of values says what the format is.
        return spec.OneOf is not null && format is null ? spec with { Format = VariableFormat.Enum } : spec;
    }

    private static string? Literal(Fields fields) =>
        fields.Find("value") is Node.Scalar { Text: var text } ? text : fields.Text("value");

    private static string? Named(Fields fields, string key, Regex pattern, Faults faults)
    {
        var name = fields.Text(key);
        if (name is not null && !pattern.IsMatch(name))
        {
            faults.Add("bad-name", fields.Where(key), $"Expected the name of a {(key == "fromSecret" ? "secret" : "variable")}, not its value.");
            return null;
        }

        return name;
    }

    private static void CheckSource(VariableSpec spec, Fields fields, Faults faults)
    {
        var sources = SourceKeys.Where(fields.Has).ToList();
        if (sources.Count > 1)
        {
            faults.Add("several-sources", fields.At, $"{spec.Name} has {sources.Count} sources: {string.Join(", ", sources)}.", "keep one");
        }
        else if (sources.Count == 0 && spec.Required)
        {
            var secret = spec.Format is VariableFormat.Secret or VariableFormat.Key;
            faults.Add(
                "no-source", fields.At, $"{spec.Name} is required and nothing says where its value comes from.",
                secret ? "add 'fromSecret: NAME'" : "add one of value, fromVariable, fromSecret");
        }
    }

    private static void CheckLiteral(VariableSpec spec, Fields fields, Faults faults)
    {
        if (!fields.Has("value"))
        {
            return;
        }

        if (spec.Format is VariableFormat.Secret or VariableFormat.Key)
        {
            faults.Add("literal-secret", fields.Where("value"), $"{spec.Name} is a secret: its value must not be in a file.", "use 'fromSecret: NAME'");
        }
        else if (spec.Value is { Length: > 0 } value && spec.Format != VariableFormat.Enum && VariableCheck.Malformed(spec, value) is { } expected)
        {
            faults.Add("bad-value", fields.Where("value"), $"Expected {expected}, found another value.");
        }
        else if (spec.OneOf is { Count: > 0 } allowed && !allowed.Contains(spec.Value))
        {
            faults.Add("bad-value", fields.Where("value"), $"Expected one of {string.Join(", ", allowed)}, found another value.");
        }
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,127}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex SecretPattern();
}
