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
        var builder = FromFile(folder);
        builder.AddEnvironmentVariables("SLUICE_").AddEnvironmentVariables("SLUICE__");
        if (Environment.GetEnvironmentVariable(RolloutSettings.AutoRollbackVariable) is { Length: > 0 } autoRollback)
        {
            builder.AddInMemoryCollection([new("Rollouts:AutoRollback", autoRollback)]);
        }

        builder.AddInMemoryCollection(TelemetrySettings.StandardVariables());
        builder.AddInMemoryCollection(flags);
        try
        {
            var configuration = builder.Build();
            return SluiceSettings.Read(configuration, name => Variable(configuration, name));
        }
        catch (Exception e) when (IsNoJson(e))
        {
            throw new SettingsException([NoJson(folder, e)]);
        }
    }

    /// <summary>
    /// What the syncs are told at this moment, by the names of their variables: the environment, then the section <c>Syncs</c> of
    /// <c>sluice.json</c>. The file is read again each time, so that a change counts without a restart.
    /// </summary>
    /// <exception cref="FormatException">The file is not JSON.</exception>
    public static Func<string, string?> SyncVariables(DataFolder folder)
    {
        try
        {
            var configuration = FromFile(folder).Build();
            return name => Variable(configuration, name);
        }
        catch (Exception e) when (IsNoJson(e))
        {
            throw new FormatException(NoJson(folder, e), e);
        }
    }

    private static ConfigurationBuilder FromFile(DataFolder folder)
    {
        var builder = new ConfigurationBuilder();
        if (File.Exists(folder.SettingsFile))
        {
            builder.AddJsonStream(new MemoryStream(File.ReadAllBytes(folder.SettingsFile)));
        }

        return builder;
    }

    // A list may be written as one.
    private static string? Variable(IConfiguration configuration, string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value
        : configuration.GetSection(SluiceSettings.SyncSection).GetSection(name) is var section && section.Value is { } text ? text
        : string.Join(',', section.GetChildren().Select(item => item.Value));

    private static bool IsNoJson(Exception e) => e is JsonException or FormatException or InvalidDataException;

    private static string NoJson(DataFolder folder, Exception e) => $"{folder.SettingsFile} is not JSON: {(e.InnerException ?? e).Message}";
}
