using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Sluice.Api.Http;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Deployments;

/// <summary>Services, their environments now, and bringing one back.</summary>
internal static class EnvironmentRoutes
{
    public static IEnumerable<Route> All =>
    [
        new("GET", "api/services", Access.Viewer, ListServicesAsync),
        new("GET", "api/services/{service}/environments", Access.Viewer, ListAsync),
        new("GET", "api/services/{service}/environments/{environment}", Access.Viewer, GetAsync),
        new("POST", "api/services/{service}/environments/{environment}/rollback", Access.Deployer, RollbackAsync) { Action = "environment.rollback" },
    ];

    private static async Task<IResult> ListServicesAsync(Call call, CancellationToken cancellationToken)
    {
        var environments = await call.Service<IDeploymentRegistry>().ListEnvironmentsAsync(cancellationToken);
        var services = environments
            .Where(e => call.Covers(e.Service))
            .GroupBy(e => e.Service)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new ServiceSummary(g.Key, [.. g.Select(e => e.Environment)]))
            .ToList();
        return TypedResults.Json(new Page<ServiceSummary>(services, null), ApiJson.Options);
    }

    private static async Task<IResult> ListAsync(Call call, CancellationToken cancellationToken)
    {
        var service = call.Value("service");
        call.Demand(service);
        var names = (await call.Service<IDeploymentRegistry>().ListEnvironmentsAsync(cancellationToken))
            .Where(e => e.Service == service)
            .Select(e => e.Environment)
            .ToList();
        if (names.Count == 0)
        {
            throw new ProblemException(Problem.NotFound($"Nothing of a service '{service}' was ever deployed."));
        }

        var views = new List<EnvironmentView>();
        foreach (var name in names)
        {
            if (await call.Service<RolloutService>().GetEnvironmentAsync(service, name, cancellationToken) is { } view)
            {
                views.Add(view);
            }
        }

        return TypedResults.Json(new Page<EnvironmentView>(views, null), ApiJson.Options);
    }

    private static async Task<IResult> GetAsync(Call call, CancellationToken cancellationToken)
    {
        var (service, environment) = (call.Value("service"), call.Value("environment"));
        call.Demand(service);
        var view = await call.Service<RolloutService>().GetEnvironmentAsync(service, environment, cancellationToken)
            ?? throw new ProblemException(Problem.NotFound($"Nothing of '{service}' was ever deployed to '{environment}'."));
        return TypedResults.Json(view, ApiJson.Options);
    }

    private static async Task<IResult> RollbackAsync(Call call, CancellationToken cancellationToken)
    {
        var (service, environment) = (call.Value("service"), call.Value("environment"));
        call.Demand(service);
        var body = await call.ReadOptionalBodyAsync<RollbackBody>(cancellationToken) ?? new RollbackBody(null, null);
        call.Detail = string.Join("; ", new[] { body.ToVersion, body.Reason }.Where(p => p is not null));

        var request = new RollbackRequest(service, environment, body.ToVersion, call.Caller, body.Reason);
        return await call.Service<RolloutService>().RollbackAsync(request, cancellationToken) switch
        {
            RollbackResult.Told told => Accepted(call, new RollbackAnswer(told.RolloutId, false, Uri(call, told.RolloutId))),
            RollbackResult.Started started => Accepted(call, new RollbackAnswer(started.Rollout.Id, true, Uri(call, started.Rollout.Id))),
            RollbackResult.NotFound missing => throw new ProblemException(Problem.NotFound(missing.Reason)),
            RollbackResult.Refused refused => throw new ProblemException(Problem.Conflict("refused", refused.Reason)),
            var other => throw new UnreachableException($"No answer for {other}."),
        };
    }

    private static string Uri(Call call, string id) => $"{call.BaseUrl}/api/rollouts/{id}";

    private static IResult Accepted(Call call, RollbackAnswer answer)
    {
        call.Http.Response.Headers.Location = answer.RolloutUri;
        return TypedResults.Json(answer, ApiJson.Options, statusCode: StatusCodes.Status202Accepted);
    }
}

/// <summary>A service and where it was ever deployed.</summary>
public sealed record ServiceSummary(string Service, IReadOnlyList<string> Environments);

/// <summary>Body of a rollback; all of it optional.</summary>
/// <param name="ToVersion">To which version; null for the previous one.</param>
/// <param name="Reason">Why.</param>
public sealed record RollbackBody(string? ToVersion = null, string? Reason = null);

/// <summary>Answer of a rollback.</summary>
/// <param name="RolloutId">The rollout that goes back, or that brings the version back.</param>
/// <param name="Started">Whether that is a new rollout; otherwise the running one was told to go back.</param>
/// <param name="RolloutUri">Where to look.</param>
public sealed record RollbackAnswer(string RolloutId, bool Started, string RolloutUri);
