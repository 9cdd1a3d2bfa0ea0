using System.Globalization;

namespace Sluice.Domain.Plans;

/// <summary>Checks the values of an environment's variables, all of them at once. Pure; no message ever holds a value.</summary>
public static class VariableCheck
{
    /// <summary>One line per variable that is missing or malformed, in declared order; empty when all are right.</summary>
    /// <param name="variables">What the environment declares.</param>
    /// <param name="values">The values that could be resolved, by name; absent or null means missing.</param>
    public static IReadOnlyList<string> Check(IReadOnlyList<VariableSpec> variables, IReadOnlyDictionary<string, string?> values)
    {
        var faults = new List<string>();
        foreach (var variable in variables)
        {
            var value = values.GetValueOrDefault(variable.Name);
            if (string.IsNullOrEmpty(value))
            {
                if (variable.Required)
                {
                    faults.Add($"{variable.Name} is missing: {Source(variable)}.");
                }
            }
            else if (Malformed(variable, value) is { } expected)
            {
                faults.Add($"{variable.Name} is malformed: expected {expected} ({Source(variable)}).");
            }
        }

        return faults;
    }

    /// <summary>What was expected when the value does not have the variable's format, else null. Never holds the value.</summary>
    /// <param name="variable">What is declared.</param>
    /// <param name="value">The value, not empty.</param>
    public static string? Malformed(VariableSpec variable, string value) => variable.Format switch
    {
        VariableFormat.Url when !IsUrl(value) => "an absolute http or https URL",
        VariableFormat.PostgresUrl when !IsPostgresUrl(value) => "postgres://user@host/database",
        VariableFormat.Key when value.Length < 16 || value.Any(char.IsWhiteSpace) => "a key of 16 or more characters without blanks",
        VariableFormat.Secret when value.Length < 8 => "a secret of 8 or more characters",
        VariableFormat.Integer when !long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) => "a whole number",
        VariableFormat.Boolean when value is not ("true" or "false") => "true or false",
        VariableFormat.Enum when variable.OneOf?.Contains(value) != true => $"one of {string.Join(", ", variable.OneOf ?? [])}",
        _ when value.Contains('\0') => "text without a NUL character",
        _ => null,
    };

    private static string Source(VariableSpec variable) => variable switch
    {
        { FromSecret: { } name } => $"from the secret '{name}'",
        { FromVariable: { } name } => $"from the server's variable {name}",
        { Value: not null } => "written in the environment's file",
        _ => "no source is declared for it",
    };

    private static bool IsUrl(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https") && uri.Host.Length > 0;

    private static bool IsPostgresUrl(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var uri)
        && (uri.Scheme is "postgres" or "postgresql") && uri.Host.Length > 0 && uri.AbsolutePath.Trim('/').Length > 0;
}
