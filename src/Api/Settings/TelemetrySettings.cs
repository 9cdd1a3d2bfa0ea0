using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;

namespace Sluice.Api.Settings;

/// <summary>Where traces and metrics go; section <c>Telemetry</c>. Nothing is traced, measured or sent unless something is set.</summary>
/// <remarks>
/// OpenTelemetry's own variables are read as well and win: <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and <c>_PROTOCOL</c> here, all others
/// (headers with a key, resource attributes, sampler, intervals) by its SDK.
/// </remarks>
public sealed class TelemetrySettings
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ProtocolVariable = "OTEL_EXPORTER_OTLP_PROTOCOL";
    private const string Http = "http/protobuf";
    private const string Grpc = "grpc";

    /// <summary>URL of an OTLP receiver, such as <c>http://127.0.0.1:4318</c>; null to send nothing.</summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary><c>http/protobuf</c>, the default, or <c>grpc</c>.</summary>
    public string OtlpProtocol { get; set; } = Http;

    /// <summary>Reads the section and the standard variables.</summary>
    /// <param name="configuration">With the variables as keys of their own.</param>
    /// <param name="faults">Takes all that is wrong, a sentence each.</param>
    public static TelemetrySettings Read(IConfiguration configuration, List<string> faults)
    {
        var settings = SectionReader.Read<TelemetrySettings>(configuration, "Telemetry", faults);
        if (configuration[EndpointVariable] is { Length: > 0 } endpoint)
        {
            settings.OtlpEndpoint = endpoint;
        }

        if (configuration[ProtocolVariable] is { Length: > 0 } protocol)
        {
            settings.OtlpProtocol = protocol;
        }

        settings.Check(faults);
        return settings;
    }

    /// <summary>OpenTelemetry's variables in the environment of this process, for configurations that hold no others of it.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> StandardVariables() =>
        from System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()
        where ((string)variable.Key).StartsWith("OTEL_", StringComparison.Ordinal)
        select new KeyValuePair<string, string?>((string)variable.Key, (string?)variable.Value);

    /// <summary>Points an exporter to the receiver.</summary>
    /// <param name="exporter">The exporter of one signal.</param>
    /// <param name="path">Of the signal below the end point, such as <c>v1/traces</c>; gRPC has none.</param>
    public void Apply(OtlpExporterOptions exporter, string path)
    {
        var grpc = OtlpProtocol == Grpc;
        exporter.Protocol = grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(grpc ? OtlpEndpoint! : $"{OtlpEndpoint!.TrimEnd('/')}/{path}");
    }

    // An address may carry a name and a password: it is not repeated.
    private void Check(List<string> faults)
    {
        if (OtlpEndpoint is not null
            && (!Uri.TryCreate(OtlpEndpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length + uri.Query.Length > 0))
        {
            faults.Add($"Telemetry:OtlpEndpoint ({EndpointVariable}) is an http or https URL without user and query, such as http://127.0.0.1:4318; "
                + "a key belongs into OTEL_EXPORTER_OTLP_HEADERS.");
        }

        if (OtlpProtocol is not (Http or Grpc))
        {
            faults.Add($"Telemetry:OtlpProtocol ({ProtocolVariable}) is {Http} or {Grpc}, not '{OtlpProtocol}'.");
        }
    }
}
