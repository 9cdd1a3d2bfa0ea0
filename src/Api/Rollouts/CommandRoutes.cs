using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Sluice.Api.Http;
using Sluice.Domain.Plans;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Rollouts;

/// <summary>Telling a rollout something.</summary>
internal static class CommandRoutes
{
    /// <summary>Longest reason, characters.</summary>
    public const int MaxReason = 500;

    private const int MaxName = 60;

    public static IEnumerable<Route> All =>
    [
        Tell("promote", Access.Deployer, CommandKind.Promote),
        Tell("pause", Access.Deployer, CommandKind.Pause),
        Tell("resume", Access.Deployer, CommandKind.Resume),
        Tell("abort", Access.Deployer, CommandKind.Abort),
        Tell("skip", Access.Deployer, CommandKind.Skip),
        Tell("rollback", Access.Deployer, CommandKind.Rollback),
        Tell("approve", Access.Approver, CommandKind.Approve),
        Tell("reject", Access.Approver, CommandKind.Reject),
        Tell("report", Access.Deployer, CommandKind.Report),

        // Deployers and approvers alike; the rules below the door know who.
        Tell("tick", Access.Viewer, CommandKind.Tick),
        Tell("override", Access.Viewer, CommandKind.OverrideFreeze),
    ];

    private static Route Tell(string verb, Access access, CommandKind kind) =>
        new("POST", $"api/rollouts/{{id}}/{verb}", access, (call, cancellationToken) => TellAsync(call, kind, cancellationToken)) { Action = "rollout." + verb };

    private static async Task<IResult> TellAsync(Call call, CommandKind kind, CancellationToken cancellationToken)
    {
        var body = await call.ReadOptionalBodyAsync<TellRollout>(cancellationToken) ?? new TellRollout();
        call.Detail = Described(body);
        var rollout = await call.DemandRolloutAsync(call.Value("id"), cancellationToken);
        Check(call, kind, body);
        kind = body.Full ? CommandKind.PromoteFull : kind;

        var request = new CommandRequest(rollout.Id, kind, call.Caller, body.Reason, body.By, call.IdempotencyKey)
        {
            Item = body.Item ?? body.Condition,
            Passed = body.Passed,
            Evidence = body.Evidence,
        };
        return await call.Service<RolloutService>().CommandAsync(request, cancellationToken) switch
        {
            CommandResult.Accepted accepted => TypedResults.Json(
                new RolloutTold(rollout.Id, kind.ToString(), accepted.Number, $"{call.BaseUrl}/api/rollouts/{rollout.Id}"),
                ApiJson.Options,
                statusCode: StatusCodes.Status202Accepted),
            CommandResult.NotFound => throw new ProblemException(Problem.NotFound($"There is no rollout '{rollout.Id}'.")),
            CommandResult.Conflict conflict => throw new ProblemException(Problem.Conflict("wrong-state", conflict.Reason) with { RolloutId = rollout.Id }),
            CommandResult.Forbidden forbidden => throw new ProblemException(Problem.Forbidden(forbidden.Reason)),
            CommandResult.Invalid invalid => throw new ProblemException(Problem.BadRequest([new PlanFault("bad-command", "", 0, 0, invalid.Reason)])),
            var other => throw new UnreachableException($"No answer for {other}."),
        };
    }

    private static void Check(Call call, CommandKind kind, TellRollout body)
    {
        var faults = new List<PlanFault>();
        if (body.Full && kind != CommandKind.Promote)
        {
            faults.Add(new PlanFault("bad-command", "full", 0, 0, "full goes with promote only."));
        }

        if (body.Full && string.IsNullOrWhiteSpace(body.Reason))
        {
            faults.Add(new PlanFault("missing-reason", "reason", 0, 0, "Going to 100 % at once needs a reason."));
        }

        if (kind == CommandKind.Reject && string.IsNullOrWhiteSpace(body.Reason))
        {
            faults.Add(new PlanFault("missing-reason", "reason", 0, 0, "A rejection needs a reason."));
        }

        Belongs(body.Evidence is not null, "evidence", CommandKind.Approve, CommandKind.Reject);
        Belongs(body.Item is not null, "item", CommandKind.Tick);
        Belongs(body.Condition is not null, "condition", CommandKind.Report);
        Belongs(!body.Passed, "passed", CommandKind.Tick, CommandKind.Report);
        Needs(body.Item, "item", CommandKind.Tick, "A tick names the item of the checklist.");
        Needs(body.Condition, "condition", CommandKind.Report, "A report names its condition, such as 'ci'.");
        Needs(body.Reason, "reason", CommandKind.OverrideFreeze, "Moving in spite of a freeze window needs a reason.");
        if (body.Item?.Length > MaxName || body.Condition?.Length > MaxName)
        {
            faults.Add(new PlanFault("too-long", body.Item is null ? "condition" : "item", 0, 0, $"A name has at most {MaxName} characters."));
        }

        if (body.Reason?.Length > MaxReason)
        {
            faults.Add(new PlanFault("too-long", "reason", 0, 0, $"A reason has at most {MaxReason} characters."));
        }

        if (faults.Count > 0)
        {
            throw new ProblemException(Problem.BadRequest(faults));
        }

        if (body.Full && call.Caller.Role != Role.Admin)
        {
            throw new ProblemException(Problem.Forbidden($"Going to 100 % at once needs the role Admin; '{call.Caller.Name}' is {call.Caller.Role}."));
        }

        if (body.By is not null && call.Caller.Role != Role.Admin)
        {
            throw new ProblemException(Problem.Forbidden($"Only an admin speaks for another; '{call.Caller.Name}' is {call.Caller.Role}."));
        }

        void Belongs(bool given, string member, params ReadOnlySpan<CommandKind> kinds)
        {
            if (given && !kinds.Contains(kind))
            {
                faults.Add(new PlanFault("bad-command", member, 0, 0, $"{member} does not go with {kind.ToString().ToLowerInvariant()}."));
            }
        }

        void Needs(string? value, string member, CommandKind only, string message)
        {
            if (kind == only && string.IsNullOrWhiteSpace(value))
            {
                faults.Add(new PlanFault($"missing-{member}", member, 0, 0, message));
            }
        }
    }

    private static string? Described(TellRollout body)
    {
        var parts = new[]
        {
            body.Full ? "full" : null, body.Item ?? body.Condition, body.Passed ? null : "not passed", body.Evidence is null ? null : $"evidence {body.Evidence}",
            body.By is null ? null : $"by {body.By}", body.Reason,
        }.Where(p => p is not null).ToList();
        return parts.Count == 0 ? null : string.Join("; ", parts);
    }
}
