using Sluice.Domain.Plans;

namespace Sluice.Domain.Tests.Plans;

public sealed class ExampleTests
{
    [Fact]
    public void The_documented_example_compiles_without_a_fault_or_warning()
    {
        var compilation = PlanCompiler.Compile(Example.Bundle);

        Assert.Empty(compilation.Faults);
        Assert.Empty(compilation.Warnings);
        var plan = Assert.IsType<Plan>(compilation.Plan);
        Assert.Equal("catalog-api", plan.Service);
        Assert.Equal(["staging", "production"], plan.Environments.Select(e => e.Name));
        Assert.Equal("production", plan.LastEnvironment);
        Assert.Equal(
            ["validate", "migrate", "deploy", "smoke", "baseline", "soak", "approval", "validate", "migrate", "deploy", "setWeight", "soak", "setWeight", "hold"],
            plan.Steps.Select(s => s.Kind));
        Assert.Equal(
            [.. Enumerable.Repeat("staging", 7), .. Enumerable.Repeat("production", 7)],
            plan.Steps.Select(s => s.Environment));
    }

    [Fact]
    public void Every_default_of_a_canary_soak_is_filled_in()
    {
        var soak = Assert.IsType<Step.Soak>(PlanCompiler.Compile(Example.Bundle).Plan!.Steps[11]);

        Assert.Equal(
            new Step.Soak(
                TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(30), SoakClock.Exposure, FailureAction.Rollback, 10, TimeSpan.FromHours(1),
                NoDataAction.Wait, TimeSpan.FromMinutes(2), null)
            { Environment = "production" },
            soak);
    }

    [Fact]
    public void A_soak_on_the_wall_clock_runs_the_suite_of_the_smoke_step_above_it()
    {
        var steps = PlanCompiler.Compile(Example.Bundle).Plan!.Steps;

        Assert.Same(((Step.Smoke)steps[3]).Suite, ((Step.Soak)steps[5]).Suite);
    }

    [Fact]
    public void The_files_a_plan_names_are_found_in_order()
    {
        Assert.Equal(
            ["environment.staging.yaml", "environment.production.yaml", "db/001_up.sql", "db/001_down.sql", "smoke.yaml"],
            PlanFiles.Referenced(Example.Bundle.Plan));
    }
}

/// <summary>The example of the documentation, as a client would send it.</summary>
internal static class Example
{
    public static string Root { get; } = FindRoot();

    public static Bundle Bundle { get; } = Load();

    private static Bundle Load()
    {
        var folder = Path.Combine(Root, "docs", "examples", "catalog-api");
        var plan = File.ReadAllText(Path.Combine(folder, "sluice.yaml"));
        return new Bundle(plan, PlanFiles.Referenced(plan).ToDictionary(path => path, path => File.ReadAllText(Path.Combine(folder, path))));
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Functions.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException($"No Functions.sln above {AppContext.BaseDirectory}.");
    }
}
