using Microsoft.Extensions.Configuration;
using Sluice.Api.Settings;
using Sluice.Domain.Freezes;

namespace Sluice.Api.Tests;

public sealed class SettingsTests
{
    [Fact]
    public void Defaults_are_valid()
    {
        var settings = SluiceSettings.Read(Of());

        Assert.Equal("127.0.0.1:7717", settings.Server.Listen);
        Assert.Null(settings.Registry.ConnectionString);
        Assert.True(settings.Rollouts.AutoRollback);
    }

    [Fact]
    public void Everything_wrong_is_said_at_once()
    {
        var refused = Assert.Throws<SettingsException>(() => SluiceSettings.Read(Of(
            ("Server:Listen", "nowhere"), ("Server:Lsten", "1"), ("Server:EventRetentionDays", "soon"), ("Engine:MaxConcurrentActivities", "0"),
            ("Registry:ConnectionString", "mysql://x"), ("Groups:empty", ""))));

        Assert.Equal(6, refused.Faults.Count);
        Assert.Contains(refused.Faults, f => f.Contains("Server:Lsten is not a setting", StringComparison.Ordinal));
        Assert.DoesNotContain("mysql://x", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0:7717", false, false)]
    [InlineData("0.0.0.0:7717", true, true)]
    [InlineData("127.0.0.1:7717", false, true)]
    [InlineData("[::1]:7717", false, true)]
    [InlineData("localhost:7717", false, true)]
    public void Beyond_loopback_keys_never_cross_in_clear_text_unasked(string listen, bool behindProxy, bool accepted)
    {
        var configuration = Of(("Server:Listen", listen), ("Server:BehindProxy", behindProxy ? "true" : "false"));

        Assert.Equal(accepted, Record.Exception(() => SluiceSettings.Read(configuration)) is null);
    }

    [Fact]
    public void Groups_are_lists_or_one_text()
    {
        var groups = SluiceSettings.Read(Of(("Groups:managers:0", "ana"), ("Groups:managers:1", "ben"), ("Groups:on-call", "ben, cai"))).Groups;

        Assert.Equal(["managers", "on-call"], groups.Of("ben"));
        Assert.Equal(["on-call"], groups.Of("cai"));
    }

    [Fact]
    public void All_groups_in_one_text_need_no_hyphen_in_a_name()
    {
        var groups = SluiceSettings.Read(Of(("Groups", "release-managers=ana, ben; on-call=cai"))).Groups;

        Assert.Equal(["release-managers"], groups.Of("ben"));
        Assert.Equal(["on-call"], groups.Of("cai"));
        var refused = Assert.Throws<SettingsException>(() => SluiceSettings.Read(Of(("Groups", "release-managers"))));
        Assert.Contains("Groups:release-managers", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Freeze_windows_are_read_by_name_and_lists_may_be_one_text()
    {
        var windows = SluiceSettings.Read(Of(
            ("Freeze:weekend:TimeZone", "Europe/Berlin"), ("Freeze:weekend:From", "fri 16:00"), ("Freeze:weekend:To", "mon 08:00"),
            ("Freeze:weekend:Environments", "production, eu"), ("Freeze:weekend:OnStart", "queue"), ("Freeze:weekend:OnRunning", "Rollback"),
            ("Freeze:year-end:From", "2026-12-19"), ("Freeze:year-end:To", "2027-01-04"), ("Freeze:year-end:OverrideBy:0", "on-call"))).Freeze;

        var weekend = windows.Single(w => w.Name == "weekend");
        Assert.Equal(("Europe/Berlin", "fri 16:00", "mon 08:00"), (weekend.TimeZone, weekend.From.ToString(), weekend.To.ToString()));
        Assert.Equal(["production", "eu"], weekend.Environments);
        Assert.Equal((FreezeStart.Queue, FreezeAction.Rollback), (weekend.OnStart, weekend.OnRunning));
        Assert.Equal(["on-call"], windows.Single(w => w.Name == "year-end").OverrideBy);
    }

    [Fact]
    public void Everything_wrong_in_a_freeze_window_is_said()
    {
        var refused = Assert.Throws<SettingsException>(() => SluiceSettings.Read(Of(
            ("Freeze:w:TimeZone", "Berlin"), ("Freeze:w:From", "friday"), ("Freeze:w:Till", "mon"), ("Freeze:w:OnStart", "stop"))));

        Assert.Equal(5, refused.Faults.Count);
        Assert.Contains(refused.Faults, f => f.StartsWith("Freeze:w:timeZone: 'Berlin'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nothing is set", 3)]
    [InlineData("DFM_NONCE=i_sure_know_what_i_am_doing", 1)]
    [InlineData("DFM_NONCE=short", 1)]
    [InlineData("DFM_NONCE=0123456789012345678901234567890123456789", 0)]
    [InlineData("WEBSITE_AUTH_CLIENT_ID=app WEBSITE_AUTH_OPENID_ISSUER=https://issuer", 1)]
    [InlineData("WEBSITE_AUTH_CLIENT_ID=app DFM_ALLOWED_USER_NAMES=ana@example.com", 1)]
    [InlineData("WEBSITE_AUTH_CLIENT_ID=app WEBSITE_AUTH_OPENID_ISSUER=https://issuer DFM_ALLOWED_READ_ONLY_APP_ROLES=viewer", 0)]
    [InlineData("WEBSITE_AUTH_CLIENT_ID=app WEBSITE_AUTH_V2_CONFIG_JSON={} DFM_ALLOWED_APP_ROLES=viewer", 0)]
    [InlineData("WEBSITE_AUTH_CLIENT_ID=app WEBSITE_AUTH_OPENID_ISSUER=https://issuer DFM_ALLOWED_APP_ROLES=viewer DFM_NONCE=i_sure_know_what_i_am_doing", 1)]
    public void The_monitor_is_never_open_to_everybody(string environment, int faults)
    {
        var variables = environment.Split(' ').Where(v => v.Contains('=', StringComparison.Ordinal)).Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]);
        var settings = SluiceSettings.Read(Of(("Monitor:Enabled", "true"))).Monitor;

        var said = settings.Faults(variables.GetValueOrDefault);

        Assert.Equal(faults, said.Count);
        Assert.All(said, fault => Assert.DoesNotContain("short", fault, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_the_monitor_nothing_is_asked_of_its_environment() =>
        Assert.Empty(SluiceSettings.Read(Of()).Monitor.Faults(_ => "i_sure_know_what_i_am_doing"));

    private static IConfiguration Of(params (string Name, string? Value)[] values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(v => KeyValuePair.Create(v.Name, v.Value))).Build();
}
