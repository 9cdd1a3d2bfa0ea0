using Sluice.Api.Settings;
using Sluice.Cli.Serve;
using Sluice.Engine;

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

    [Fact]
    public void Limits_of_activities_are_read_and_a_misspelt_one_is_named()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(
            Path.Combine(folder.Path, "sluice.json"), """{ "Engine": { "MaxConcurrentPerActivity": { "Baseline": 2, "smoke": 3 }, "DrainSeconds": 0 } }""");

        var engine = ServerSettingsFile.Read(new DataFolder(folder.Path), new Dictionary<string, string?>()).Engine;
        Assert.Equal([("Baseline", 2), ("smoke", 3)], engine.MaxConcurrentPerActivity.Select(l => (l.Key, l.Value)).Order());
        Assert.Equal((0, 10_000), (engine.DrainSeconds, engine.MaxPendingWrites));

        File.WriteAllText(
            Path.Combine(folder.Path, "sluice.json"),
            """{ "Engine": { "MaxConcurrentPerActivity": { "Baselin": 2, "Smoke": 0, "Look": "few" }, "DrainSeconds": 99, "MaxPendingWrites": 0 } }""");
        var faults = Assert.Throws<SettingsException>(() => ServerSettingsFile.Read(new DataFolder(folder.Path), new Dictionary<string, string?>())).Faults;
        Assert.Collection(
            faults.Order(),
            f => Assert.StartsWith("Engine:DrainSeconds is from 0 to 40", f, StringComparison.Ordinal),
            f => Assert.StartsWith("Engine:MaxConcurrentPerActivity:Baselin: there is no such activity; there are AcquireLock, Baseline", f, StringComparison.Ordinal),
            f => Assert.Equal("Engine:MaxConcurrentPerActivity:Look is a whole number, not 'few'.", f),
            f => Assert.StartsWith("Engine:MaxConcurrentPerActivity:Smoke is from 1 to 1024", f, StringComparison.Ordinal),
            f => Assert.StartsWith("Engine:MaxPendingWrites is from 1", f, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{}", StoreSynchronous.Full, null, 90)]
    [InlineData("""{ "Engine": { "SyncEveryCommit": false, "MaxEndedInstances": 500 }, "Server": { "EventRetentionDays": 7 } }""", StoreSynchronous.Normal, 500, 7)]
    [InlineData("""{ "Engine": { "SyncEveryCommit": true, "MaxEndedInstances": 0 } }""", StoreSynchronous.Full, null, 90)]
    public void The_engine_syncs_and_forgets_as_the_file_says(string file, StoreSynchronous synchronous, int? ended, int days)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "sluice.json"), file);
        var data = new DataFolder(folder.Path);

        var engine = ServerHost.EngineOf(data, ServerSettingsFile.Read(data, new Dictionary<string, string?>()), TimeProvider.System);

        Assert.Equal(
            (synchronous, ended, TimeSpan.FromDays(days)), (engine.Synchronous, engine.Retention!.MaxCount, engine.Retention.MaxAge!.Value));
    }

    [Fact]
    public void A_limit_of_ended_instances_below_none_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "sluice.json"), """{ "Engine": { "MaxEndedInstances": -1 } }""");

        var faults = Assert.Throws<SettingsException>(() => ServerSettingsFile.Read(new DataFolder(folder.Path), new Dictionary<string, string?>())).Faults;

        Assert.Equal(["Engine:MaxEndedInstances is 0, for no limit, or more, not -1."], faults);
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
