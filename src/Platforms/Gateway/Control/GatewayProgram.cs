using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Process;
using Sluice.Platforms.Secrets;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>
/// The gateway program: data plane and supervisor of one data folder, and the socket over which servers command both. It is started by
/// <see cref="GatewayClient"/> and depends on nobody; servers come and go.
/// </summary>
/// <remarks>
/// <para>SIGTERM (and SIGINT) ends listeners after their requests and leaves all revisions running; the next gateway adopts them.</para>
/// <para>SIGKILL loses the requests in flight and the counts, nothing else: weights, fences and processes are found again.</para>
/// <para>Only the operation "shutdown" (<c>sluice down</c>) drains and stops the revisions as well.</para>
/// </remarks>
public static class GatewayProgram
{
    /// <summary>Serves until told to end.</summary>
    /// <param name="dataFolder">The data folder; made when absent.</param>
    /// <param name="cancellationToken">Ends it as SIGTERM does.</param>
    /// <param name="options">How revisions are watched; null for the defaults.</param>
    /// <returns>
    /// Exit code: 0 after an orderly end, and when another gateway serves the folder already; 1 when it cannot start, the reason on standard
    /// error.
    /// </returns>
    public static async Task<int> RunAsync(string dataFolder, CancellationToken cancellationToken, SupervisorOptions? options = null)
    {
        try
        {
            Detached.RefuseWindows();
            var paths = new GatewayPaths(dataFolder);
            PrivateFile.CreateFolder(paths.Folder);
            PrivateFile.CreateFolder(Path.GetDirectoryName(paths.Log)!);
            using var held = TryLock(paths.Lock);
            if (held is null)
            {
                await Console.Error.WriteLineAsync($"Another gateway serves {paths.Data}; this one is not needed.");
                return 0;
            }

            await ServeAsync(paths, options ?? new SupervisorOptions(), cancellationToken);
            return 0;
        }
        catch (Exception e) when (e is PlatformException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"The gateway of {dataFolder} cannot start: {e.Message}");
            return 1;
        }
    }

    private static async Task ServeAsync(GatewayPaths paths, SupervisorOptions options, CancellationToken cancellationToken)
    {
        var socket = paths.ChooseSocket();
        File.Delete(socket);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http1));

        await using var app = builder.Build();
        var loggers = app.Services.GetRequiredService<ILoggerFactory>();
        var logger = loggers.CreateLogger("Sluice.Gateway");
        await using var control = new GatewayControl(paths, new SecretStore(paths.Data), options, TimeProvider.System, loggers);
        var shutDown = false;
        new ControlServer(control, End, logger).Map(app);

        // Adopted before anybody can ask: an answer never forgets a process.
        await control.AdoptAsync(cancellationToken);
        await app.StartAsync(cancellationToken);
        PrivateFile.Close(socket);
        logger.GatewayStarted(GatewayControl.Version, Environment.ProcessId, paths.Data, socket);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(app.Lifetime.ApplicationStopping, cancellationToken);
        try
        {
            await control.UpkeepAsync(ending.Token);
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }

        await app.StopAsync(CancellationToken.None);
        if (shutDown)
        {
            logger.GatewayShutDown();
        }
        else
        {
            logger.GatewayLeaves();
        }

        void End()
        {
            shutDown = true;
            app.Lifetime.StopApplication();
        }
    }

    private static FileStream? TryLock(string path)
    {
        try
        {
            // Exclusive by flock(2): the system releases it however this process ends.
            return PrivateFile.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }
}
