using Microsoft.AspNetCore.Http;
using Sluice.Api.Http;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Deployments;

/// <summary>The rows of <c>deployments</c>, and the events of all rollouts.</summary>
internal static class DeploymentRoutes
{
    public static IEnumerable<Route> All =>
    [
        new("GET", "api/deployments", Access.Viewer, ListAsync),
        new("GET", "api/deployments/{id}", Access.Viewer, GetAsync),
        new("GET", "api/events", Access.Viewer, ListEventsAsync),
    ];

    private static async Task<IResult> ListAsync(Call call, CancellationToken cancellationToken)
    {
        var query = call.Query;
        var wanted = new DeploymentQuery(
            query.Text("service"),
            query.Text("environment"),
            query.Word<DeploymentStatus>("status"),
            query.Time("from"),
            query.Time("to"),
            query.Integer("limit", 50, 1, 500),
            query.Text("cursor"));
        query.ThrowIfFaulty();

        var page = await call.Service<IDeploymentRegistry>().ListDeploymentsAsync(wanted, cancellationToken);
        return TypedResults.Json(page with { Items = [.. page.Items.Where(d => call.Covers(d.Service))] }, ApiJson.Options);
    }

    private static async Task<IResult> GetAsync(Call call, CancellationToken cancellationToken)
    {
        var id = call.Value("id");
        var deployment = await call.Service<IDeploymentRegistry>().GetDeploymentAsync(id, cancellationToken)
            ?? throw new ProblemException(Problem.NotFound($"There is no deployment '{id}'. A deployment's id is ROLLOUT~ENVIRONMENT."));
        call.Demand(deployment.Service);
        return TypedResults.Json(deployment, ApiJson.Options);
    }

    private static async Task<IResult> ListEventsAsync(Call call, CancellationToken cancellationToken)
    {
        var query = call.Query;
        var wanted = new EventQuery(
            query.Text("rollout"),
            query.Text("service"),
            query.Text("environment"),
            query.Text("type"),
            query.Text("text"),
            query.Time("from"),
            query.Time("to"),
            query.Integer("limit", 100, 1, 1000),
            query.Text("cursor"));
        query.ThrowIfFaulty();

        var page = await call.Service<IEventLog>().ListAsync(wanted, cancellationToken);
        return TypedResults.Json(page with { Items = [.. page.Items.Where(e => call.Covers(e.Service))] }, ApiJson.Options);
    }
}
