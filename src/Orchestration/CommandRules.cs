using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration;

/// <summary>Who may say what, and when it can have an effect. What passes here is still judged by the rollout itself when it reads it.</summary>
internal static class CommandRules
{
    /// <summary>The refusal, or null when the command may be written.</summary>
    public static CommandResult? Refuse(CommandRequest request, FoundRollout rollout)
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

        if (kind == CommandKind.PromoteFull && string.IsNullOrWhiteSpace(request.Reason))
        {
            return new CommandResult.Invalid("Going to 100 % at once needs a reason.");
        }

        var status = rollout.Status;
        if (status.Outcome is { } outcome)
        {
            return new CommandResult.Conflict($"The rollout has ended: {outcome}.");
        }

        if (rollout.HasEnded)
        {
            return new CommandResult.Conflict($"The rollout's instance is {rollout.RuntimeStatus?.ToString() ?? "gone"}; the watchdog brings it back.");
        }

        var atGate = status is { Phase: Phase.Paused, PauseReason: PauseReason.Approval };
        return kind switch
        {
            CommandKind.Approve or CommandKind.Reject when !atGate =>
                new CommandResult.Conflict($"No approval is waited for: the rollout is {Where(status)}."),
            CommandKind.Approve or CommandKind.Reject when request.By is null && !status.WaitingFor.Any(w => w == caller.Name || caller.Groups.Contains(w)) =>
                new CommandResult.Forbidden($"{caller.Name} is not among the approvers: {string.Join(", ", status.WaitingFor)}."),
            CommandKind.Promote or CommandKind.PromoteFull or CommandKind.Skip when atGate =>
                new CommandResult.Conflict($"An approval is waited for, which only its approvers give: {string.Join(", ", status.WaitingFor)}."),
            CommandKind.Promote or CommandKind.PromoteFull or CommandKind.Skip when status is { Phase: not Phase.Paused, Leg: null } =>
                new CommandResult.Conflict($"There is no soak, hold or pause to end: the rollout is {Where(status)}."),
            _ => null,
        };
    }

    private static bool Allowed(CommandKind kind, Role role) => role switch
    {
        Role.Admin => true,
        Role.Approver => kind is CommandKind.Approve or CommandKind.Reject,
        Role.Deployer => kind is CommandKind.Pause or CommandKind.Resume or CommandKind.Promote or CommandKind.Abort
            or CommandKind.Rollback or CommandKind.Skip,
        _ => false,
    };

    private static string Verb(CommandKind kind) => kind == CommandKind.PromoteFull ? "promote to 100 % at once" : kind.ToString().ToLowerInvariant();

    private static string Where(RolloutStatus status) => status.Step is { } step ? $"{status.Phase} in '{step}'" : status.Phase.ToString();
}
