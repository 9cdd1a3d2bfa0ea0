using System.CommandLine;
using System.Text.Json;
using Sluice.Api.Http;
using Sluice.Cli.CommandLine;
using Sluice.Orchestration.Ports;

namespace Sluice.Cli.Verbs;

/// <summary><c>events ID</c>.</summary>
internal static class EventsVerb
{
    public static Command Create(Terminal terminal)
    {
        var id = RolloutArgument.Create();
        var follow = new Option<bool>("--follow", "-f") { Description = "Follow it to its end." };
        return new Command("events", "Show what happened in a rollout.") { id, follow }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var path = RolloutArgument.Path(parsed.GetRequiredValue(id)) + "/events";
                var json = parsed.GetValue(CommonOptions.Json);
                if (parsed.GetValue(follow))
                {
                    await foreach (var (_, data) in client.FollowAsync(path, cancellationToken))
                    {
                        await terminal.Output.WriteLineAsync(json ? data : LineOf(JsonSerializer.Deserialize<DeploymentEvent>(data, ApiJson.Options)!));
                    }

                    return ExitCode.Ok;
                }

                string? cursor = null;
                do
                {
                    var page = await client.GetAsync<Page<DeploymentEvent>>(path + QueryText.Of(("cursor", cursor)), cancellationToken);
                    foreach (var item in page.Items)
                    {
                        await terminal.Output.WriteLineAsync(json ? JsonSerializer.Serialize(item, ApiJson.Options) : LineOf(item));
                    }

                    cursor = page.Cursor;
                }
                while (cursor is not null);
                return ExitCode.Ok;
            });
    }

    private static string LineOf(DeploymentEvent item) =>
        $"{item.At.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}Z  {item.Type,-22} {item.Environment ?? "-",-12} {item.Message}";
}
