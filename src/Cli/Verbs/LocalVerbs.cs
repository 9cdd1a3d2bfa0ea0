using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Serve;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.Cli.Verbs;

/// <summary><c>down [SERVICE [ENV]]</c>: works on the data folder, whether a server runs or not.</summary>
internal static class DownVerb
{
    public static Command Create(Terminal terminal)
    {
        var place = PlaceArgument.Create("The service, and its environment.", 0, 2);
        var all = new Option<bool>("--all") { Description = "Everything of the data folder, the gateway included." };
        var command = new Command("down", "Drain and stop revisions; with --all the gateway too.") { place, all };
        command.Validators.Add(result =>
        {
            var named = result.GetValue(place) is { Length: > 0 };
            if (named == result.GetValue(all))
            {
                result.AddError(named ? "Name a service or say --all, not both." : "Name a service, or say --all.");
            }
        });
        return command.Does(terminal, async (parsed, cancellationToken) =>
        {
            var folder = DataFolder.Find(parsed.GetValue(CommonOptions.Data));
            var words = parsed.GetValue(place) ?? [];
            if (!Directory.Exists(folder.Path))
            {
                await terminal.Error.WriteLineAsync($"There is no data folder {folder.Path}: nothing runs.");
                return ExitCode.Ok;
            }

            using var gateway = new GatewayClient(folder.Path, GatewayLaunch.ThisProgram());
            await gateway.ShutdownAsync(words.ElementAtOrDefault(0), words.ElementAtOrDefault(1), cancellationToken);
            await terminal.Error.WriteLineAsync(words.Length == 0 ? "All revisions and the gateway have ended." : $"{string.Join(' ', words)} has ended.");
            return ExitCode.Ok;
        });
    }
}

/// <summary><c>logs SERVICE ENV</c>: the output of revisions, from the data folder.</summary>
internal static class LogsVerb
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    public static Command Create(Terminal terminal)
    {
        var service = new Argument<string>("service") { Description = "The service." };
        var environment = new Argument<string>("environment") { Description = "Its environment." };
        var revision = new Option<string?>("--revision") { Description = "Of this revision; else of the one that wrote last.", HelpName = "NAME" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as it writes." };
        return new Command("logs", "Show what a revision writes; reads the data folder of this machine.") { service, environment, revision, follow }
            .Does(terminal, async (parsed, cancellationToken) =>
            {
                var folder = Path.Combine(
                    DataFolder.Find(parsed.GetValue(CommonOptions.Data)).Path, "logs", parsed.GetRequiredValue(service), parsed.GetRequiredValue(environment));
                var file = Find(folder, parsed.GetValue(revision));
                await terminal.Error.WriteLineAsync($"== {file}");
                await CopyAsync(file, terminal, parsed.GetValue(follow), cancellationToken);
                return ExitCode.Ok;
            });
    }

    private static string Find(string folder, string? revision)
    {
        var files = Directory.Exists(folder) ? new DirectoryInfo(folder).GetFiles("*.log").OrderByDescending(f => f.LastWriteTimeUtc).ToList() : [];
        if (files.Count == 0)
        {
            throw new UsageException($"No revision has written anything in {folder}. Is this the data folder (--data) of the server?");
        }

        return files.Find(f => revision is null || f.Name == revision + ".log")?.FullName
            ?? throw new UsageException($"There is no log of '{revision}'; there are {string.Join(", ", files.Select(f => Path.GetFileNameWithoutExtension(f.Name)))}.");
    }

    private static async Task CopyAsync(string file, Terminal terminal, bool follow, CancellationToken cancellationToken)
    {
        var stream = Open(file);
        try
        {
            while (true)
            {
                using var reader = new StreamReader(stream, leaveOpen: true);
                while (await reader.ReadLineAsync(cancellationToken) is { } line)
                {
                    await terminal.Output.WriteLineAsync(line);
                }

                if (!follow)
                {
                    return;
                }

                await Task.Delay(LookEvery, terminal.Time, cancellationToken);
                if (new FileInfo(file) is { Exists: true } now && now.Length < stream.Position)
                {
                    // It was rotated: a new file stands at the old name.
                    await stream.DisposeAsync();
                    stream = Open(file);
                }
            }
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }

    private static FileStream Open(string file) => new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}

/// <summary><c>gateway</c>: hidden; the server starts it.</summary>
internal static class GatewayVerb
{
    public static Command Create(Terminal terminal) =>
        new Command("gateway", "The data plane of a data folder; started by the server.") { Hidden = true }
            .Does(terminal, (parsed, cancellationToken) => GatewayProgram.RunAsync(DataFolder.Find(parsed.GetValue(CommonOptions.Data)).Path, cancellationToken));
}
