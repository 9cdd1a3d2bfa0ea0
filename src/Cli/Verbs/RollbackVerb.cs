using System.CommandLine;
using Sluice.Api.Deployments;
using Sluice.Cli.Client;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Orchestration.Ports;

namespace Sluice.Cli.Verbs;

/// <summary><c>rollback [SERVICE] ENV</c>.</summary>
internal static class RollbackVerb
{
    public static Command Create(Terminal terminal)
    {
        var place = PlaceArgument.Create("The service, which may be left out when there is one, and its environment.", 1, 2);
        var to = new Option<string?>("--to") { Description = "To this version; else to the one before.", HelpName = "V" };
        var reason = new Option<string?>("--reason") { Description = "Why; kept in the audit trail.", HelpName = "TEXT" };
        return new Command("rollback", "Bring an environment back to an earlier version.") { place, to, reason }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var words = parsed.GetRequiredValue(place);
                var service = words.Length == 2 ? words[0] : await PlaceArgument.OnlyServiceAsync(client, cancellationToken);
                var answer = await client.PostAsync<RollbackAnswer>(
                    $"/api/services/{Uri.EscapeDataString(service)}/environments/{Uri.EscapeDataString(words[^1])}/rollback",
                    new RollbackBody(parsed.GetValue(to), parsed.GetValue(reason)),
                    null,
                    cancellationToken);
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(answer);
                }
                else
                {
                    await terminal.Output.WriteLineAsync(answer.RolloutId);
                    await terminal.Error.WriteLineAsync(answer.Started
                        ? $"Started. Follow it with `sluice get {answer.RolloutId} --watch`."
                        : $"The running rollout goes back. Follow it with `sluice get {answer.RolloutId} --watch`.");
                }

                return ExitCode.Ok;
            });
    }
}

/// <summary><c>history [SERVICE] [ENV]</c>.</summary>
internal static class HistoryVerb
{
    public static Command Create(Terminal terminal)
    {
        var place = PlaceArgument.Create("The service, and its environment.", 0, 2);
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 20 };
        return new Command("history", "List deployments, newest first.") { place, limit }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var words = parsed.GetValue(place) ?? [];
                var path = "/api/deployments" + QueryText.Of(
                    ("service", words.ElementAtOrDefault(0)), ("environment", words.ElementAtOrDefault(1)), ("limit", parsed.GetValue(limit).ToString()));
                var page = await client.GetAsync<Page<Deployment>>(path, cancellationToken);
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(page);
                    return ExitCode.Ok;
                }

                var now = terminal.Time.GetUtcNow();
                var rows = page.Items.Select(d => (IReadOnlyList<string>)
                    [d.Service, d.Environment, d.Version, d.Status.ToString(), Ages.Between(d.StartedAt, d.CompletedAt ?? now), d.TriggeredBy, Ages.Short(now - d.StartedAt), d.RollbackReason ?? ""]);
                foreach (var line in TextTable.Render(["SERVICE", "ENVIRONMENT", "VERSION", "STATUS", "TOOK", "BY", "AGE", "REASON"], rows))
                {
                    await terminal.Output.WriteLineAsync(line);
                }

                return ExitCode.Ok;
            });
    }
}

/// <summary>The words that name a service and an environment.</summary>
internal static class PlaceArgument
{
    public static Argument<string[]> Create(string description, int min, int max) =>
        new("service environment") { Description = description, Arity = new ArgumentArity(min, max) };

    /// <summary>The service when it is left out.</summary>
    /// <exception cref="UsageException">There is none, or more than one.</exception>
    public static async Task<string> OnlyServiceAsync(SluiceClient client, CancellationToken cancellationToken)
    {
        var services = (await client.GetAsync<Page<ServiceSummary>>("/api/services", cancellationToken)).Items;
        return services.Count switch
        {
            1 => services[0].Service,
            0 => throw new UsageException("Nothing was ever deployed here."),
            _ => throw new UsageException($"Name the service, one of {string.Join(", ", services.Select(s => s.Service))}."),
        };
    }
}
