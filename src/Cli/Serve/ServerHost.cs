using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Api;
using Sluice.Api.Health;
using Sluice.Api.Http;
using Sluice.Api.Settings;
using Sluice.Api.Telemetry;
using Sluice.Catalog.Cache;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Domain.Plans;
using Sluice.Durable;
using Sluice.Engine;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;
using Sluice.Platforms;
using Sluice.Platforms.Gateway.Control;
using Sluice.Platforms.Http;
using Sluice.Platforms.Migrations;
using Sluice.Platforms.Secrets;
using Sluice.Registry;

namespace Sluice.Cli.Serve;

/// <summary>Everything a server is made of, put together: engine, registry, adapters, orchestrations, API, the loops that watch.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private static readonly string Version = typeof(ServerHost).Assembly.GetName().Version!.ToString(3);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);
    private readonly WebApplication _app;
    private readonly GatewayClient _gateway;

    public ServerHost(
        DataFolder folder,
        SluiceSettings settings,
        X509Certificate2? certificate,
        SluiceRegistry registry,
        CatalogStore catalogue,
        ILoggerFactory loggers,
        TimeProvider time,
        Action<EngineOptions>? adjustEngine = null)
    {
        _gateway = new GatewayClient(folder.Path, GatewayLaunch.ThisProgram(), time);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = folder.Path });
        Listen(builder, settings.Server, certificate);
        var services = builder.Services;
        services.AddSingleton(loggers);
        services.AddSingleton(time);
        services.AddRouting();
        services.Configure<HostOptions>(o => o.ShutdownTimeout = StopPatience);

        services.AddSingleton(registry.Deployments);
        services.AddSingleton(registry.Events);
        services.AddSingleton(registry.Coordination);
        services.AddSingleton(registry.Keys);

        services.AddSingleton<ISecretStore>(new SecretStore(folder.Path));
        services.AddSingleton<IPlatforms>(s => new AdapterSet(_gateway, s.GetRequiredService<ISecretStore>(), settings.Server.BaseDirectory ?? Environment.CurrentDirectory));
        services.AddSingleton<ISmokeRunner>(new SmokeRunner(time));
        services.AddSingleton<ILoadTest>(new LoadTest(time));
        services.AddSingleton<IMigrator>(new SqlMigrator(time));

        var engine = EngineOf(folder, settings, time);
        adjustEngine?.Invoke(engine);
        services.AddSingleton(s => new EmbeddedEngine(new DurableTasks().AddSluice().AddSyncs(c => c.GetRequiredService<SyncTools>()), s, engine, loggers));
        services.AddSingleton<DurableClient>(s => s.GetRequiredService<EmbeddedEngine>().Client);
        services.AddSingleton(new RolloutOptions
        {
            AutoRollback = settings.Rollouts.AutoRollback,
            RetentionDays = settings.Server.EventRetentionDays,
            HostRemovesInstances = true,
            Freeze = settings.Freeze,
            KnowsApprover = name => Knows(name, settings.Groups, registry.Keys),
        });
        services.AddSluiceOrchestration();
        AddSyncs(services, folder, catalogue, time);

        services.AddSluiceApi(settings.Groups, KeyFiles.EnsureSystem(folder));
        services.AddSingleton(new HealthProbe("registry", async c => { await registry.PingAsync(c); return registry.Place; }));
        services.AddSingleton(s => EngineFigureSource.Health(s.GetRequiredService<EmbeddedEngine>(), folder.EngineFile));
        services.AddSingleton(GatewayFigures.Health(_gateway));
        services.AddSingleton(DiskSpace.Health(folder));
        services.AddSingleton(GatewayFigures.Figures(_gateway));
        services.AddSingleton(s => EngineFigureSource.Figures(s.GetRequiredService<EmbeddedEngine>()));

        builder.Configuration.AddInMemoryCollection(TelemetrySettings.StandardVariables());
        services.AddSluiceTelemetry(settings.Telemetry, "embedded");

        services.AddHostedService<ScheduleLoop>();
        services.AddHostedService<SyncLoop>();

        _app = builder.Build();
        _app.UseSluice(RouteTable.Routes);
    }

    public EmbeddedEngine Engine => _app.Services.GetRequiredService<EmbeddedEngine>();

    public RolloutService Rollouts => _app.Services.GetRequiredService<RolloutService>();

    /// <summary>Answers requests from now on.</summary>
    /// <returns>The port.</returns>
    public async Task<int> StartAsync(CancellationToken cancellationToken)
    {
        await _app.StartAsync(cancellationToken);
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new Uri(addresses.First()).Port;
    }

    /// <summary>Waits until told to end, or the engine cannot go on.</summary>
    /// <returns>Why it cannot; null when told.</returns>
    public async Task<Exception?> RunAsync(CancellationToken cancellationToken)
    {
        var told = Task.Delay(Timeout.Infinite, cancellationToken);
        return await Task.WhenAny(told, Engine.Fatal) == told ? null : await Engine.Fatal;
    }

    /// <summary>Ends requests, then the engine. Gateway and revisions are left alone.</summary>
    public async Task StopAsync()
    {
        await _app.StopAsync();
        await Engine.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _gateway.Dispose();
    }

    /// <summary>How the engine runs with these settings.</summary>
    internal static EngineOptions EngineOf(DataFolder folder, SluiceSettings settings, TimeProvider time) => new()
    {
        Path = folder.EngineFile,
        MaxConcurrentActivities = settings.Engine.MaxConcurrentActivities,
        MaxConcurrentPerActivity = settings.Engine.MaxConcurrentPerActivity,
        MaxPendingWrites = settings.Engine.MaxPendingWrites,
        DrainTimeout = TimeSpan.FromSeconds(settings.Engine.DrainSeconds),
        Synchronous = settings.Engine.SyncEveryCommit ? StoreSynchronous.Full : StoreSynchronous.Normal,
        Retention = new RetentionPolicy
        {
            MaxAge = TimeSpan.FromDays(settings.Server.EventRetentionDays),
            MaxCount = settings.Engine.MaxEndedInstances > 0 ? settings.Engine.MaxEndedInstances : null,
        },
        TimeProvider = time,

        // As host.json has it: what a newer program began waits for one.
        Version = Version,
        DefaultVersion = Version,
        VersionMatchStrategy = VersionMatchStrategy.CurrentOrOlder,
    };

    private static void Listen(WebApplicationBuilder builder, ServerSettings settings, X509Certificate2? certificate)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Bundle.MaxBytes;
            kestrel.Listen(settings.Endpoint, endpoint =>
            {
                if (certificate is not null)
                {
                    endpoint.UseHttps(certificate);
                }
            });
        });
    }

    private static void AddSyncs(IServiceCollection services, DataFolder folder, CatalogStore catalogue, TimeProvider time)
    {
        var startedAt = time.GetUtcNow();
        services.AddSingleton(new SyncStore(catalogue, new SyncThresholds()));
        services.AddSingleton(_ => new SourceHttp(new SourceLimits(), time));
        if (SyncSettings.Read(ServerSettingsFile.SyncVariables(folder)).Redis is { } redis)
        {
            services.AddSingleton(s => new SharedCache(redis.Connect(), time, s.GetRequiredService<ILogger<SharedCache>>()));
        }

        services.AddSingleton(s => new SyncTools(
            s.GetRequiredService<SyncStore>(),
            name => SourceFactory.Create(name, ServerSettingsFile.SyncVariables(folder)),
            s.GetRequiredService<SourceHttp>(),
            time,
            s.GetService<SharedCache>()));
        services.AddSingleton(s => new SyncScheduler(
            s.GetRequiredService<DurableClient>(), () => SyncSettings.Read(ServerSettingsFile.SyncVariables(folder)), time, startedAt));
        services.AddSingleton(new HealthProbe("catalogue", async c => $"{await catalogue.CountAsync(c)} offers in {catalogue.Address}"));
    }

    // Asked while a plan is checked, which is not asynchronous; a registry of keys is small.
    private static bool Knows(string name, GroupsSettings groups, IAccessKeys keys) =>
        groups.Members.ContainsKey(name) || keys.ListAsync(CancellationToken.None).GetAwaiter().GetResult().Any(k => k.Name == name);
}
