using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging.Console;
using Sluice.Catalog.Cache;
using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary>The service put together: one server on the loopback address, what each request passes, and where it ends.</summary>
internal static class CatalogServer
{
    private const int RequestsPerMinute = 2000;
    private const int KeptAnswers = 5000;

    // Below the 30 s that a platform usually waits between SIGTERM and SIGKILL.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(25);

    /// <param name="settings">What the environment asks for.</param>
    /// <param name="store">Open, and outliving the server.</param>
    /// <param name="time">The clock of everything but the sockets.</param>
    /// <param name="crash">Ends the process at once, for the fault switch that does.</param>
    /// <returns>A server that is not started.</returns>
    public static WebApplication Build(ApiSettings settings, CatalogStore store, TimeProvider time, Action crash)
    {
        // Empty: no configuration file and no ASPNETCORE_URLS may open another port.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Listen(IPAddress.Loopback, settings.Port);
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopPatience);
        if (settings.Faults.NeverListen || settings.Faults.StartDelay > TimeSpan.Zero)
        {
            builder.Services.AddHostedService(services =>
                new DelayedStart(settings.Faults, time, services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(CatalogServer))));
        }

        if (settings.Redis is { } redis)
        {
            builder.Services.AddSingleton(services =>
                new SharedCache(redis.Connect(), time, services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(CatalogServer))));
        }

        builder.Logging
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            })
            .AddFilter(null, LogLevel.Warning)
            // A start that fails is told once, by Program, in words.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical)
            .AddFilter(nameof(CatalogServer), settings.LogLevel);

        var app = builder.Build();
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(CatalogServer));
        var figures = new ServiceFigures();
        var cache = new ResponseCache(time, settings.CacheLifetime, KeptAnswers);
        var shared = app.Services.GetService<SharedCache>();
        var generation = new Generation(store, shared, time);
        var answers = new Answers(cache, shared, generation, settings.Version, figures, time);
        var models = new ModelEndpoints(store, answers);
        var health = new HealthEndpoints(
            settings,
            new DatabaseHealth(store, time, log),
            new CacheHealth(cache, shared, figures, time),
            new ExternalHealth(store, settings.StaleAfter, time),
            new ResourceHealth(store.Address, time),
            time);
        var admin = new AdminEndpoints(settings, cache, shared, generation, time, log);

        // Who watches a rollout from outside sees which release answered.
        app.Use((context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers["X-Release"] = settings.Version;
                return Task.CompletedTask;
            });
            return next(context);
        });
        app.Use((context, next) => figures.InvokeAsync(context, next, time));
        app.Use(new ProblemAnswers(log).InvokeAsync);
        app.Use(new FaultInjection(settings.Faults, time, crash).InvokeAsync);
        app.Use(new ClientRateLimit(time, RequestsPerMinute, TimeSpan.FromMinutes(1)).InvokeAsync);

        string[] read = [HttpMethods.Get, HttpMethods.Head];
        app.MapMethods("/health", read, health.ShallowAsync);
        app.MapMethods("/health/deep", read, health.DeepAsync);
        app.MapMethods("/metrics", read, http =>
        {
            http.Response.ContentType = "text/plain; version=0.0.4";
            return http.Response.WriteAsync(figures.Write(cache.Count, shared?.Failures), http.RequestAborted);
        });
        app.MapMethods("/v1/openapi.json", read, OpenApiDocument.WriteAsync);
        app.MapMethods("/v1/models", read, models.ListAsync);
        app.MapMethods("/v1/models/{**id:minlength(1)}", read, models.GetAsync);
        app.MapMethods("/v1/price-history/{**id:minlength(1)}", read, new PriceHistoryEndpoint(store, answers).GetAsync);
        app.MapMethods("/v1/compare", read, new CompareEndpoint(store, answers).GetAsync);
        app.MapPost("/v1/admin/cache/refresh", admin.RefreshCacheAsync);

        app.Lifetime.ApplicationStopped.Register(log.Stopped);
        if (settings.Faults.ToString() is { Length: > 0 } switches)
        {
            log.FaultsAreOn(switches);
        }

        return app;
    }

    /// <summary>Starts listening and says where.</summary>
    /// <exception cref="IOException">The port is taken or not allowed.</exception>
    /// <exception cref="OperationCanceledException">Told to stop before it listened.</exception>
    public static async Task ListenAsync(this WebApplication app, ApiSettings settings, CatalogStore store)
    {
        var offers = await store.CountAsync(CancellationToken.None);
        await app.StartAsync();
        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(CatalogServer))
            .Listening(settings.Version, app.Urls.Single(), Environment.ProcessId, offers, store.Address.ToString());
    }

    /// <summary>The process is gone at the next instant, as after a segmentation fault: nothing is flushed, nobody is told.</summary>
    public static void Crash()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }
}
