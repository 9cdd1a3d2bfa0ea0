using System.Text.RegularExpressions;
using Sluice.Catalog.Syncs;
using Sluice.Durable;
using Sluice.Orchestration;

namespace Sluice.Architecture.Tests;

/// <summary>The Azure host has a function for every name of the product's table, and names nothing that its host reserves.</summary>
public sealed partial class FunctionNameTests
{
    private static readonly string[] Triggers = ["Health", "Routes", "SchedulesTimer", "WatchdogTimer"];

    [Fact]
    public void Every_orchestrator_and_activity_has_its_function()
    {
        var tasks = new DurableTasks().AddSluice().AddSyncs(_ => throw new InvalidOperationException("Only names are asked for."));

        Assert.Equal(tasks.OrchestratorNames.Order(StringComparer.Ordinal), Literals("Orchestrators.cs"));
        Assert.Equal(tasks.ActivityNames.Order(StringComparer.Ordinal), Literals("Activities.cs"));
    }

    [Fact]
    public void No_other_function_is_named_like_one_or_as_azure_reserves()
    {
        var others = Directory.GetFiles(Path.Combine(Repository.Root, "src", "Functions"), "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is not ("Orchestrators.cs" or "Activities.cs"))
            .SelectMany(file => Literal().Matches(File.ReadAllText(file)).Select(m => m.Groups["name"].Value))
            .ToList();

        Assert.Equal(Triggers.Order(StringComparer.Ordinal), others.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(Literals("Orchestrators.cs").Concat(Literals("Activities.cs")).Concat(others), name =>
            name.StartsWith("admin", StringComparison.OrdinalIgnoreCase) || name.StartsWith("runtime", StringComparison.OrdinalIgnoreCase));
    }

    private static IEnumerable<string> Literals(string file) =>
        Literal().Matches(File.ReadAllText(Path.Combine(Repository.Root, "src", "Functions", "Triggers", file)))
            .Select(m => m.Groups["name"].Value)
            .Order(StringComparer.Ordinal);

    [GeneratedRegex("""\[Function\("(?<name>[^"]+)"\)\]""", RegexOptions.NonBacktracking)]
    private static partial Regex Literal();
}
