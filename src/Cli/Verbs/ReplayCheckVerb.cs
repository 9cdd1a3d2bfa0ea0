using System.CommandLine;
using System.Text.Json;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Serve;
using Sluice.Durable;
using Sluice.Engine;
using Sluice.Orchestration;

namespace Sluice.Cli.Verbs;

/// <summary><c>replay-check</c>: works on the data folder, whether a server runs or not.</summary>
internal static class ReplayCheckVerb
{
    public static Command Create(Terminal terminal)
    {
        var histories = new Option<string?>("--histories") { Description = "Check the exported histories of this folder instead of the data folder.", HelpName = "FOLDER" };
        var export = new Option<string?>("--export") { Description = "Also write each history to this folder.", HelpName = "FOLDER" };
        return new Command("replay-check", "Replay everything that sleeps against this program, before an upgrade to it; what would fail is named: exit 1.") { histories, export }
            .Does(terminal, async (parsed, cancellationToken) =>
            {
                var check = new ReplayCheck(new DurableTasks().AddSluice());
                var verdicts = new List<ReplayVerdict>();
                foreach (var history in Read(parsed.GetValue(histories), DataFolder.Find(parsed.GetValue(CommonOptions.Data))))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    verdicts.Add(check.Check(history));
                    if (parsed.GetValue(export) is { } folder)
                    {
                        Directory.CreateDirectory(folder);
                        await File.WriteAllTextAsync(Path.Combine(folder, history.FileName), history.Write(), cancellationToken);
                    }
                }

                await SayAsync(terminal, verdicts, parsed.GetValue(CommonOptions.Json));
                return verdicts.Exists(v => v.Fault is not null) ? ExitCode.Failed : ExitCode.Ok;
            });
    }

    private static IEnumerable<StoredHistory> Read(string? folder, DataFolder data)
    {
        if (folder is not null)
        {
            return ReadFolder(folder);
        }

        return File.Exists(data.EngineFile)
            ? StoredHistory.ReadFile(data.EngineFile)
            : throw new UsageException($"There is no {data.EngineFile}. Is this the data folder (--data) of the server?");
    }

    private static IEnumerable<StoredHistory> ReadFolder(string folder)
    {
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories) : [];
        if (files.Length == 0)
        {
            throw new UsageException($"There are no exported histories (*.json) in {folder}.");
        }

        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            StoredHistory history;
            try
            {
                history = StoredHistory.Parse(File.ReadAllText(file));
            }
            catch (JsonException e)
            {
                throw new UsageException($"{file} is not an exported history: {e.Message}");
            }

            yield return history;
        }
    }

    private static async Task SayAsync(Terminal terminal, List<ReplayVerdict> verdicts, bool json)
    {
        if (json)
        {
            terminal.WriteJson(verdicts);
            return;
        }

        foreach (var verdict in verdicts.Where(v => v.Fault is not null))
        {
            var version = verdict.Version.Length == 0 ? "" : $" version {verdict.Version}";
            await terminal.Output.WriteLineAsync($"{verdict.InstanceId} ({verdict.Name}{version}, {verdict.Status}, {verdict.Events} events)\n  {verdict.Fault}");
        }

        var failed = verdicts.Count(v => v.Fault is not null);
        await terminal.Output.WriteLineAsync(failed == 0
            ? $"All {verdicts.Count} histories replay."
            : $"{failed} of {verdicts.Count} histories do not replay: let these instances end, or terminate them, before the upgrade.");
    }
}
