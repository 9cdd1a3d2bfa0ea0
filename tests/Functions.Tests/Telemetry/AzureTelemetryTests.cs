using System.Diagnostics;
using System.Diagnostics.Metrics;
using Azure.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Sluice.Api.Settings;
using Sluice.Functions.Telemetry;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Telemetry;

/// <summary>What the worker exports, and where to, by its settings.</summary>
public sealed class AzureTelemetryTests
{
    private const string Key = "InstrumentationKey=00000000-0000-0000-0000-000000000001";

    [Fact]
    public void Without_settings_nothing_is_exported()
    {
        using var host = Build();

        Assert.Null(host.Services.GetService<TracerProvider>());
        Assert.Null(host.Services.GetService<MeterProvider>());
    }

    [Fact]
    public void With_a_connection_string_spans_and_metrics_go_to_azure_monitor()
    {
        using var receiver = Receiver.Start();
        using var host = Build(("APPLICATIONINSIGHTS_CONNECTION_STRING", $"{Key};IngestionEndpoint={receiver.Url}/"));

        Emit(host, "to azure monitor");

        var sent = receiver.To("/v2.1/track");
        Assert.Contains("to azure monitor", sent, StringComparison.Ordinal);
        Assert.Contains("a.test.metric", sent, StringComparison.Ordinal);
    }

    [Fact]
    public void With_a_receiver_spans_and_metrics_go_there_by_otlp()
    {
        using var receiver = Receiver.Start();
        using var host = Build(("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Url));

        Emit(host, "by otlp");

        Assert.Contains("by otlp", receiver.To("/v1/traces"), StringComparison.Ordinal);
        Assert.Contains("azure", receiver.To("/v1/traces"), StringComparison.Ordinal);
        Assert.Contains("a.test.metric", receiver.To("/v1/metrics"), StringComparison.Ordinal);
        Assert.Empty(receiver.To("/v2.1/track"));
    }

    [Theory]
    [InlineData("DurableTask.Core")]
    [InlineData("Microsoft.DurableTask")]
    public void What_durable_functions_traces_is_exported_too(string source)
    {
        using var receiver = Receiver.Start();
        using var host = Build(("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Url));

        Emit(host, "orchestration", source);

        Assert.Contains(source, receiver.To("/v1/traces"), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_where_it_is_asked_for_the_exporter_proves_itself_by_managed_identity()
    {
        Assert.Null(AzureTelemetry.CredentialOf(null));
        Assert.Null(AzureTelemetry.CredentialOf("Authorization=Key"));
        Assert.IsType<ManagedIdentityCredential>(AzureTelemetry.CredentialOf("Authorization=AAD"));
        Assert.IsType<ManagedIdentityCredential>(AzureTelemetry.CredentialOf("Authorization=AAD;ClientId=00000000-0000-0000-0000-000000000002"));
    }

    [Fact]
    public void All_wrong_settings_are_named_at_once()
    {
        var e = Assert.Throws<SettingsException>(() => Build(
            ("APPLICATIONINSIGHTS_CONNECTION_STRING", "nonsense"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "nowhere"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "smoke")));

        Assert.Equal(3, e.Faults.Count);
    }

    private static IHost Build(params (string Name, string Value)[] settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)));
        builder.AddAzureTelemetry();
        return builder.Build();
    }

    private static void Emit(IHost host, string name, string from = "Sluice")
    {
        var (tracer, metrics) = (host.Services.GetRequiredService<TracerProvider>(), host.Services.GetRequiredService<MeterProvider>());
        using var source = new ActivitySource(from);
        using var meter = new Meter("Sluice");
        using (source.StartActivity(name))
        {
            meter.CreateCounter<long>("a.test.metric").Add(1);
        }

        Assert.True(tracer.ForceFlush());
        Assert.True(metrics.ForceFlush());
    }
}
