using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>
/// Waits until a sign-off is due, then for the people who give it; says once that it is due, once that it is overdue, and every day that
/// it is missing. It moves nothing: also a refusal only says so, and whoever wants the release back rolls it back.
/// </summary>
internal static class SignOffStep
{
    private static readonly TimeSpan BetweenReminders = TimeSpan.FromDays(1);

    /// <summary>Waits for the sign-off.</summary>
    /// <param name="run">The rollout.</param>
    /// <param name="step">Which.</param>
    /// <param name="released">The release is promoted and its environments are free: the status stays what it came to.</param>
    public static async Task<StepEnd> RunAsync(RolloutRun run, Step.SignOff step, bool released)
    {
        var due = Moment(run, step) + step.After;
        await run.Inbox.CheckAsync();
        if (due > run.Context.CurrentUtcDateTime)
        {
            await ShowAsync(null, $"{step.Name} is signed off from {due:u} on", due);
            if (await run.Inbox.UntilAsync(due, c => c.Kind == CommandKind.Skip) is { } early)
            {
                return Skipped(early);
            }
        }

        var signatures = new Signatures(run, step.Title, step.By, step.Required);
        var overdue = run.Context.CurrentUtcDateTime + step.Within;
        var escalated = false;
        var reminder = run.Context.CurrentUtcDateTime + BetweenReminders;
        Note("signoff.due", $"{step.Name} is due: {step.Required} of {string.Join(", ", step.By)} sign off");
        await ShowAsync(signatures, Waits(), null);
        while (signatures.Missing > 0)
        {
            var next = !escalated && overdue < reminder ? overdue : reminder;
            var command = await run.Inbox.UntilAsync(
                next, c => c.Kind is CommandKind.Approve or CommandKind.Reject or CommandKind.Report or CommandKind.Skip);
            if (signatures.Renew())
            {
                Note("approval.reasked", $"what {step.Name} signs off has changed: everybody is asked again");
            }

            switch (command)
            {
                case null when !escalated && run.Context.CurrentUtcDateTime >= overdue:
                    escalated = true;
                    run.Journal.Note(
                        "signoff.overdue", step.Environment,
                        $"{step.Name} should have been signed off by {string.Join(", ", step.By)} within {Durations.Format(step.Within)}", ("escalate", "true"));
                    break;
                case null:
                    reminder += BetweenReminders;
                    Note("signoff.reminder", $"{step.Name} is still to be signed off by {string.Join(", ", step.By)}");
                    break;
                case { Kind: CommandKind.Skip }:
                    return Skipped(command);
                case { Kind: CommandKind.Report }:
                    break;
                case var said when signatures.Take(said) is { } why:
                    await signatures.NoteUncountedAsync(said, step.Environment, why);
                    break;
                case { Kind: CommandKind.Reject }:
                    run.Journal.Note(
                        "signoff.refused", step.Environment,
                        $"{command.Actor} does not sign {step.Name} off: {command.Reason}. Nothing moves by itself; roll back, or sign off when it is well",
                        ("actor", command.Actor), ("escalate", "true"));
                    break;
                default:
                    run.Journal.Note(
                        "signoff.given", step.Environment, $"{step.Name} signed off by {command.Actor}" + (command.Reason is null ? "" : $": {command.Reason}"),
                        ("actor", command.Actor), ("evidence", signatures.Evidence));
                    break;
            }

            await ShowAsync(signatures, Waits(), null);
        }

        return StepEnd.Passed($"signed off by {string.Join(", ", signatures.Given)}");

        string Waits() => $"{step.Name} waits for the sign-off of {signatures.Missing} of {string.Join(", ", step.By)}";

        void Note(string type, string message) => run.Journal.Note(type, step.Environment, message);

        Task ShowAsync(Signatures? asked, string message, DateTime? until)
        {
            var status = run.Journal.Status with
            {
                WaitsUntil = until is { } moment ? new DateTimeOffset(moment, TimeSpan.Zero) : null,
                WaitingFor = asked is null ? [.. step.By] : [],
                Message = message,
            };
            status = asked?.Show(status) ?? status;
            return run.Journal.ShowAsync(released ? status : status with
            {
                Phase = asked is { Missing: 0 } ? Phase.Progressing : Phase.Paused,
                PauseReason = asked is { Missing: 0 } ? null : PauseReason.SignOff,
            });
        }
    }

    private static StepEnd Skipped(Command command) =>
        StepEnd.Skipped($"left out by {command.Actor}" + (command.Reason is null ? "" : $": {command.Reason}"));

    private static DateTime Moment(RolloutRun run, Step.SignOff step)
    {
        var promoted = run.Environments.Select(e => e.Row.PromotedAt).Max();
        return step.Since == SignOffMoment.Promoted && promoted is { } at ? at.UtcDateTime : run.StartedAt;
    }
}
