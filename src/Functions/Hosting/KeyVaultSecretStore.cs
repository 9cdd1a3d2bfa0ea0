using Azure;
using Azure.Security.KeyVault.Secrets;
using Sluice.Orchestration.Ports;

namespace Sluice.Functions.Hosting;

/// <summary>Secrets by name: app settings first (which may be Key Vault references), then the vault that the settings name.</summary>
/// <param name="vault">The vault; null for none.</param>
internal sealed class KeyVaultSecretStore(SecretClient? vault) : ISecretStore
{
    // Settings of the host and of Sluice hold keys that no plan may name.
    private static readonly string[] Reserved = ["SLUICE_", "AzureWebJobs", "WEBSITE_", "FUNCTIONS_", "APPLICATIONINSIGHTS_", "APPSETTING_", "IDENTITY_", "MSI_"];

    /// <remarks>A vault's names have letters, digits and dashes; underscores and dots of ours are dashes there.</remarks>
    /// <exception cref="PlatformException"><c>Invalid</c> for a setting of the host, <c>Unauthorized</c> when the app's identity may not read, <c>Unreachable</c> when the vault does not answer.</exception>
    public async Task<string?> GetAsync(string name, CancellationToken cancellationToken)
    {
        if (Reserved.FirstOrDefault(r => name.StartsWith(r, StringComparison.OrdinalIgnoreCase)) is { } prefix)
        {
            throw new PlatformException(PlatformError.Invalid, $"'{name}' is no secret of a service: names that begin with {prefix} are this host's own settings.");
        }

        if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
        {
            return value;
        }

        if (vault is null)
        {
            return null;
        }

        try
        {
            return (await vault.GetSecretAsync(name.Replace('_', '-').Replace('.', '-'), cancellationToken: cancellationToken)).Value.Value;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
        catch (RequestFailedException e) when (e.Status is 401 or 403)
        {
            throw new PlatformException(
                PlatformError.Unauthorized, $"{vault.VaultUri} does not let this app read '{name}' ({e.ErrorCode}): give its identity the role Key Vault Secrets User.", e);
        }
        catch (Exception e) when (e is RequestFailedException or Azure.Identity.AuthenticationFailedException)
        {
            throw new PlatformException(PlatformError.Unreachable, $"{vault.VaultUri} does not answer for '{name}': {e.Message.Split('\n')[0]}", e);
        }
    }
}
