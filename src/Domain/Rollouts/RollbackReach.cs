using Sluice.Domain.Plans;

namespace Sluice.Domain.Rollouts;

/// <summary>How far a rollback of a rollout goes: the whole way, newest first, except what cannot be undone.</summary>
/// <param name="Environments">Environments it changed, newest first.</param>
/// <param name="Undone">Migrations that are undone, newest first.</param>
/// <param name="Left">Migrations that stay; named in the report.</param>
public sealed record RollbackReach(IReadOnlyList<string> Environments, IReadOnlyList<Step.Migrate> Undone, IReadOnlyList<Step.Migrate> Left)
{
    /// <summary>Those of <see cref="Left"/> below which no older version may run, because they did more than add.</summary>
    public IEnumerable<Step.Migrate> Forbidding => Left.Where(m => !m.Expand);

    /// <summary>The reach once the first steps of a plan have acted.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="done">How many of its steps have acted, the one under way included.</param>
    public static RollbackReach Of(Plan plan, int done)
    {
        var newestFirst = plan.Steps.Take(done).Reverse().ToList();
        var migrations = newestFirst.OfType<Step.Migrate>().ToList();
        return new RollbackReach(
            [.. newestFirst.Where(s => s is Step.Deploy or Step.Migrate or Step.SetWeight).Select(s => s.Environment).OfType<string>().Distinct()],
            [.. migrations.Where(m => m.Reversible)],
            [.. migrations.Where(m => !m.Reversible)]);
    }

    /// <summary>Environments that the steps of a plan touch, in the order in which their locks are taken.</summary>
    public static IReadOnlyList<string> LockOrder(Plan plan)
    {
        var touched = plan.Steps.Where(s => !s.IsGate).Select(s => s.Environment).ToHashSet();
        return [.. plan.Environments.Select(e => e.Name).Where(touched.Contains)];
    }
}
