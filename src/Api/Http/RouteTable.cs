using Microsoft.AspNetCore.Http;
using Sluice.Api.Diagnosis;
using Sluice.Api.Health;
using Sluice.Api.Keys;
using Sluice.Api.Management;
using Sluice.Api.Deployments;
using Sluice.Api.Rollouts;
using Sluice.Api.Syncs;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Http;

/// <summary>Every route of the API. Hosts register these and no others.</summary>
public static class RouteTable
{
    /// <summary>The routes; no two answer the same method and pattern.</summary>
    public static IReadOnlyList<Route> Routes { get; } =
    [
        new("GET", "", Access.Viewer, IndexAsync),
        .. RolloutRoutes.All,
        .. CommandRoutes.All,
        .. DeploymentRoutes.All,
        .. EnvironmentRoutes.All,
        .. KeyRoutes.All,
        .. HealthRoutes.All,
        .. DiagnosisRoutes.All,
        .. SyncRoutes.All,
        .. ManagementRoutes.All,
    ];

    private static Task<IResult> IndexAsync(Call call, CancellationToken cancellationToken)
    {
        var may = Routes
            .Where(r => r.Access != Access.System && r.Access.Allows(call.Caller.Role))
            .Select(r => $"{r.Method} /{r.Pattern}")
            .ToList();
        return Task.FromResult<IResult>(TypedResults.Json(
            new ApiIndex("Sluice", HealthRoutes.Version, call.Caller.Name, call.Caller.Role, may), ApiJson.Options));
    }
}

/// <summary>Answer of <c>GET /</c>: who the key is and what it may call.</summary>
public sealed record ApiIndex(string Name, string Version, string Caller, Role Role, IReadOnlyList<string> Routes);
