using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Api.Health;
using Sluice.Api.Http;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Diagnosis;

/// <summary>The doctor: why an instance does not move, and how the server is. The same on every host, as far as a host can tell.</summary>
internal static class DiagnosisRoutes
{
    public static IEnumerable<Route> All =>
    [
        new("GET", "api/instances/{id}/diagnosis", Access.Viewer, InstanceAsync),
        new("GET", "api/diagnosis", Access.Viewer, ServerAsync),
    ];

    private static async Task<IResult> InstanceAsync(Call call, CancellationToken cancellationToken)
    {
        var id = call.Value("id");
        if (await call.Service<IDeploymentRegistry>().GetRolloutAsync(RolloutIds.Parent(id), cancellationToken) is { } rollout)
        {
            call.Demand(rollout.Service);
        }
        else
        {
            call.DemandAllServices();
        }

        var diagnosis = await call.Service<DurableClient>().DiagnoseAsync(id, cancellationToken)
            ?? throw new ProblemException(Problem.NotFound($"There is no instance '{id}'. A rollout's instance has the id of the rollout."));
        return TypedResults.Json(diagnosis, ApiJson.Options);
    }

    private static async Task<IResult> ServerAsync(Call call, CancellationToken cancellationToken)
    {
        call.DemandAllServices();
        var client = call.Service<DurableClient>();
        var checks = await HealthRoutes.ChecksAsync(call, cancellationToken);
        var (open, oldest) = await StandingInstances.OldestAsync(client, cancellationToken);
        var diagnosed = new List<InstanceDiagnosis>();
        foreach (var instance in oldest)
        {
            if (await client.DiagnoseAsync(instance.InstanceId, cancellationToken) is { } diagnosis)
            {
                diagnosed.Add(diagnosis);
            }
        }

        var (failed, latest) = await StandingInstances.FailedAsync(client, cancellationToken);
        return TypedResults.Json(
            new ServerDiagnosis(
                checks.All(c => c.Status == "healthy") ? "healthy" : "unhealthy",
                call.Service<TimeProvider>().GetUtcNow(),
                HealthRoutes.Version,
                checks,
                await GaugesAsync(call, cancellationToken),
                open,
                [.. diagnosed.Where(d => d.Faults.Count > 0)],
                [.. diagnosed.Where(d => d.Faults.Count == 0 && !d.HasEnded).Take(StandingInstances.Shown)],
                failed,
                latest),
            ApiJson.Options);
    }

    // What goes up and down tells how the engine is now; what only goes up is for those who watch over time.
    private static async Task<IReadOnlyList<Gauge>> GaugesAsync(Call call, CancellationToken cancellationToken)
    {
        var gauges = new List<Gauge>();
        foreach (var source in call.Http.RequestServices.GetServices<FigureSource>().Where(s => s.Name == "engine"))
        {
            foreach (var figure in (await source.ReadAsync(cancellationToken)).Where(f => f.Kind == FigureKind.Gauge))
            {
                gauges.AddRange(figure.Samples.Select(s => new Gauge(string.Join(' ', [figure.Name, .. s.Labels.Select(l => l.Value)]), s.Value, figure.Help)));
            }
        }

        return gauges;
    }
}

/// <summary>How the server is.</summary>
/// <param name="Status"><c>healthy</c> or <c>unhealthy</c>, by its checks.</param>
/// <param name="At">UTC.</param>
/// <param name="Version">Of the program.</param>
/// <param name="Checks">As of <c>GET /health/deep</c>.</param>
/// <param name="Gauges">How the engine is now: queues, lag, what is in memory. None where the host is not the engine.</param>
/// <param name="Open">Instances that have not ended.</param>
/// <param name="Faulty">Those among the ones that have not moved for longest with which something is wrong.</param>
/// <param name="Oldest">The others, the one that has not moved for longest first.</param>
/// <param name="Failed">How many have failed and are still kept.</param>
/// <param name="LatestFailed">The latest of them.</param>
public sealed record ServerDiagnosis(
    string Status,
    DateTimeOffset At,
    string Version,
    IReadOnlyList<HealthCheck> Checks,
    IReadOnlyList<Gauge> Gauges,
    int Open,
    IReadOnlyList<InstanceDiagnosis> Faulty,
    IReadOnlyList<InstanceDiagnosis> Oldest,
    int Failed,
    IReadOnlyList<FailedInstance> LatestFailed);

/// <summary>One value of the engine.</summary>
/// <param name="Name">As in <c>/metrics</c>, with its label.</param>
/// <param name="Value">Now.</param>
/// <param name="Help">What it is.</param>
public sealed record Gauge(string Name, double Value, string Help);

/// <summary>An instance that has failed.</summary>
/// <param name="InstanceId">Which.</param>
/// <param name="Name">Of its orchestrator.</param>
/// <param name="At">When.</param>
/// <param name="Failure">Why.</param>
public sealed record FailedInstance(string InstanceId, string Name, DateTimeOffset At, string Failure);
