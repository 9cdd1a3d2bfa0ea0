using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Domain.Plans;

namespace Sluice.Cli.Init;

/// <summary><c>init</c>: a first plan for the service in a folder.</summary>
internal static class InitVerb
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("folder") { Description = "The service's folder.", DefaultValueFactory = _ => "." };
        var strategy = new Option<string?>("--strategy")
        {
            Description = $"A named plan instead of steps to edit: {string.Join(", ", NamedPlans.Names)}.",
        };
        return new Command("init", "Write a first plan, its environments and a smoke suite; overwrites nothing.") { folder, strategy }
            .Does(terminal, async (parsed, cancellationToken) =>
            {
                var path = Path.GetFullPath(parsed.GetRequiredValue(folder));
                if (!Directory.Exists(path))
                {
                    throw new UsageException($"There is no folder {path}.");
                }

                var guess = ProjectGuess.Of(path);
                var named = parsed.GetValue(strategy);
                if (named is not null && NamedPlans.Text(named) is null)
                {
                    throw new UsageException($"There is no strategy '{named}'; known: {string.Join(", ", NamedPlans.Names)}.");
                }

                var files = PlanTemplate.For(guess, named);
                var taken = files.Keys.Where(name => File.Exists(Path.Combine(path, name))).ToList();
                if (taken.Count > 0)
                {
                    await terminal.Error.WriteLineAsync($"Nothing was written: {string.Join(", ", taken)} {(taken.Count == 1 ? "exists" : "exist")} in {path} already.");
                    return ExitCode.Failed;
                }

                foreach (var (name, text) in files)
                {
                    await File.WriteAllTextAsync(Path.Combine(path, name), text, cancellationToken);
                    await terminal.Output.WriteLineAsync($"wrote {name}");
                }

                await terminal.Error.WriteLineAsync(
                    $"Found {guess.Kind}; its command is {string.Join(' ', guess.Command)}. Read sluice.yaml and put right what was guessed, then\n"
                    + "  sluice validate\n  sluice serve\n  sluice start --version v0.1.0 --wait");
                return ExitCode.Ok;
            });
    }
}
