using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>
/// Waits for people: so many of those the plan names, each counted once, for what they were shown. When that changes meanwhile, all of
/// them are asked anew, and the time begins again.
/// </summary>
internal static class ApprovalStep
{
    public static async Task<StepEnd> RunAsync(RolloutRun run, Step.Approval step)
    {
        var journal = run.Journal;
        var deadline = run.Context.CurrentUtcDateTime + step.Timeout;

        // What was said before the gate opened was said about something else.
        await run.Inbox.CheckAsync();
        var signatures = new Signatures(run, step.Title, step.Approvers, step.Required);
        journal.Note(
            "approval.requested", step.Environment, $"{step.Required} of {string.Join(", ", step.Approvers)} must approve", ("evidence", signatures.Evidence));
        await ShowAsync();
        while (signatures.Missing > 0)
        {
            var command = await run.Inbox.UntilAsync(deadline, c => c.Kind is CommandKind.Approve or CommandKind.Reject or CommandKind.Report);
            if (signatures.Renew())
            {
                deadline = run.Context.CurrentUtcDateTime + step.Timeout;
                journal.Note(
                    "approval.reasked", step.Environment, "what is to be approved has changed: everybody is asked again", ("evidence", signatures.Evidence));
                await ShowAsync();
            }

            switch (command)
            {
                case null:
                    deadline = TimeLimit.Expired(
                        run, step.Environment, "approval.expired",
                        $"nobody approved within {Durations.Format(step.Timeout)} ({step.Required - signatures.Missing} of {step.Required})",
                        step.Timeout, step.OnTimeout);
                    await ShowAsync();
                    break;
                case { Kind: CommandKind.Report }:
                    break;
                case var said when signatures.Take(said) is { } why:
                    await signatures.NoteUncountedAsync(said, step.Environment, why);
                    break;
                case { Kind: CommandKind.Reject }:
                    throw new GoBackException(
                        Outcome.Rejected, $"rejected by {command.Actor}" + (command.Reason is null ? "" : $": {command.Reason}"));
                default:
                    journal.Note(
                        "approved", step.Environment, $"approved by {command.Actor}" + (command.Reason is null ? "" : $": {command.Reason}"),
                        ("actor", command.Actor), ("evidence", signatures.Evidence));
                    await ShowAsync();
                    break;
            }
        }

        return StepEnd.Passed($"approved by {string.Join(", ", signatures.Given)}");

        Task ShowAsync() => journal.ShowAsync(signatures.Show(journal.Status) with
        {
            Phase = signatures.Missing > 0 ? Phase.Paused : Phase.Progressing,
            PauseReason = signatures.Missing > 0 ? PauseReason.Approval : null,
            WaitsUntil = new DateTimeOffset(deadline, TimeSpan.Zero),
            Message = $"waits for {signatures.Missing} of {string.Join(", ", step.Approvers)}",
        });
    }
}
