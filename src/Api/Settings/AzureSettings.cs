namespace Sluice.Api.Settings;

/// <summary>What only the Azure host can be told; section <c>Azure</c>.</summary>
public sealed class AzureSettings
{
    /// <summary>Text of the first admin key, made known to the registry at the first start; usually a Key Vault reference. A secret.</summary>
    public string? AdminKey { get; set; }

    /// <summary>URI of the Key Vault that plans' secrets are resolved in, by the app's identity; null to use app settings alone.</summary>
    public string? KeyVault { get; set; }

    /// <summary>Whether the registry's PostgreSQL takes a token of the app's identity as password. The default is false.</summary>
    public bool PostgresIdentity { get; set; }

    /// <summary>Name of the storage connection whose tables hold the registry when no PostgreSQL is configured. The default is the host's own.</summary>
    public string TableConnection { get; set; } = "AzureWebJobsStorage";

    /// <summary>What the tables' names begin with: letters and digits, a letter first. The default is <c>sluice</c>.</summary>
    public string TablePrefix { get; set; } = "sluice";

    /// <summary>Folder in which plans of the kind <c>process</c> keep their gateway and processes: a developer's machine; null on Azure, where such plans are refused.</summary>
    public string? DataFolder { get; set; }

    /// <summary>Path of the <c>sluice</c> program, which is the gateway of <see cref="DataFolder"/>; needed with it.</summary>
    public string? Program { get; set; }

    internal void Check(List<string> faults)
    {
        if (KeyVault is not null && !(Uri.TryCreate(KeyVault, UriKind.Absolute, out var vault) && vault.Scheme == Uri.UriSchemeHttps))
        {
            faults.Add($"Azure:KeyVault is an https URI such as https://NAME.vault.azure.net, not '{KeyVault}'.");
        }

        if (AdminKey is { Length: < 32 })
        {
            faults.Add($"Azure:AdminKey has {AdminKey.Length} characters; a key that guards production has at least 32. Make one with: openssl rand -base64 32");
        }

        if (AdminKey?.StartsWith("@Microsoft.KeyVault(", StringComparison.Ordinal) == true)
        {
            faults.Add("Azure:AdminKey is still the text of its Key Vault reference: the app's identity may not read the secret, or it does not exist.");
        }

        if (TablePrefix.Length is 0 or > 32 || !char.IsAsciiLetter(TablePrefix[0]) || !TablePrefix.All(char.IsAsciiLetterOrDigit))
        {
            faults.Add($"Azure:TablePrefix is 1 to 32 letters and digits, a letter first, not '{TablePrefix}'.");
        }

        if (TableConnection.Length == 0)
        {
            faults.Add("Azure:TableConnection is the name of a storage connection, such as AzureWebJobsStorage.");
        }

        if (DataFolder is null != Program is null)
        {
            faults.Add("Azure:DataFolder and Azure:Program belong together; only one is set.");
        }

        if (Program is not null && !File.Exists(Program))
        {
            faults.Add($"Azure:Program: there is no file '{Program}'.");
        }
    }
}
