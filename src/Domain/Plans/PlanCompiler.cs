namespace Sluice.Domain.Plans;

/// <summary>Reads a bundle into a plan.</summary>
public static class PlanCompiler
{
    /// <summary>Compiles a bundle; pure.</summary>
    public static PlanCompilation Compile(Bundle bundle) =>
        new(null, [new PlanFault("empty", "", 0, 0, $"The plan has {bundle.Plan.Length} characters and no compiler.")], []);
}
