using System.CommandLine;
using Sluice.Cli.Client;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Domain.Plans;

namespace Sluice.Cli.Verbs;

/// <summary><c>validate PLAN</c>: needs no server.</summary>
internal static class ValidateVerb
{
    public static Command Create(Terminal terminal)
    {
        var plan = new Argument<string>("plan") { Description = "The plan's file.", DefaultValueFactory = _ => "sluice.yaml" };
        return new Command("validate", "Check a plan and the files it names; says everything that is wrong: exit 1.") { plan }
            .Does(terminal, async (parsed, _) =>
            {
                var file = parsed.GetRequiredValue(plan);
                var compiled = PlanCompiler.Compile(BundleFolder.Read(file));
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(new
                    {
                        Valid = compiled.Plan is not null,
                        compiled.Faults,
                        compiled.Warnings,
                        Detection = compiled.Plan is null ? [] : Detection.Describe(compiled.Plan),
                    });
                }
                else
                {
                    foreach (var warning in compiled.Warnings)
                    {
                        await terminal.Error.WriteLineAsync("warning: " + ProblemText.Of(warning, file));
                    }

                    foreach (var fault in compiled.Faults)
                    {
                        await terminal.Error.WriteLineAsync(ProblemText.Of(fault, file));
                    }

                    await terminal.Output.WriteLineAsync(compiled.Plan is { } good
                        ? $"{file} is a valid plan: {good.Service}, {good.Steps.Count} steps, {string.Join(" → ", good.Environments.Select(e => e.Name))}."
                        : $"{file} has {compiled.Faults.Count} fault{(compiled.Faults.Count == 1 ? "" : "s")}.");
                    foreach (var line in compiled.Plan is null ? [] : Detection.Describe(compiled.Plan))
                    {
                        await terminal.Output.WriteLineAsync("  " + line);
                    }
                }

                return compiled.Plan is not null ? ExitCode.Ok : ExitCode.Failed;
            });
    }
}
