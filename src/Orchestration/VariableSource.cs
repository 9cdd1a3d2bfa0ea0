using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration;

/// <summary>Finds the values of an environment's variables, inside the activity or adapter that needs them. They go nowhere else.</summary>
/// <param name="secrets">Where <c>fromSecret</c> names are looked up.</param>
/// <param name="serverVariable">Where <c>fromVariable</c> names are looked up; the process environment by default.</param>
public sealed class VariableSource(ISecretStore secrets, Func<string, string?>? serverVariable = null)
{
    private readonly Func<string, string?> _serverVariable = serverVariable ?? Environment.GetEnvironmentVariable;

    /// <summary>Values by name; null for those without one.</summary>
    public async Task<IReadOnlyDictionary<string, string?>> ResolveAsync(
        IReadOnlyList<VariableSpec> variables, CancellationToken cancellationToken)
    {
        var values = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var variable in variables)
        {
            values[variable.Name] = await ResolveAsync(variable, cancellationToken);
        }

        return values;
    }

    /// <summary>The value of one variable, or null.</summary>
    public async Task<string?> ResolveAsync(VariableSpec variable, CancellationToken cancellationToken) => variable switch
    {
        { Value: { } literal } => literal,
        { FromVariable: { } name } => _serverVariable(name),
        { FromSecret: { } name } => await secrets.GetAsync(name, cancellationToken),
        _ => null,
    };
}
