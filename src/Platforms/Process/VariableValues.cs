using Sluice.Domain.Plans;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Process;

/// <summary>The values of a revision's variables. They live in memory and in the process's environment, never in a file or a message.</summary>
/// <param name="Values">By name of the variable.</param>
/// <param name="Hidden">Those that must not be shown.</param>
public sealed record VariableValues(IReadOnlyDictionary<string, string> Values, IReadOnlyList<string> Hidden)
{
    // What programs need of the machine; everything else of ours, keys above all, is none of a service's business.
    private static readonly string[] Inherited =
        ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_RUNTIME_DIR"];

    /// <summary>Looks every variable up where its specification says.</summary>
    /// <exception cref="PlatformException"><c>Invalid</c>, naming every required variable without a value; never a value.</exception>
    public static async Task<VariableValues> ResolveAsync(
        IReadOnlyList<VariableSpec> variables, ISecretStore secrets, CancellationToken cancellationToken)
    {
        var values = new Dictionary<string, string>();
        var hidden = new List<string>();
        var missing = new List<string>();
        var resolved = await new VariableSource(secrets).ResolveAsync(variables, cancellationToken);
        foreach (var variable in variables)
        {
            if (resolved[variable.Name] is { } value)
            {
                values[variable.Name] = value;
                if (variable.FromSecret is not null || variable.Format is VariableFormat.Secret or VariableFormat.Key)
                {
                    hidden.Add(value);
                }
            }
            else if (variable.Required)
            {
                missing.Add(variable switch
                {
                    { FromSecret: { } s } => $"{variable.Name} (no secret '{s}')",
                    { FromVariable: { } v } => $"{variable.Name} (no variable '{v}' in the server's environment)",
                    _ => $"{variable.Name} (no value in the environment's file)",
                });
            }
        }

        return missing.Count == 0
            ? new VariableValues(values, hidden)
            : throw new PlatformException(PlatformError.Invalid, $"required variables without a value: {string.Join(", ", missing)}.");
    }

    /// <summary>A process's whole environment: what programs need of the machine, the variables, and ours.</summary>
    internal Dictionary<string, string> ForProcess(params (string Name, string Value)[] ours)
    {
        var environment = new Dictionary<string, string>();
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            var name = (string)entry.Key;
            if (Inherited.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal) || name.StartsWith("DOTNET_", StringComparison.Ordinal))
            {
                environment[name] = (string)entry.Value!;
            }
        }

        foreach (var (name, value) in Values)
        {
            environment[name] = value;
        }

        foreach (var (name, value) in ours)
        {
            environment[name] = value;
        }

        return environment;
    }

    /// <summary>A text with every hidden value, of four characters or more, replaced.</summary>
    internal string Redact(string text) =>
        Hidden.Where(value => value.Length >= 4).Aggregate(text, (t, value) => t.Replace(value, "***", StringComparison.Ordinal));
}
