using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Sluice.Api.Http;
using Sluice.Api.Management;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Rollouts;

/// <summary>Starting rollouts and looking at them.</summary>
internal static class RolloutRoutes
{
    private const string RetryAfterSeconds = "10";

    public static IEnumerable<Route> All =>
    [
        new("POST", "api/rollouts", Access.Deployer, StartAsync) { Action = "rollout.start" },
        new("GET", "api/rollouts", Access.Viewer, ListAsync),
        new("GET", "api/rollouts/{id}", Access.Viewer, GetAsync),
        new("GET", "api/rollouts/{id}/explanation", Access.Viewer, ExplainAsync),
        new("GET", "api/rollouts/{id}/events", Access.Viewer, RolloutEventStream.StreamAsync),
        new("POST", "api/rollouts/{id}/retry", Access.Deployer, RetryAsync) { Action = "rollout.retry" },
    ];

    private static async Task<IResult> StartAsync(Call call, CancellationToken cancellationToken)
    {
        var body = await call.ReadBodyAsync<StartRollout>(cancellationToken);
        var bundle = body.ToBundle();
        call.Detail = body.Release.Version;

        // The service is needed before anything happens: a key for one service starts nothing of another.
        var compiled = PlanCompiler.Compile(bundle);
        if (compiled.Plan is { } plan)
        {
            call.Subject = plan.Service;
            call.Demand(plan.Service);
        }

        Check(body);
        if (body.Emergency is { } emergency)
        {
            call.Detail = $"{body.Release.Version}; emergency; {emergency.Reason}";
        }

        var request = new StartRequest(bundle, body.Release, call.IdempotencyKey, call.Caller)
        {
            Emergency = body.Emergency?.Reason,
            FreezeOverride = body.OverrideFreeze,
        };
        return Answer(call, await call.Service<RolloutService>().StartAsync(request, cancellationToken));
    }

    private static void Check(StartRollout body)
    {
        var faults = new List<PlanFault>();
        if (body.Emergency is { } emergency)
        {
            if (string.IsNullOrWhiteSpace(emergency.Reason))
            {
                faults.Add(new PlanFault("missing-reason", "emergency.reason", 0, 0, "An emergency needs a reason."));
            }

            if (emergency.Confirm != body.Release.Version)
            {
                faults.Add(new PlanFault(
                    "not-confirmed", "emergency.confirm", 0, 0,
                    $"An emergency skips soaks, approvals and baselines. Expected the version once more, '{body.Release.Version}', found '{emergency.Confirm}'."));
            }
        }

        if (body.OverrideFreeze is not null && string.IsNullOrWhiteSpace(body.OverrideFreeze))
        {
            faults.Add(new PlanFault("missing-reason", "overrideFreeze", 0, 0, "Moving in spite of a freeze window needs a reason."));
        }

        foreach (var (path, text) in new[] { ("emergency.reason", body.Emergency?.Reason), ("overrideFreeze", body.OverrideFreeze) }.Where(r => r.Item2?.Length > CommandRoutes.MaxReason))
        {
            faults.Add(new PlanFault("too-long", path, 0, 0, $"A reason has at most {CommandRoutes.MaxReason} characters."));
        }

        if (faults.Count > 0)
        {
            throw new ProblemException(Problem.BadRequest(faults));
        }
    }

    private static async Task<IResult> RetryAsync(Call call, CancellationToken cancellationToken)
    {
        var rollout = await call.DemandRolloutAsync(call.Value("id"), cancellationToken);
        return Answer(call, await call.Service<RolloutService>().RetryAsync(rollout.Id, call.Caller, cancellationToken));
    }

    private static async Task<IResult> GetAsync(Call call, CancellationToken cancellationToken)
    {
        var id = call.Value("id");
        var view = await call.Service<RolloutService>().GetAsync(id, cancellationToken)
            ?? throw new ProblemException(Problem.NotFound($"There is no rollout '{id}'."));
        call.Demand(view.Record.Service);
        return TypedResults.Json(view, ApiJson.Options);
    }

    private static async Task<IResult> ExplainAsync(Call call, CancellationToken cancellationToken)
    {
        var rollout = await call.DemandRolloutAsync(call.Value("id"), cancellationToken);
        return TypedResults.Json(await call.Service<RolloutService>().ExplainAsync(rollout.Id, cancellationToken), ApiJson.Options);
    }

    private static async Task<IResult> ListAsync(Call call, CancellationToken cancellationToken)
    {
        var query = call.Query;
        var wanted = new RolloutQuery(
            query.Text("service"), query.Text("environment"), query.Word<Phase>("status"), query.Integer("limit", 50, 1, 500), query.Text("cursor"));
        query.ThrowIfFaulty();

        var page = await call.Service<RolloutService>().ListAsync(wanted, cancellationToken);
        return TypedResults.Json(page with { Items = [.. page.Items.Where(r => call.Covers(r.Record.Service))] }, ApiJson.Options);
    }

    private static IResult Answer(Call call, StartResult result)
    {
        switch (result)
        {
            case StartResult.Started started:
                call.Detail = $"{started.Rollout.Id} {started.Rollout.Release.Version}";
                call.Http.Response.Headers.RetryAfter = RetryAfterSeconds;
                return Accepted(call, started.Rollout.Id, StatusCodes.Status202Accepted, started.Warnings);
            case StartResult.Existing existing:
                return Accepted(call, existing.Rollout.Id, StatusCodes.Status200OK, []);
            case StartResult.Invalid invalid:
                throw new ProblemException(PlanProblem(invalid.Faults));
            case StartResult.Busy busy:
                throw new ProblemException(Problem.Conflict("environment-busy", $"{busy.Environment} is held by rollout {busy.RunningId}, and the plan says refuse.")
                    with
                { RolloutId = busy.RunningId });
            case StartResult.Frozen frozen:
                throw new ProblemException(Problem.Conflict(
                    "frozen",
                    $"{frozen.Environment} is frozen by '{frozen.Window}' until {frozen.Until:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}. Start again then, or give a reason in 'overrideFreeze' and have a second person say so too."));
            case StartResult.KeyReused reused:
                throw new ProblemException(Problem.Of(
                    StatusCodes.Status422UnprocessableEntity, "key-reused", "This Idempotency-Key was used for something else.",
                    $"It started rollout {reused.ExistingId} with another bundle or release. Use a new key for a new request.") with
                { RolloutId = reused.ExistingId });
            case StartResult.Refused refused:
                throw new ProblemException(Problem.Conflict("refused", refused.Reason));
            default:
                throw new UnreachableException($"No answer for {result}.");
        }
    }

    internal static Problem PlanProblem(IReadOnlyList<PlanFault> faults) =>
        Problem.Of(
            StatusCodes.Status400BadRequest, "plan-invalid", faults.Count == 1 ? "The plan has a fault." : $"The plan has {faults.Count} faults.",
            "Nothing was started.") with
        { Faults = faults };

    private static IResult Accepted(Call call, string id, int status, IReadOnlyList<PlanFault> warnings)
    {
        var body = call.Service<ManagementUris>().Started(call.BaseUrl, id) with { Warnings = warnings.Count > 0 ? warnings : null };
        call.Http.Response.Headers.Location = body.RolloutUri;
        return TypedResults.Json(body, ApiJson.Options, statusCode: status);
    }
}
