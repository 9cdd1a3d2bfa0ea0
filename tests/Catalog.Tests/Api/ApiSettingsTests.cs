using Microsoft.Extensions.Logging;
using Sluice.Catalog.Store;
using Sluice.CatalogApi;

namespace Sluice.Catalog.Tests.Api;

public sealed class ApiSettingsTests
{
    [Fact]
    public void All_faults_are_told_at_once_and_no_secret()
    {
        var refusal = Assert.Throws<SettingsException>(() => Read(
            ("PORT", "70000"),
            ("DATABASE_URL", "mysql://ana:hunter2@db/x"),
            ("ADMIN_KEY", "hunter2"),
            ("REDIS_URL", "http://hunter2"),
            ("CACHE_SECONDS", "0"),
            ("LOG_LEVEL", "loud"),
            ("STALE_AFTER_HOURS", "-1"),
            ("FAULT_ERROR_RATE", "5%"),
            ("FAULT_LATENCY_MS", "-1"),
            ("FAULT_CRASH_AFTER", "soon"),
            ("FAULT_UNHEALTHY", "maybe"),
            ("FAULT_NEVER_LISTEN", "2"),
            ("FAULT_START_DELAY_MS", "1e3")));

        Assert.Equal(
            [
                "ADMIN_KEY", "CACHE_SECONDS", "DATABASE_URL", "FAULT_CRASH_AFTER", "FAULT_ERROR_RATE", "FAULT_LATENCY_MS", "FAULT_NEVER_LISTEN",
                "FAULT_START_DELAY_MS", "FAULT_UNHEALTHY", "LOG_LEVEL", "PORT", "REDIS_URL", "STALE_AFTER_HOURS",
            ],
            refusal.Faults.Select(fault => fault.Split(':')[0]).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("hunter2", refusal.Message);
    }

    [Theory]
    [InlineData("-0.1")]
    [InlineData("1.01")]
    [InlineData("NaN")]
    [InlineData("0,05,")]
    public void A_rate_is_a_fraction(string rate) =>
        Assert.Single(Assert.Throws<SettingsException>(() => Read(("FAULT_ERROR_RATE", rate))).Faults);

    [Fact]
    public void An_empty_environment_is_a_service_in_memory_that_does_nothing_wrong()
    {
        var settings = Read(("ADMIN_KEY", ""), ("FAULT_ERROR_RATE", " "));

        Assert.Equal(new FaultSettings(), settings.Faults);
        Assert.Equal("", settings.Faults.ToString());
        Assert.IsType<DatabaseAddress.SqliteMemory>(settings.Database);
        Assert.Null(settings.AdminKey);
        Assert.Null(settings.Redis);
        Assert.Equal((TimeSpan.FromHours(1), TimeSpan.FromHours(8)), (settings.CacheLifetime, settings.StaleAfter));
    }

    [Fact]
    public void Lifetime_staleness_and_log_can_be_set_and_lists_may_never_be_stale()
    {
        var settings = Read(("CACHE_SECONDS", "60"), ("STALE_AFTER_HOURS", "0"), ("LOG_LEVEL", "warning"));

        Assert.Equal((TimeSpan.FromMinutes(1), null, LogLevel.Warning), (settings.CacheLifetime, settings.StaleAfter, settings.LogLevel));
    }

    [Fact]
    public void Every_name_of_the_version_is_understood_the_plainest_first()
    {
        Assert.Equal("v3", Read(("RELEASE_VERSION", "v3")).Version);
        Assert.Equal("v2", Read(("RELEASE_VERSION", "v3"), ("APP_VERSION", "v2")).Version);
        Assert.Equal("v1", Read(("RELEASE_VERSION", "v3"), ("APP_VERSION", "v2"), ("VERSION", "v1")).Version);
    }

    [Fact]
    public void A_data_folder_holds_the_file_unless_a_url_says_otherwise()
    {
        Assert.Equal(new DatabaseAddress.SqliteFile("/data/catalog.db"), Read(("DATA_DIR", "/data")).Database);
        Assert.Equal(new DatabaseAddress.SqliteFile("/other.db"), Read(("DATA_DIR", "/data"), ("DATABASE_URL", "sqlite:///other.db")).Database);
    }

    private static ApiSettings Read(params (string Name, string Value)[] variables) =>
        ApiSettings.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
