using Sluice.Domain.Approvals;
using Sluice.Domain.Checklists;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration;

/// <summary>Who may say what, and when it can have an effect. What passes here is still judged by the rollout itself when it reads it.</summary>
internal static class CommandRules
{
    /// <summary>The refusal, or null when the command may be written.</summary>
    /// <param name="request">What is said.</param>
    /// <param name="rollout">To whom.</param>
    /// <param name="step">The step that it stands at; null when that is not known.</param>
    public static CommandResult? Refuse(CommandRequest request, FoundRollout rollout, Step? step)
    {
        var (kind, caller) = (request.Kind, request.Caller);
        if (kind == CommandKind.Supersede)
        {
            return new CommandResult.Invalid("Only a newer rollout supersedes; start one whose plan says so.");
        }

        if (!Allowed(kind, caller.Role))
        {
            return new CommandResult.Forbidden($"{caller.Name} has the role {caller.Role}, which may not {Verb(kind)}.");
        }

        if (request.By is not null && caller.Role != Role.Admin)
        {
            return new CommandResult.Forbidden("Only an admin enters something on behalf of another.");
        }

        if (kind is CommandKind.PromoteFull or CommandKind.OverrideFreeze && string.IsNullOrWhiteSpace(request.Reason))
        {
            return new CommandResult.Invalid(
                kind == CommandKind.PromoteFull ? "Going to 100 % at once needs a reason." : "Moving in spite of a freeze window needs a reason.");
        }

        var status = rollout.Status;
        if (rollout.HasEnded && status.Outcome is null)
        {
            return new CommandResult.Conflict($"The rollout's instance is {rollout.RuntimeStatus?.ToString() ?? "gone"}; the watchdog brings it back.");
        }

        var signsOff = status is { Outcome: Outcome.Promoted or Outcome.FastPromoted, Step: not null } && !rollout.HasEnded;
        if (status.Outcome is { } outcome && !(signsOff && kind is CommandKind.Approve or CommandKind.Reject or CommandKind.Skip or CommandKind.Report))
        {
            return new CommandResult.Conflict($"The rollout has ended: {outcome}.");
        }

        return kind switch
        {
            CommandKind.Approve or CommandKind.Reject => RefuseAnswer(request, status),
            CommandKind.Tick => RefuseTick(request, status, step),
            CommandKind.Report when string.IsNullOrWhiteSpace(request.Item) => new CommandResult.Invalid("A report names its condition, such as 'ci'."),
            CommandKind.OverrideFreeze => RefuseOverride(request, status),
            CommandKind.Skip when step is Step.VerifySync && status.Phase == Phase.Progressing => null,
            CommandKind.Promote or CommandKind.PromoteFull or CommandKind.Skip => RefusePromotion(kind, status, signsOff),
            _ => null,
        };
    }

    private static CommandResult? RefuseAnswer(CommandRequest request, RolloutStatus status)
    {
        var caller = request.Caller;
        if (status.Evidence is not { } evidence)
        {
            return new CommandResult.Conflict($"No approval is waited for: the rollout is {Where(status)}.");
        }

        if (request.By is null && !Among(status.WaitingFor, caller))
        {
            return new CommandResult.Forbidden($"{caller.Name} is not among the approvers: {string.Join(", ", status.WaitingFor)}.");
        }

        return request.Evidence is { } said && !ApprovalEvidence.Means(said, evidence)
            ? new CommandResult.Conflict(
                $"This is about evidence {said}, and the gate asks about {evidence}: a step, a report or the release is another than what was looked at. Look again, then decide.")
            : null;
    }

    private static CommandResult? RefuseTick(CommandRequest request, RolloutStatus status, Step? step)
    {
        if (status.PauseReason != PauseReason.Checklist || step is not Step.Checklist list)
        {
            return new CommandResult.Conflict($"No checklist is open: the rollout is {Where(status)}.");
        }

        return list.Items.FirstOrDefault(i => i.Name == request.Item) switch
        {
            null => new CommandResult.Invalid($"'{request.Item}' is not on the checklist {list.Name}: {string.Join(", ", list.Items.Select(i => i.Name))}."),
            ChecklistItem.Person item => request.By is null && !Among(item.By, request.Caller)
                ? new CommandResult.Forbidden($"{request.Caller.Name} may not tick '{item.Name}': {string.Join(", ", item.By)}.")
                : null,
            var item => new CommandResult.Conflict($"'{item.Name}' is not ticked by people: " + (item is ChecklistItem.Condition c ? $"report '{c.Reported}'." : "it is checked.")),
        };
    }

    private static CommandResult? RefuseOverride(CommandRequest request, RolloutStatus status) =>
        status is not { Phase: Phase.Paused, PauseReason: PauseReason.FreezeWindow } ? new CommandResult.Conflict($"No freeze window holds it: the rollout is {Where(status)}.")
        : request.By is null && status.WaitingFor.Count > 0 && !Among(status.WaitingFor, request.Caller)
            ? new CommandResult.Forbidden($"{request.Caller.Name} is not among those who may override this freeze: {string.Join(", ", status.WaitingFor)}.")
        : null;

    private static CommandResult? RefusePromotion(CommandKind kind, RolloutStatus status, bool signsOff) => status switch
    {
        { PauseReason: PauseReason.FreezeWindow } =>
            new CommandResult.Conflict($"A freeze window holds it, which only two people override, with a reason: {status.Message}"),
        { PauseReason: PauseReason.Approval or PauseReason.Checklist } =>
            new CommandResult.Conflict($"It waits at a gate, which only those it names pass: {string.Join(", ", status.WaitingFor)}."),
        { PauseReason: PauseReason.SignOff } when kind != CommandKind.Skip =>
            new CommandResult.Conflict($"It waits for a sign-off; sign it off, or skip it: {status.Message}"),
        { Phase: not Phase.Paused, Leg: null } when !signsOff =>
            new CommandResult.Conflict($"There is no soak, hold or pause to end: the rollout is {Where(status)}."),
        _ => null,
    };

    private static bool Among(IReadOnlyList<string> names, Caller caller) => names.Any(n => n == caller.Name || caller.Groups.Contains(n));

    private static bool Allowed(CommandKind kind, Role role) => role switch
    {
        Role.Admin => true,
        Role.Approver => kind is CommandKind.Approve or CommandKind.Reject or CommandKind.Tick or CommandKind.OverrideFreeze,
        Role.Deployer => kind is CommandKind.Pause or CommandKind.Resume or CommandKind.Promote or CommandKind.Abort
            or CommandKind.Rollback or CommandKind.Skip or CommandKind.Tick or CommandKind.Report or CommandKind.OverrideFreeze,
        _ => false,
    };

    private static string Verb(CommandKind kind) => kind switch
    {
        CommandKind.PromoteFull => "promote to 100 % at once",
        CommandKind.OverrideFreeze => "override a freeze window",
        _ => kind.ToString().ToLowerInvariant(),
    };

    private static string Where(RolloutStatus status) => status.Step is { } step ? $"{status.Phase} in '{step}'" : status.Phase.ToString();
}
