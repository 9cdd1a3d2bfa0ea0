using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Sluice.Api.Settings;

namespace Sluice.Cli.Serve;

/// <summary>Brings the settings of a server together: flags, then the environment, then <c>sluice.json</c>, then defaults.</summary>
internal static class ServerSettingsFile
{
    /// <summary>Reads and checks everything.</summary>
    /// <exception cref="SettingsException">Something is wrong: every fault.</exception>
    public static SluiceSettings Read(DataFolder folder, IReadOnlyDictionary<string, string?> flags)
    {
        var builder = new ConfigurationBuilder();
        if (File.Exists(folder.SettingsFile))
        {
            builder.AddJsonStream(new MemoryStream(File.ReadAllBytes(folder.SettingsFile)));
        }

        builder.AddEnvironmentVariables("SLUICE_").AddEnvironmentVariables("SLUICE__");
        if (Environment.GetEnvironmentVariable(RolloutSettings.AutoRollbackVariable) is { Length: > 0 } autoRollback)
        {
            builder.AddInMemoryCollection([new("Rollouts:AutoRollback", autoRollback)]);
        }

        builder.AddInMemoryCollection(TelemetrySettings.StandardVariables());
        builder.AddInMemoryCollection(flags);
        try
        {
            return SluiceSettings.Read(builder.Build());
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidDataException)
        {
            throw new SettingsException([$"{folder.SettingsFile} is not JSON: {(e.InnerException ?? e).Message}"]);
        }
    }
}
