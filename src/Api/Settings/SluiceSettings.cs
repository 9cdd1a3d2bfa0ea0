using System.Net;
using Microsoft.Extensions.Configuration;
using Sluice.Catalog.Syncs;
using Sluice.Domain.Freezes;
using Sluice.Durable;
using Sluice.Orchestration;

namespace Sluice.Api.Settings;

/// <summary>Everything a host can be told, read and checked at start; a wrong setting stops the start, and all wrong ones are named.</summary>
/// <param name="Server">How it listens.</param>
/// <param name="Engine">How it runs orchestrations.</param>
/// <param name="Registry">Where it keeps what was deployed.</param>
/// <param name="Rollouts">What rollouts do by themselves.</param>
/// <param name="Groups">Who belongs together.</param>
/// <param name="Freeze">When nothing moves forward.</param>
/// <param name="Telemetry">Where traces and metrics go.</param>
/// <param name="Azure">What only the Azure host is told.</param>
/// <param name="Monitor">Whether the Azure host serves Durable Functions Monitor.</param>
public sealed record SluiceSettings(
    ServerSettings Server,
    EngineSettings Engine,
    RegistrySettings Registry,
    RolloutSettings Rollouts,
    GroupsSettings Groups,
    IReadOnlyList<FreezeWindow> Freeze,
    TelemetrySettings Telemetry,
    AzureSettings Azure,
    MonitorSettings Monitor)
{
    /// <summary>Where a settings file has what the syncs are told, by the names of their variables.</summary>
    public const string SyncSection = "Syncs";

    /// <summary>Reads all sections.</summary>
    /// <param name="configuration">Of the host.</param>
    /// <param name="variable">What the syncs are told, by the names of their variables; checked here, read again whenever it is asked what is due.</param>
    /// <exception cref="SettingsException">Something is wrong: every fault.</exception>
    public static SluiceSettings Read(IConfiguration configuration, Func<string, string?>? variable = null)
    {
        var faults = new List<string>();
        var settings = new SluiceSettings(
            SectionReader.Read<ServerSettings>(configuration, "Server", faults),
            SectionReader.Read<EngineSettings>(configuration, "Engine", faults),
            SectionReader.Read<RegistrySettings>(configuration, "Registry", faults),
            SectionReader.Read<RolloutSettings>(configuration, "Rollouts", faults),
            GroupsSettings.Read(configuration.GetSection("Groups"), faults),
            FreezeSettings.Read(configuration.GetSection("Freeze"), faults),
            TelemetrySettings.Read(configuration, faults),
            SectionReader.Read<AzureSettings>(configuration, "Azure", faults),
            SectionReader.Read<MonitorSettings>(configuration, "Monitor", faults));
        settings.Server.Check(faults);
        settings.Engine.Check(faults);
        settings.Registry.Check(faults);
        settings.Azure.Check(faults);
        SyncSettings.Read(variable ?? (_ => null), faults);
        faults.AddRange(configuration.GetSection(SyncSection).GetChildren()
            .Where(child => !SyncSettings.Variables.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            .Select(child => $"{SyncSection}:{child.Key} is not known; known are {string.Join(", ", SyncSettings.Variables)}."));
        return faults.Count == 0 ? settings : throw new SettingsException(faults);
    }
}

/// <summary>How the server listens; section <c>Server</c>.</summary>
public sealed class ServerSettings
{
    /// <summary><c>address:port</c>. The default is 127.0.0.1:7717; port 0 takes a free one. Beyond loopback only with TLS or a proxy in front.</summary>
    public string Listen { get; set; } = "127.0.0.1:7717";

    /// <summary>A proxy in front of the server ends TLS: it may listen beyond loopback without. The default is false.</summary>
    public bool BehindProxy { get; set; }

    /// <summary>Path of a PEM certificate; null to serve plain HTTP.</summary>
    public string? Certificate { get; set; }

    /// <summary>Path of the certificate's PEM key; needed with <see cref="Certificate"/>.</summary>
    public string? CertificateKey { get; set; }

    /// <summary>What relative directories in plans are relative to; null for the folder the server is started in.</summary>
    public string? BaseDirectory { get; set; }

    /// <summary>Days that events and ended instances are kept. The default is 90; what was deployed and the audit trail are kept for ever.</summary>
    public int EventRetentionDays { get; set; } = 90;

    /// <summary>Where to listen, parsed.</summary>
    public IPEndPoint Endpoint => IPEndPoint.Parse(Listen.Replace("localhost:", "127.0.0.1:", StringComparison.OrdinalIgnoreCase));

    /// <summary>The URL of a port on this endpoint, as a client on this machine would use it.</summary>
    public string UrlOf(int port)
    {
        var address = Endpoint.Address;
        var host = address.Equals(IPAddress.Any) ? "127.0.0.1" : address.Equals(IPAddress.IPv6Any) ? "[::1]"
            : address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        return $"{(Certificate is null ? "http" : "https")}://{host}:{port}";
    }

    internal void Check(List<string> faults)
    {
        if (!Listen.Contains(':', StringComparison.Ordinal)
            || !IPEndPoint.TryParse(Listen.Replace("localhost:", "127.0.0.1:", StringComparison.OrdinalIgnoreCase), out var endpoint))
        {
            faults.Add($"Server:Listen is an address and port such as 127.0.0.1:7717, not '{Listen}'.");
        }
        else if (!IPAddress.IsLoopback(endpoint.Address) && Certificate is null && !BehindProxy)
        {
            faults.Add($"Server:Listen {Listen} can be reached from other machines, and keys would cross the network in clear text. "
                + "Give Server:Certificate and Server:CertificateKey, or say --behind-proxy when a proxy in front ends TLS.");
        }

        if (Certificate is null != CertificateKey is null)
        {
            faults.Add("Server:Certificate and Server:CertificateKey belong together; only one is set.");
        }

        foreach (var file in new[] { Certificate, CertificateKey }.Where(f => f is not null && !File.Exists(f)))
        {
            faults.Add($"Server: there is no file '{file}'.");
        }

        if (BaseDirectory is not null && !Directory.Exists(BaseDirectory))
        {
            faults.Add($"Server:BaseDirectory: there is no folder '{BaseDirectory}'.");
        }

        if (EventRetentionDays is < 1 or > 36_500)
        {
            faults.Add($"Server:EventRetentionDays is from 1 to 36500, not {EventRetentionDays}.");
        }
    }
}

/// <summary>What rollouts do by themselves; section <c>Rollouts</c>.</summary>
public sealed class RolloutSettings
{
    /// <summary>The variable by which operations switch it, without the product's prefix.</summary>
    public const string AutoRollbackVariable = "AUTO_ROLLBACK_ENABLED";

    /// <summary>Whether a failed verdict rolls back by itself; else it pauses for a person, and checks go on. The default is true.</summary>
    public bool AutoRollback { get; set; } = true;
}

/// <summary>How the embedded engine runs; section <c>Engine</c>.</summary>
public sealed class EngineSettings
{
    /// <summary>Activities at a time. The default is 32.</summary>
    public int MaxConcurrentActivities { get; set; } = 32;

    /// <summary>Of one kind at a time, by the activity's name: <c>"Baseline": 2</c>. None by default.</summary>
    public Dictionary<string, int> MaxConcurrentPerActivity { get; set; } = [];

    /// <summary>Turns and writes under way, beyond which requests wait. The default is 10000.</summary>
    public int MaxPendingWrites { get; set; } = 10_000;

    /// <summary>Seconds that a stop lets running activities go on before it cancels them. The default is 5; what is cancelled runs again at the next start.</summary>
    public int DrainSeconds { get; set; } = 5;

    /// <summary>Whether each commit is on the disk before anybody hears of it. The default is true; without, a power failure may take the last ones.</summary>
    public bool SyncEveryCommit { get; set; } = true;

    /// <summary>Most ended instances that are kept, whatever their age: the oldest beyond it go at once. 0, the default, is no limit.</summary>
    public int MaxEndedInstances { get; set; }

    internal void Check(List<string> faults)
    {
        var known = new DurableTasks().AddSluice();
        foreach (var (name, limit) in MaxConcurrentPerActivity)
        {
            if (known.FindActivity(name) is null)
            {
                faults.Add($"Engine:MaxConcurrentPerActivity:{name}: there is no such activity; there are {string.Join(", ", known.ActivityNames.Order())}.");
            }

            if (limit is < 1 or > 1024)
            {
                faults.Add($"Engine:MaxConcurrentPerActivity:{name} is from 1 to 1024, not {limit}.");
            }
        }

        if (MaxPendingWrites is < 1 or > 10_000_000)
        {
            faults.Add($"Engine:MaxPendingWrites is from 1 to 10000000, not {MaxPendingWrites}.");
        }

        if (MaxEndedInstances < 0)
        {
            faults.Add($"Engine:MaxEndedInstances is 0, for no limit, or more, not {MaxEndedInstances}.");
        }

        if (DrainSeconds is < 0 or > 40)
        {
            faults.Add($"Engine:DrainSeconds is from 0 to 40, not {DrainSeconds}.");
        }

        if (MaxConcurrentActivities is < 1 or > 1024)
        {
            faults.Add($"Engine:MaxConcurrentActivities is from 1 to 1024, not {MaxConcurrentActivities}.");
        }
    }
}

/// <summary>Where deployments are kept; section <c>Registry</c>.</summary>
public sealed class RegistrySettings
{
    /// <summary>A PostgreSQL connection string or URL; null for SQLite in the data folder. A secret: never printed.</summary>
    public string? ConnectionString { get; set; }

    internal void Check(List<string> faults)
    {
        if (ConnectionString is { Length: > 0 } text
            && !text.StartsWith("postgres", StringComparison.OrdinalIgnoreCase)
            && !text.Contains("Host=", StringComparison.OrdinalIgnoreCase))
        {
            faults.Add("Registry:ConnectionString is a PostgreSQL connection string (Host=…;Database=…) or a postgresql:// URL.");
        }
    }
}

/// <summary>
/// Who belongs together; section <c>Groups</c>: <c>"release-managers": ["ana", "ben"]</c>, or all in one text,
/// <c>release-managers=ana,ben;on-call=cai</c>, where names of settings have no hyphen, as on Azure's Linux plans.
/// </summary>
public sealed class GroupsSettings(IReadOnlyDictionary<string, IReadOnlyList<string>> members)
{
    /// <summary>Names of keys by group.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Members => members;

    /// <summary>The groups a key belongs to.</summary>
    public IReadOnlyList<string> Of(string key) => [.. members.Where(g => g.Value.Contains(key, StringComparer.Ordinal)).Select(g => g.Key)];

    internal static GroupsSettings Read(IConfigurationSection section, List<string> faults)
    {
        var groups = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var text in Split(section.Value, ';'))
        {
            var parts = text.Split('=', 2, StringSplitOptions.TrimEntries);
            Add(parts[0], parts.Length == 2 ? Split(parts[1], ',') : []);
        }

        foreach (var group in section.GetChildren())
        {
            // One text is what an environment variable can say: SLUICE__Groups__managers=ana,ben.
            Add(group.Key, group.Value is { } text ? Split(text, ',') : [.. group.GetChildren().Select(c => c.Value ?? "")]);
        }

        return new GroupsSettings(groups);

        void Add(string group, string[] names)
        {
            if (names.Length == 0 || names.Any(string.IsNullOrWhiteSpace))
            {
                faults.Add($"Groups:{group} is a list of key names, such as [\"ana\", \"ben\"].");
            }

            groups[group] = names;
        }
    }

    private static string[] Split(string? text, char separator) =>
        (text ?? "").Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>Settings are wrong.</summary>
public sealed class SettingsException(IReadOnlyList<string> faults)
    : Exception(string.Join(Environment.NewLine, faults))
{
    /// <summary>All that is wrong, a sentence each.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
