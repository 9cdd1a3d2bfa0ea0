using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Sluice.Api.Settings;
using Sluice.Catalog.Store;
using Sluice.Cli.CommandLine;
using Sluice.Engine;
using Sluice.Orchestration.Upkeep;
using Sluice.Platforms.Process;
using Sluice.Registry;

namespace Sluice.Cli.Serve;

/// <summary>Runs a server from the first check to the last request.</summary>
internal static class ServerProgram
{
    /// <summary>
    /// Serves until told to end. What can be wrong is looked at before anything is made or changed. The engine's options can be adjusted
    /// before it starts: crash points of tests.
    /// </summary>
    /// <exception cref="SettingsException">Settings are wrong.</exception>
    /// <exception cref="CannotServeException">The folder, the lock or the port.</exception>
    /// <exception cref="RegistryException">The registry cannot be opened.</exception>
    /// <exception cref="CatalogStoreException">The catalogue cannot be opened.</exception>
    /// <exception cref="EngineStoreException">The engine's file cannot be opened.</exception>
    public static async Task<int> RunAsync(
        DataFolder folder,
        IReadOnlyDictionary<string, string?> flags,
        bool verbose,
        Terminal terminal,
        Action<EngineOptions>? adjustEngine,
        CancellationToken cancellationToken)
    {
        Detached.RefuseWindows();
        var settings = ServerSettingsFile.Read(folder, flags);
        using var certificate = LoadCertificate(settings.Server);
        folder.Create();
        using var held = ServerLock.Take(folder);
        CheckPort(settings.Server);

        using var loggers = ServerLogs.Create(folder, verbose, terminal);
        await using var registry = await SluiceRegistry.OpenAsync(
            folder.Path, settings.Registry.ConnectionString, loggers.CreateLogger<SluiceRegistry>(), cancellationToken);
        await using var catalogue = await CatalogStore.OpenAsync(CatalogueAddress(folder, settings.Registry), cancellationToken);
        await using var host = new ServerHost(folder, settings, certificate, registry, catalogue, loggers, terminal.Time, adjustEngine);
        await host.Engine.StartAsync(cancellationToken);
        var admin = await KeyFiles.EnsureAdminAsync(folder, registry.Keys, terminal.Time, cancellationToken);
        await RegistryRepair.RunAsync(registry.Deployments, host.Engine.Client, host.Rollouts.TakeUpAsync, DateTimeOffset.MaxValue, loggers.CreateLogger("Sluice.Cli.Repair"), cancellationToken);
        var url = await StartAsync(host, settings.Server, cancellationToken);
        held.Tell(url);
        await WriteBannerAsync(terminal, url, folder, registry, admin);

        var reason = await host.RunAsync(cancellationToken);
        if (reason is null)
        {
            await terminal.Error.WriteLineAsync("Stopping. Rollouts go on where they stand at the next start; gateway and revisions keep serving.");
        }

        await host.StopAsync();
        if (reason is not null)
        {
            throw new CannotServeException($"The engine cannot go on: {reason.Message}");
        }

        return ExitCode.Ok;
    }

    private static async Task<string> StartAsync(ServerHost host, ServerSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            return settings.UrlOf(await host.StartAsync(cancellationToken));
        }
        catch (IOException e)
        {
            throw new CannotServeException(PortTaken(settings, e.Message));
        }
    }

    // Beside the registry: one database to keep and to back up.
    private static DatabaseAddress CatalogueAddress(DataFolder folder, RegistrySettings registry) =>
        string.IsNullOrWhiteSpace(registry.ConnectionString)
            ? new DatabaseAddress.SqliteFile(folder.CatalogueFile)
            : DatabaseAddress.ParsePostgres(registry.ConnectionString.Trim());

    private static X509Certificate2? LoadCertificate(ServerSettings settings)
    {
        try
        {
            return settings.Certificate is { } file ? X509Certificate2.CreateFromPemFile(file, settings.CertificateKey) : null;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CannotServeException($"The certificate {settings.Certificate} with the key {settings.CertificateKey} cannot be used: {e.Message}");
        }
    }

    // Kestrel would find out last, after the databases are open and rollouts move.
    private static void CheckPort(ServerSettings settings)
    {
        if (settings.Endpoint.Port == 0)
        {
            return;
        }

        using var probe = new Socket(settings.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(settings.Endpoint);
        }
        catch (SocketException e)
        {
            throw new CannotServeException(PortTaken(settings, e.Message));
        }
    }

    private static string PortTaken(ServerSettings settings, string why) =>
        $"Cannot listen on {settings.Listen} ({why}). Choose another with --listen, or --listen 127.0.0.1:0 for any free one.";

    private static async Task WriteBannerAsync(Terminal terminal, string url, DataFolder folder, SluiceRegistry registry, string? admin)
    {
        await terminal.Output.WriteLineAsync($"Sluice serves {url}");
        await terminal.Output.WriteLineAsync($"  data      {folder.Path}");
        await terminal.Output.WriteLineAsync($"  registry  {registry.Place}");
        if (admin is not null)
        {
            await terminal.Output.WriteLineAsync($"  admin key {admin}");
            await terminal.Output.WriteLineAsync($"            shown this once; clients on this machine read it from {folder.AdminKeyFile}");
        }

        await terminal.Output.FlushAsync();
    }
}
