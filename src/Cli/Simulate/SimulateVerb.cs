using System.CommandLine;
using Sluice.Cli.Client;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Domain.Plans;
using Sluice.Domain.Scenarios;

namespace Sluice.Cli.Simulate;

/// <summary><c>simulate PLAN --scenario FILE</c>: needs no server.</summary>
internal static class SimulateVerb
{
    public static Command Create(Terminal terminal)
    {
        var plan = new Argument<string>("plan") { Description = "The plan's file." };
        var scenario = new Option<string>("--scenario") { Description = "What happens around the rollout.", HelpName = "FILE", Required = true };
        var runs = new Option<int>("--runs") { Description = "Run it so often, each time with another seed, and give rates with 95 % intervals.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var seed = new Option<int?>("--seed") { Description = "Draws everything left to chance, instead of the scenario's own.", HelpName = "S" };
        return new Command("simulate", "Run a plan in virtual time, in an imaginary world: every decision and why. Exit 1 when what the scenario expects does not come.")
            { plan, scenario, runs, seed }
            .Does(terminal, async (parsed, cancellationToken) =>
            {
                var (bundle, compiled) = ReadPlan(parsed.GetRequiredValue(plan));
                var read = ReadScenario(parsed.GetRequiredValue(scenario));
                read = read with { Seed = parsed.GetValue(seed) ?? read.Seed };
                return parsed.GetValue(runs) switch
                {
                    < 1 => throw new UsageException("--runs is a number of 1 or more."),
                    1 => Say(terminal, parsed.GetValue(CommonOptions.Json), read, await SimulatedRun.RunAsync(bundle, compiled, read)),
                    var many => Say(terminal, parsed.GetValue(CommonOptions.Json), read, await ManyRuns.RunAsync(bundle, compiled, read, many, cancellationToken)),
                };
            });
    }

    /// <summary>A plan that compiles, or a usage error with every fault.</summary>
    internal static (Bundle Bundle, Plan Plan) ReadPlan(string file)
    {
        var bundle = BundleFolder.Read(file);
        var compiled = PlanCompiler.Compile(bundle);
        return (bundle, compiled.Plan ?? throw Refuse(file, compiled.Faults));
    }

    private static Scenario ReadScenario(string file)
    {
        var compiled = ScenarioCompiler.Compile(ReadText(file));
        return compiled.Value ?? throw Refuse(file, compiled.Faults);
    }

    /// <summary>The text of a file, or a usage error.</summary>
    internal static string ReadText(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be read: {e.Message}");
        }
    }

    /// <summary>Every fault, as compilers print them.</summary>
    internal static UsageException Refuse(string file, IReadOnlyList<PlanFault> faults) =>
        new(string.Join(Environment.NewLine, faults.Select(f => ProblemText.Of(f, file))));

    private static int Say(Terminal terminal, bool json, Scenario scenario, SimulationReport report)
    {
        if (json)
        {
            terminal.WriteJson(report);
        }
        else
        {
            foreach (var line in SimulationText.Of(report, scenario.Start))
            {
                terminal.Output.WriteLine(line);
            }

            foreach (var unmet in report.Unmet)
            {
                terminal.Error.WriteLine(unmet);
            }
        }

        return report.Unmet.Count == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    private static int Say(Terminal terminal, bool json, Scenario scenario, RunsReport report)
    {
        if (json)
        {
            terminal.WriteJson(report);
        }
        else
        {
            foreach (var line in SimulationText.Of(report, scenario.Expect))
            {
                terminal.Output.WriteLine(line);
            }
        }

        return report.Holds is null || report.Holds.Value >= scenario.Expect!.InAtLeast ? ExitCode.Ok : ExitCode.Failed;
    }
}
