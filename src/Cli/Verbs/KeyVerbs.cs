using System.CommandLine;
using Sluice.Api.Keys;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Orchestration.Ports;

namespace Sluice.Cli.Verbs;

/// <summary><c>keys add|list|remove</c>.</summary>
internal static class KeyVerbs
{
    public static Command Create(Terminal terminal) =>
        new("keys", "Who may call; admins only.") { Add(terminal), List(terminal), Remove(terminal) };

    private static Command Add(Terminal terminal)
    {
        var name = new Argument<string>("name") { Description = "The name in every record." };
        var role = new Option<Role>("--role") { Description = "Viewer, Deployer, Approver or Admin.", Required = true };
        var services = new Option<string[]>("--service") { Description = "For this service only; may be repeated." };
        return new Command("add", "Add a key and print it, once.") { name, role, services }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var body = new AddKey(parsed.GetRequiredValue(name), parsed.GetValue(role), parsed.GetValue(services) ?? []);
                var added = await client.PostAsync<KeyAdded>("/api/keys", body, null, cancellationToken);
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(added);
                }
                else
                {
                    await terminal.Output.WriteLineAsync(added.Key);
                    await terminal.Error.WriteLineAsync($"This is the key of '{added.Name}' ({added.Role}). It is not kept here and cannot be shown again.");
                }

                return ExitCode.Ok;
            });
    }

    private static Command List(Terminal terminal) =>
        new Command("list", "List the keys; their texts are not kept.")
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var page = await client.GetAsync<Page<KeyView>>("/api/keys", cancellationToken);
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(page);
                    return ExitCode.Ok;
                }

                var now = terminal.Time.GetUtcNow();
                var rows = page.Items.Select(k => (IReadOnlyList<string>)
                    [k.Name, k.Role.ToString(), k.Services.Count == 0 ? "all" : string.Join(", ", k.Services), Ages.Short(now - k.CreatedAt)]);
                foreach (var line in TextTable.Render(["NAME", "ROLE", "SERVICES", "AGE"], rows))
                {
                    await terminal.Output.WriteLineAsync(line);
                }

                return ExitCode.Ok;
            });

    private static Command Remove(Terminal terminal)
    {
        var name = new Argument<string>("name") { Description = "Which." };
        return new Command("remove", "Remove a key; it stops working at once.") { name }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                await client.DeleteAsync($"/api/keys/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}", cancellationToken);
                await terminal.Error.WriteLineAsync($"Removed '{parsed.GetRequiredValue(name)}'.");
                return ExitCode.Ok;
            });
    }
}

/// <summary><c>audit verify|list</c>.</summary>
internal static class AuditVerb
{
    public static Command Create(Terminal terminal) =>
        new("audit", "Who did what; admins only.") { Verify(terminal), List(terminal) };

    private static Command Verify(Terminal terminal) =>
        new Command("verify", "Check the chain of the audit trail: exit 1 when it does not hold.")
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var result = await client.GetAsync<AuditVerification>("/api/audit/verify", cancellationToken);
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(result);
                }
                else
                {
                    await terminal.Output.WriteLineAsync(result.Holds ? "The audit trail holds." : $"The audit trail is broken at entry {result.FirstBroken}.");
                }

                return result.Holds ? ExitCode.Ok : ExitCode.Failed;
            });

    private static Command List(Terminal terminal)
    {
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 50 };
        return new Command("list", "Show the trail, newest first.") { limit }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var page = await client.GetAsync<Page<AuditEntry>>($"/api/audit?limit={parsed.GetValue(limit)}", cancellationToken);
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(page);
                    return ExitCode.Ok;
                }

                var rows = page.Items.Select(e => (IReadOnlyList<string>)
                    [e.Number.ToString(), $"{e.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z", e.Actor, e.Action, e.Subject, e.Result, e.Detail ?? ""]);
                foreach (var line in TextTable.Render(["NUMBER", "AT", "ACTOR", "ACTION", "SUBJECT", "RESULT", "DETAIL"], rows))
                {
                    await terminal.Output.WriteLineAsync(line);
                }

                return ExitCode.Ok;
            });
    }
}
