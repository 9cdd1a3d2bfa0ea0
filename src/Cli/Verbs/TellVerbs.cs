using System.CommandLine;
using Sluice.Api.Rollouts;
using Sluice.Cli.CommandLine;

namespace Sluice.Cli.Verbs;

/// <summary>What can be said to a rollout.</summary>
internal static class TellVerbs
{
    public static IEnumerable<Command> Create(Terminal terminal)
    {
        yield return Promote(terminal);
        yield return Tell(terminal, "pause", "Stay where it is.");
        yield return Tell(terminal, "resume", "Go on from a pause.");
        yield return Answer(terminal, "approve", "Say yes at a gate, or sign off.", reasonRequired: false);
        yield return Answer(terminal, "reject", "Say no at a gate.", reasonRequired: true);
        yield return Tick(terminal);
        yield return Report(terminal);
        yield return Tell(terminal, "override", "Move in spite of a freeze window; two different people must say so.", reasonRequired: true);
        yield return Tell(terminal, "abort", "Bring it back.");
        yield return Tell(terminal, "skip", "Leave out the step that waits.");
        yield return Retry(terminal);
    }

    private static Command Promote(Terminal terminal)
    {
        var id = RolloutArgument.Create();
        var reason = Reason(required: false);
        var full = new Option<bool>("--full") { Description = "To 100 % at once; admins only, with a reason." };
        var command = new Command("promote", "End the present soak or pause and go on.") { id, reason, full };
        command.Validators.Add(result =>
        {
            if (result.GetValue(full) && string.IsNullOrWhiteSpace(result.GetValue(reason)))
            {
                result.AddError("--full needs a --reason.");
            }
        });
        return command.Asks(terminal, (parsed, client, cancellationToken) => SendAsync(
            terminal, parsed, client, parsed.GetRequiredValue(id), "promote",
            new TellRollout { Reason = parsed.GetValue(reason), Full = parsed.GetValue(full) }, cancellationToken));
    }

    private static Command Tell(Terminal terminal, string verb, string description, bool reasonRequired = false)
    {
        var id = RolloutArgument.Create();
        var reason = Reason(reasonRequired);
        return new Command(verb, description) { id, reason }.Asks(terminal, (parsed, client, cancellationToken) => SendAsync(
            terminal, parsed, client, parsed.GetRequiredValue(id), verb, new TellRollout { Reason = parsed.GetValue(reason) }, cancellationToken));
    }

    private static Command Answer(Terminal terminal, string verb, string description, bool reasonRequired)
    {
        var id = RolloutArgument.Create();
        var reason = Reason(reasonRequired);
        var by = new Option<string?>("--by") { Description = "On whose behalf; admins only, and never counted.", HelpName = "NAME" };
        var evidence = new Option<string?>("--evidence")
        {
            Description = "Hash of what you looked at, as `get` shows it: refused when the gate asks about something else by now.",
            HelpName = "HASH",
        };
        return new Command(verb, description) { id, reason, by, evidence }.Asks(terminal, (parsed, client, cancellationToken) => SendAsync(
            terminal, parsed, client, parsed.GetRequiredValue(id), verb,
            new TellRollout { Reason = parsed.GetValue(reason), By = parsed.GetValue(by), Evidence = parsed.GetValue(evidence) }, cancellationToken));
    }

    private static Command Tick(Terminal terminal)
    {
        var id = RolloutArgument.Create();
        var item = new Argument<string>("item") { Description = "The item, as the checklist names it." };
        var note = new Option<string?>("--note") { Description = "What was looked at.", HelpName = "TEXT" };
        var undo = new Option<bool>("--undo") { Description = "It is not done after all." };
        return new Command("tick", "Say that an item of a checklist is done.") { id, item, note, undo }
            .Asks(terminal, (parsed, client, cancellationToken) => SendAsync(
                terminal, parsed, client, parsed.GetRequiredValue(id), "tick",
                new TellRollout { Item = parsed.GetRequiredValue(item), Reason = parsed.GetValue(note), Passed = !parsed.GetValue(undo) }, cancellationToken));
    }

    private static Command Report(Terminal terminal)
    {
        var id = RolloutArgument.Create();
        var condition = new Argument<string>("condition") { Description = "What is reported, such as ci." };
        var result = new Argument<string>("result") { Description = "pass or fail." }.AcceptOnlyFromAmong("pass", "fail");
        var note = new Option<string?>("--note") { Description = "A link, or why.", HelpName = "TEXT" };
        return new Command("report", "Report whether a condition of the release holds.") { id, condition, result, note }
            .Asks(terminal, (parsed, client, cancellationToken) => SendAsync(
                terminal, parsed, client, parsed.GetRequiredValue(id), "report",
                new TellRollout
                {
                    Condition = parsed.GetRequiredValue(condition),
                    Passed = parsed.GetRequiredValue(result) == "pass",
                    Reason = parsed.GetValue(note),
                },
                cancellationToken));
    }

    private static Command Retry(Terminal terminal)
    {
        var id = RolloutArgument.Create();
        return new Command("retry", "Start a rollout that ended badly again, with its stored plan and release.") { id }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var started = await client.PostAsync<RolloutStarted>(RolloutArgument.Path(parsed.GetRequiredValue(id)) + "/retry", null, null, cancellationToken);
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(new { started.Id, started.RolloutUri });
                }
                else
                {
                    await terminal.Output.WriteLineAsync(started.Id);
                }

                return ExitCode.Ok;
            });
    }

    private static Option<string?> Reason(bool required) => new("--reason") { Description = "Why; kept in the audit trail.", Required = required, HelpName = "TEXT" };

    private static async Task<int> SendAsync(
        Terminal terminal, ParseResult parsed, Client.SluiceClient client, string id, string verb, TellRollout body, CancellationToken cancellationToken)
    {
        var told = await client.PostAsync<RolloutTold>($"{RolloutArgument.Path(id)}/{verb}", body, Guid.NewGuid().ToString("N"), cancellationToken);
        if (parsed.GetValue(CommonOptions.Json))
        {
            terminal.WriteJson(told);
        }
        else
        {
            await terminal.Output.WriteLineAsync($"Told {told.Id}: {verb}.");
        }

        return ExitCode.Ok;
    }
}
