using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Sluice.Api.Health;
using Sluice.Api.Settings;
using Sluice.Api.Syncs;
using Sluice.Catalog.Syncs;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Api.Telemetry;

/// <summary>What both hosts export.</summary>
public static class TelemetryExtensions
{
    // Without it a request's span has neither method nor route nor status.
    private const string SuppressRequestTags = "Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData";

    // The embedded engine's own; on Azure nobody writes to it.
    private const string EngineMeter = "Sluice.Engine";

    /// <summary>Exports traces and metrics by OTLP when a receiver is set; else registers nothing, so that nothing listens and nothing costs.</summary>
    /// <param name="services">Of the host.</param>
    /// <param name="settings">Where to.</param>
    /// <param name="host"><c>embedded</c> or <c>azure</c>.</param>
    public static IServiceCollection AddSluiceTelemetry(this IServiceCollection services, TelemetrySettings settings, string host)
    {
        if (settings.OtlpEndpoint is not null)
        {
            services.AddOpenTelemetry().WithSluice(host).WithOtlp(settings);
        }

        return services;
    }

    /// <summary>Subscribes to Sluice's own sources and to those of the framework and the database, with everything secret taken out.</summary>
    /// <param name="builder">Exporters are added after this.</param>
    /// <param name="host"><c>embedded</c> or <c>azure</c>.</param>
    public static IOpenTelemetryBuilder WithSluice(this IOpenTelemetryBuilder builder, string host)
    {
        AppContext.SetSwitch(SuppressRequestTags, false);
        return builder
            .ConfigureResource(resource => resource
                .AddService("sluice", serviceVersion: HealthRoutes.Version)
                .AddAttributes([new("sluice.host", host)])
                .AddEnvironmentVariableDetector())
            .WithTracing(tracing => tracing
                .AddSource(SluiceTelemetry.Name, "Microsoft.DurableTask", "DurableTask.Core", "Microsoft.AspNetCore", Redaction.Http, Redaction.Npgsql)
                .AddProcessor(new Redaction()))
            .WithMetrics(metrics => metrics
                .AddMeter(SluiceTelemetry.Name, EngineMeter, SyncTelemetry.Name, "System.Runtime", "Microsoft.AspNetCore.Hosting", Redaction.Npgsql)
                .AddInstrumentation(services => new SyncGauges(services)));
    }

    /// <summary>Sends what is subscribed to the OTLP receiver.</summary>
    /// <param name="builder">Has the sources.</param>
    /// <param name="settings">With a receiver.</param>
    public static IOpenTelemetryBuilder WithOtlp(this IOpenTelemetryBuilder builder, TelemetrySettings settings) => builder
        .WithTracing(tracing => tracing.AddOtlpExporter(exporter => settings.Apply(exporter, "v1/traces")))
        .WithMetrics(metrics => metrics.AddOtlpExporter(exporter => settings.Apply(exporter, "v1/metrics")));
}
