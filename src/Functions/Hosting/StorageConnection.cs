using Azure.Core;
using Azure.Data.Tables;
using Microsoft.Extensions.Configuration;
using Sluice.Registry;

namespace Sluice.Functions.Hosting;

/// <summary>
/// A storage connection as Functions names them: the setting itself holds a connection string, or settings that begin with its name and
/// two underscores say the account and leave the identity to the app.
/// </summary>
internal static class StorageConnection
{
    /// <summary>The tables of a connection.</summary>
    /// <exception cref="RegistryException">There is no such connection, or its text is none.</exception>
    public static TableServiceClient Tables(IConfiguration configuration, string name, TokenCredential credential)
    {
        var section = configuration.GetSection(name);
        try
        {
            if (section.Value is { Length: > 0 } text)
            {
                return new TableServiceClient(text);
            }

            if (section["tableServiceUri"] is { Length: > 0 } uri)
            {
                return new TableServiceClient(new Uri(uri), credential);
            }

            if (section["accountName"] is { Length: > 0 } account)
            {
                return new TableServiceClient(new Uri($"https://{account}.table.core.windows.net"), credential);
            }
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            // The message of the driver may repeat a key.
            throw new RegistryException(
                RegistryError.RegistryMisconfigured,
                $"The setting {name} is not understood: expected a storage connection string, or {name}__accountName with the app's identity.");
        }

        throw new RegistryException(
            RegistryError.RegistryMisconfigured,
            $"There is no storage connection {name}: set {name} to a connection string, or {name}__accountName and give the app's identity a role on the account; "
                + "or configure PostgreSQL by SLUICE__Registry__ConnectionString.");
    }
}
