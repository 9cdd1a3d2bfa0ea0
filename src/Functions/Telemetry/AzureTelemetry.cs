using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Sluice.Api.Settings;
using Sluice.Api.Telemetry;

namespace Sluice.Functions.Telemetry;

/// <summary>Traces, metrics and logs of the worker: to Azure Monitor where a connection string is set, by OTLP where a receiver is.</summary>
public static class AzureTelemetry
{
    private const string ConnectionString = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    private const string AuthenticationString = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    /// <summary>Adds what the application's settings ask for; nothing when they ask for nothing.</summary>
    /// <remarks>
    /// host.json says <c>telemetryMode: OpenTelemetry</c>, so the Functions host leaves the worker's logs to the worker once the worker
    /// exports: they go where traces go.
    /// </remarks>
    /// <exception cref="SettingsException">Telemetry settings are wrong: every fault.</exception>
    public static IHostApplicationBuilder AddAzureTelemetry(this IHostApplicationBuilder builder)
    {
        var faults = new List<string>();
        var settings = TelemetrySettings.Read(builder.Configuration, faults);
        var connection = builder.Configuration[ConnectionString];
        if (!string.IsNullOrEmpty(connection) && !connection.Contains("InstrumentationKey=", StringComparison.OrdinalIgnoreCase))
        {
            faults.Add($"{ConnectionString} is the connection string of an Application Insights resource (InstrumentationKey=…;IngestionEndpoint=…).");
        }

        if (faults.Count > 0)
        {
            throw new SettingsException(faults);
        }

        if (string.IsNullOrEmpty(connection) && settings.OtlpEndpoint is null)
        {
            return builder;
        }

        var telemetry = builder.Services.AddOpenTelemetry()
            .UseFunctionsWorkerDefaults()
            .WithSluice("azure");
        if (settings.OtlpEndpoint is not null)
        {
            telemetry.WithOtlp(settings)
                .WithLogging(logging => logging.AddOtlpExporter(exporter => settings.Apply(exporter, "v1/logs")), Formatted);
        }

        if (!string.IsNullOrEmpty(connection))
        {
            var credential = CredentialOf(builder.Configuration[AuthenticationString]);
            telemetry
                .WithTracing(tracing => tracing.AddAzureMonitorTraceExporter(Configure))
                .WithMetrics(metrics => metrics.AddAzureMonitorMetricExporter(Configure))
                .WithLogging(logging => logging.AddAzureMonitorLogExporter(Configure), Formatted);

            void Configure(AzureMonitorExporterOptions exporter)
            {
                exporter.ConnectionString = connection;
                exporter.Credential = credential;
                // The default keeps a few traces a second; a rollout of which spans are missing tells nothing.
                exporter.TracesPerSecond = null;
                exporter.SamplingRatio = 1;
            }
        }

        return builder;
    }

    /// <summary>How the exporter proves who it is: <c>Authorization=AAD</c>, with <c>ClientId=…</c> for a user-assigned identity; null for the key alone.</summary>
    internal static TokenCredential? CredentialOf(string? authentication)
    {
        var parts = (authentication ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (!parts.Contains("Authorization=AAD", StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        const string ClientId = "ClientId=";
        var identity = parts.FirstOrDefault(p => p.StartsWith(ClientId, StringComparison.OrdinalIgnoreCase));
        return new ManagedIdentityCredential(identity is null
            ? ManagedIdentityId.SystemAssigned
            : ManagedIdentityId.FromUserAssignedClientId(identity[ClientId.Length..]));
    }

    private static void Formatted(OpenTelemetryLoggerOptions options) => options.IncludeFormattedMessage = true;
}
