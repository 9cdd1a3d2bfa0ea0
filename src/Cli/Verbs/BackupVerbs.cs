using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Serve;

namespace Sluice.Cli.Verbs;

/// <summary><c>backup</c> and <c>restore</c>: work on the data folder itself; a backup also while a server runs on it.</summary>
internal static class BackupVerbs
{
    public static IEnumerable<Command> Create(Terminal terminal) => [Backup(terminal), Restore(terminal)];

    private static Command Backup(Terminal terminal)
    {
        var folder = new Argument<string>("folder") { Description = "Where to; it must not exist or be empty. It will hold keys and secrets." };
        return new Command("backup", "Copy the data folder, whether a server runs on it or not.") { folder }
            .Does(terminal, (parsed, _) =>
            {
                var data = DataFolder.Find(parsed.GetValue(CommonOptions.Data));
                var target = Path.GetFullPath(parsed.GetRequiredValue(folder));
                return SayAsync(terminal, parsed, data.Path, target, DataBackup.Backup(data, target));
            });
    }

    private static Command Restore(Terminal terminal)
    {
        var folder = new Argument<string>("folder") { Description = "The backup." };
        return new Command("restore", "Make a data folder of a backup; the data folder must not exist or be empty.") { folder }
            .Does(terminal, (parsed, _) =>
            {
                var data = DataFolder.Find(parsed.GetValue(CommonOptions.Data));
                var source = Path.GetFullPath(parsed.GetRequiredValue(folder));
                return SayAsync(terminal, parsed, source, data.Path, DataBackup.Restore(source, data));
            });
    }

    private static async Task<int> SayAsync(Terminal terminal, ParseResult parsed, string source, string target, (int Files, long Bytes) copied)
    {
        var registry = File.Exists(Path.Combine(target, "registry.db"));
        if (parsed.GetValue(CommonOptions.Json))
        {
            terminal.WriteJson(new { source, target, copied.Files, copied.Bytes, registry });
            return ExitCode.Ok;
        }

        await terminal.Output.WriteLineAsync($"{source} -> {target}: {copied.Files} files, {copied.Bytes} bytes.");
        if (!registry)
        {
            await terminal.Error.WriteLineAsync("There is no registry.db: the registry is in PostgreSQL, whose own backup belongs to this one.");
        }

        return ExitCode.Ok;
    }
}
