using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Sluice.Api.Settings;
using Sluice.Api.Telemetry;
using Sluice.Catalog;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Testing;

namespace Sluice.Cli.Tests;

/// <summary>What a host sends, as its receiver gets it.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public void Without_a_receiver_nothing_is_registered_that_could_listen_or_send() =>
        Assert.Empty(new ServiceCollection().AddSluiceTelemetry(Read(), "embedded"));

    [Fact]
    public async Task Of_an_outgoing_request_neither_path_nor_query_is_told()
    {
        using var receiver = Receiver.Start();
        using var webhook = Receiver.Start();

        var sent = await ExportAsync(receiver, async () =>
        {
            using var client = new HttpClient();
            await client.GetAsync($"{webhook.Url}/services/a-secret-path?code=a-secret-query");
        });

        Assert.Contains("System.Net.Http", sent, StringComparison.Ordinal);
        Assert.Contains(webhook.Url, sent, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret-path", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret-query", sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_database_call_the_text_is_not_told_and_of_a_migration_nothing_but_that_it_ran()
    {
        using var receiver = Receiver.Start();
        using var sluice = new ActivitySource("Sluice");
        using var npgsql = new ActivitySource("Npgsql");

        var sent = await ExportAsync(receiver, () =>
        {
            Query("registry-query");
            using var migration = sluice.StartActivity("migrator Up");
            Query("migration-query");
            return Task.CompletedTask;
        });

        Assert.Contains("registry-query", sent, StringComparison.Ordinal);
        Assert.Contains("migrator Up", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("migration-query", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("create user", sent, StringComparison.Ordinal);

        void Query(string name) => npgsql.StartActivity(name)?.SetTag("db.query.text", "create user x password 'y'").Dispose();
    }

    [Fact]
    public async Task When_lists_were_last_synced_is_told_from_the_stored_runs_by_a_process_that_ran_none()
    {
        using var receiver = Receiver.Start();
        await using var catalogue = await CatalogStore.OpenAsync(new DatabaseAddress.SqliteMemory(), default);
        var syncs = new SyncStore(catalogue, new SyncThresholds { FewestRows = new Dictionary<string, int>() });
        var at = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.Null(await syncs.BeginAsync(new SyncBeginning("one", SyncKinds.Prices, SyncScheduler.BySchedule, false, at), TimeSpan.FromHours(1), default));
        var row = new Listing(new OfferId("nearai", "m"), "m", new RawRow("{}", "hash"));
        await syncs.MergeAsync(new SourceSnapshot("nearai", [row], [], [], []) { Fetched = 1 }, new MergeRequest("one", at, "test"), default);

        await using (var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(new SyncTotals(catalogue))
            .AddSluiceTelemetry(Read(("Telemetry:OtlpEndpoint", receiver.Url)), "embedded")
            .BuildServiceProvider())
        {
            Assert.True(services.GetRequiredService<MeterProvider>().ForceFlush());
        }

        var sent = receiver.To("/v1/metrics");
        Assert.Contains("pricing.last_sync.timestamp", sent, StringComparison.Ordinal);
        Assert.Contains("nearai", sent, StringComparison.Ordinal);
    }

    [Fact]
    public void All_wrong_settings_are_named_and_no_address_with_a_password_is_repeated()
    {
        var faults = new List<string>();

        TelemetrySettings.Read(
            Configuration(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:a-password@host"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "smoke"), ("Telemetry:Colour", "blue")),
            faults);

        Assert.Equal(3, faults.Count);
        Assert.All(["OtlpEndpoint", "OtlpProtocol", "Colour"], name => Assert.Contains(faults, f => f.Contains(name, StringComparison.Ordinal)));
        Assert.DoesNotContain(faults, f => f.Contains("a-password", StringComparison.Ordinal));
    }

    private static async Task<string> ExportAsync(Receiver receiver, Func<Task> act)
    {
        await using var services = new ServiceCollection()
            .AddSluiceTelemetry(Read(("Telemetry:OtlpEndpoint", receiver.Url)), "embedded")
            .BuildServiceProvider();
        var tracer = services.GetRequiredService<TracerProvider>();
        await act();
        Assert.True(tracer.ForceFlush());
        return receiver.To("/v1/traces");
    }

    private static TelemetrySettings Read(params (string Name, string Value)[] settings)
    {
        var faults = new List<string>();
        var read = TelemetrySettings.Read(Configuration(settings), faults);
        Assert.Empty(faults);
        return read;
    }

    private static IConfiguration Configuration(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)))
        .Build();
}
