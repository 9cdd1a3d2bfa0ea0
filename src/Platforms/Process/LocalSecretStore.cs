using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Process;

/// <summary>Secrets of the embedded host: a variable of this process, else the file <c>secrets/NAME</c> of the data folder.</summary>
/// <param name="dataFolder">The data folder.</param>
public sealed class LocalSecretStore(string dataFolder) : ISecretStore
{
    /// <inheritdoc/>
    public async Task<string?> GetAsync(string name, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable(name) is { } value)
        {
            return value;
        }

        // A name is a name: no path leads out of the folder.
        var path = Path.Combine(dataFolder, "secrets", name);
        return name == Path.GetFileName(name) && name is not ("." or "..") && File.Exists(path)
            ? (await File.ReadAllTextAsync(path, cancellationToken)).TrimEnd('\r', '\n')
            : null;
    }
}
