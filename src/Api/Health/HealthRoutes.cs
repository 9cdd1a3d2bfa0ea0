using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Api.Http;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Health;

/// <summary>Whether the server works, and what it counts.</summary>
public static class HealthRoutes
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);

    internal static string Version { get; } = Assembly.GetExecutingAssembly().GetName().Version!.ToString(3);

    internal static IEnumerable<Route> All =>
    [
        new("GET", "health", Access.Open, ShallowAsync),
        new("GET", "health/deep", Access.Viewer, DeepAsync),
        new("GET", "metrics", Access.Viewer, MetricsAsync),
    ];

    /// <summary>The answer to whether the process answers at all; needs nothing else to work.</summary>
    public static IResult Shallow(TimeProvider time) => TypedResults.Json(new HealthAnswer("healthy", time.GetUtcNow(), Version), ApiJson.Options);

    private static Task<IResult> ShallowAsync(Call call, CancellationToken cancellationToken) => Task.FromResult(Shallow(call.Service<TimeProvider>()));

    private static async Task<IResult> DeepAsync(Call call, CancellationToken cancellationToken)
    {
        var checks = await ChecksAsync(call, cancellationToken);
        var healthy = checks.All(c => c.Status == "healthy");
        return TypedResults.Json(
            new HealthAnswer(healthy ? "healthy" : "unhealthy", call.Service<TimeProvider>().GetUtcNow(), Version) { Checks = checks },
            ApiJson.Options,
            statusCode: healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>Looks at everything that the host registered.</summary>
    internal static async Task<IReadOnlyList<HealthCheck>> ChecksAsync(Call call, CancellationToken cancellationToken)
    {
        var checks = new List<HealthCheck>();
        foreach (var probe in call.Http.RequestServices.GetServices<HealthProbe>())
        {
            checks.Add(await LookAsync(call, probe, cancellationToken));
        }

        return checks;
    }

    private static async Task<HealthCheck> LookAsync(Call call, HealthProbe probe, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(ProbeTimeout);
        try
        {
            return new HealthCheck(probe.Name, "healthy", await probe.LookAsync(deadline.Token));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var reason = e is OperationCanceledException ? $"no answer within {ProbeTimeout.TotalSeconds} s" : e.Message;
            Log.Unhealthy(call.Service<ILoggerFactory>().CreateLogger("Sluice.Api.Health"), probe.Name, reason);
            return new HealthCheck(probe.Name, "unhealthy", reason);
        }
    }

    private static async Task<IResult> MetricsAsync(Call call, CancellationToken cancellationToken)
    {
        var figures = new List<Figure>
        {
            new("sluice_build_info", "Version of the program.", FigureKind.Gauge, [new Sample(1, [("version", Version)])]),
            await RolloutFigures.ReadAsync(call.Service<IDeploymentRegistry>(), cancellationToken),
        };
        figures.AddRange(await RolloutFigures.ReadLocksAsync(call.Service<ICoordination>(), cancellationToken));
        figures.AddRange(call.Service<RequestFigures>().Read());
        foreach (var source in call.Http.RequestServices.GetServices<FigureSource>())
        {
            try
            {
                figures.AddRange(await source.ReadAsync(cancellationToken));
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // One silent source must not blind the scraper to the others.
                Log.FiguresUnreadable(call.Service<ILoggerFactory>().CreateLogger("Sluice.Api.Health"), e, source.Name);
            }
        }

        return TypedResults.Text(PrometheusText.Write(figures), "text/plain; version=0.0.4", System.Text.Encoding.UTF8);
    }
}

/// <summary>Answer of the health routes.</summary>
/// <param name="Status"><c>healthy</c> or <c>unhealthy</c>.</param>
/// <param name="Timestamp">UTC.</param>
/// <param name="Version">Of the program.</param>
public sealed record HealthAnswer(string Status, DateTimeOffset Timestamp, string Version)
{
    /// <summary>What deep health looked at; null for the shallow answer.</summary>
    public IReadOnlyList<HealthCheck>? Checks { get; init; }
}

/// <summary>One thing deep health looked at.</summary>
public sealed record HealthCheck(string Name, string Status, string Message);

/// <summary>One thing deep health looks at; the host registers them.</summary>
/// <param name="Name">For people.</param>
/// <param name="LookAsync">Says what it found; throws when that is not healthy.</param>
public sealed record HealthProbe(string Name, Func<CancellationToken, Task<string>> LookAsync);
