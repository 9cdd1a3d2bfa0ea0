using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Durable;

namespace Sluice.Engine;

/// <summary>The embedded engine in a host.</summary>
public static class EngineServices
{
    /// <summary>
    /// Adds an engine that starts and stops with the host. A host that cannot open the file does not start. <see cref="DurableClient"/> and
    /// <see cref="EngineClient"/> can be resolved once it has started.
    /// </summary>
    /// <param name="services">Where activities and orchestrators find what they need, too.</param>
    /// <param name="tasks">What it can run.</param>
    /// <param name="options">Path, clock and limits.</param>
    public static IServiceCollection AddEmbeddedEngine(
        this IServiceCollection services, Func<IServiceProvider, DurableTasks> tasks, Func<IServiceProvider, EngineOptions> options)
    {
        services.TryAddSingleton(provider => new EmbeddedEngine(tasks(provider), provider, options(provider), provider.GetService<ILoggerFactory>()));
        services.TryAddSingleton(provider => provider.GetRequiredService<EmbeddedEngine>().Client);
        services.TryAddSingleton<DurableClient>(provider => provider.GetRequiredService<EngineClient>());
        services.AddHostedService<Lifetime>();
        return services;
    }

    private sealed class Lifetime(EmbeddedEngine engine) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => engine.StartAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => engine.StopAsync(cancellationToken);
    }
}
