using Sluice.Api.Settings;
using Sluice.Cli.Serve;

namespace Sluice.Cli.Tests;

/// <summary>Where a server's settings come from: flags win over the environment, that over the file.</summary>
public sealed class ServerSettingsTests
{
    [Theory]
    [InlineData(null, true)]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public void Automatic_rollback_is_switched_by_its_own_variable(string? value, bool expected)
    {
        using var folder = new TemporaryFolder();

        var settings = With(RolloutSettings.AutoRollbackVariable, value, () => ServerSettingsFile.Read(new DataFolder(folder.Path), new Dictionary<string, string?>()));

        Assert.Equal(expected, settings.Rollouts.AutoRollback);
    }

    [Fact]
    public void The_file_is_read_and_flags_win_over_it()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "sluice.json"), """{ "Server": { "Listen": "127.0.0.1:1", "EventRetentionDays": 7 } }""");

        var settings = ServerSettingsFile.Read(new DataFolder(folder.Path), new Dictionary<string, string?> { ["Server:Listen"] = "127.0.0.1:2" });

        Assert.Equal(("127.0.0.1:2", 7), (settings.Server.Listen, settings.Server.EventRetentionDays));
    }

    [Theory]
    [InlineData("http://127.0.0.1:4318", "http://127.0.0.1:4318")]
    [InlineData(null, "http://127.0.0.1:1")]
    public void The_standard_variable_of_telemetry_wins_over_the_file(string? value, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "sluice.json"), """{ "Telemetry": { "OtlpEndpoint": "http://127.0.0.1:1" } }""");

        var settings = With(
            "OTEL_EXPORTER_OTLP_ENDPOINT", value, () => ServerSettingsFile.Read(new DataFolder(folder.Path), new Dictionary<string, string?>()));

        Assert.Equal(expected, settings.Telemetry.OtlpEndpoint);
    }

    private static T With<T>(string name, string? value, Func<T> read)
    {
        var before = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, value);
        try
        {
            return read();
        }
        finally
        {
            Environment.SetEnvironmentVariable(name, before);
        }
    }
}
