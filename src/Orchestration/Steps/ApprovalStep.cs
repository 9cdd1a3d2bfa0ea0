using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>Waits for people: so many of those the plan names, each counted once.</summary>
internal static class ApprovalStep
{
    public static async Task<StepEnd> RunAsync(RolloutRun run, Step.Approval step)
    {
        var inner = run.Journal;
        var deadline = run.Context.CurrentUtcDateTime + step.Timeout;
        var approved = new List<string>();

        // What was said before the gate opened was said about something else.
        await run.Inbox.CheckAsync();
        inner.Note("approval.requested", step.Environment, $"{step.Required} of {string.Join(", ", step.Approvers)} must approve");
        await ShowAsync();
        while (approved.Count < step.Required)
        {
            var command = await run.Inbox.UntilAsync(deadline, c => c.Kind is CommandKind.Approve or CommandKind.Reject);
            if (command is null)
            {
                Expire();
                await ShowAsync();
                continue;
            }

            if (Uncounted(command) is { } why)
            {
                inner.Note(
                    "approval.uncounted", step.Environment, $"{command.Kind} by {command.Actor} does not count: {why}", ("actor", command.Actor));
                await inner.FlushAsync();
                continue;
            }

            if (command.Kind == CommandKind.Reject)
            {
                throw new GoBackException(
                    Outcome.Rejected, $"rejected by {command.Actor}" + (command.Reason is null ? "" : $": {command.Reason}"));
            }

            approved.Add(command.Actor);
            inner.Note(
                "approved", step.Environment, $"approved by {command.Actor}" + (command.Reason is null ? "" : $": {command.Reason}"),
                ("actor", command.Actor));
            await ShowAsync();
        }

        return StepEnd.Passed($"approved by {string.Join(", ", approved)}");

        string? Uncounted(Command command) =>
            command.By is not null ? $"an admin entered it for {command.By}"
            : !step.Approvers.Any(a => a == command.Actor || command.Groups.Contains(a)) ? "not among the approvers"
            : command.Kind == CommandKind.Approve && approved.Contains(command.Actor) ? "approved already"
            : null;

        void Expire()
        {
            var expired = $"nobody approved within {Durations.Format(step.Timeout)} ({approved.Count} of {step.Required})";
            switch (step.OnTimeout)
            {
                case TimeoutAction.Abort:
                    throw new GoBackException(Outcome.Aborted, expired);
                case TimeoutAction.Rollback:
                    throw new GoBackException(Outcome.Rejected, expired);
                default:
                    inner.Note("approval.expired", step.Environment, expired + "; the plan says to go on waiting");
                    deadline = run.Context.CurrentUtcDateTime + step.Timeout;
                    return;
            }
        }

        Task ShowAsync() => inner.ShowAsync(inner.Status with
        {
            Phase = approved.Count < step.Required ? Phase.Paused : Phase.Progressing,
            PauseReason = approved.Count < step.Required ? PauseReason.Approval : null,
            WaitsUntil = new DateTimeOffset(deadline, TimeSpan.Zero),
            WaitingFor = [.. step.Approvers],
            ApprovedBy = [.. approved],
            Message = $"waits for {step.Required - approved.Count} of {string.Join(", ", step.Approvers)}",
        });
    }
}
