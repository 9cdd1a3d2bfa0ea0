using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;
using Spectre.Console;

namespace Sluice.Cli.Verbs;

/// <summary><c>list</c>.</summary>
internal static class ListVerb
{
    public static Command Create(Terminal terminal)
    {
        var service = new Option<string?>("--service") { Description = "Of this service only." };
        var environment = new Option<string?>("--environment", "-e") { Description = "To this environment only." };
        var status = new Option<Phase?>("--status") { Description = "In this phase only." };
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 20 };
        return new Command("list", "List rollouts, newest first.") { service, environment, status, limit }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var path = "/api/rollouts" + QueryText.Of(
                    ("service", parsed.GetValue(service)),
                    ("environment", parsed.GetValue(environment)),
                    ("status", parsed.GetValue(status)?.ToString()),
                    ("limit", parsed.GetValue(limit).ToString()));
                var page = await client.GetAsync<Page<RolloutView>>(path, cancellationToken);
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(page);
                    return ExitCode.Ok;
                }

                var now = terminal.Time.GetUtcNow();
                var rows = page.Items.Select(r => (IReadOnlyList<string>)
                    [r.Id, Markup.Remove(RolloutTree.Badge(r.Status)), $"{r.Status.StepIndex}/{r.Status.StepCount}", $"{r.Status.Weight} %", r.Record.TriggeredBy, Ages.Short(now - r.Record.CreatedAt)]);
                foreach (var line in TextTable.Render(["ROLLOUT", "STATUS", "STEP", "WEIGHT", "BY", "AGE"], rows))
                {
                    await terminal.Output.WriteLineAsync(line);
                }

                return ExitCode.Ok;
            });
    }
}

/// <summary>Writes query strings.</summary>
internal static class QueryText
{
    /// <summary>Those with a value; with the question mark when there is one.</summary>
    public static string Of(params IEnumerable<(string Name, string? Value)> parameters)
    {
        var given = parameters.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}").ToList();
        return given.Count == 0 ? "" : "?" + string.Join('&', given);
    }
}
