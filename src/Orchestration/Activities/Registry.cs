using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Orchestration.Activities;

/// <summary>Which plan to read.</summary>
/// <param name="BundleHash">Of which bundle.</param>
/// <param name="RestoreEnvironment">For a restore, the environment whose short way back is wanted; null for the whole plan.</param>
/// <param name="RestoreWay">For a restore, how much is checked.</param>
/// <param name="Emergency">Whether the way of an emergency is wanted.</param>
public sealed record LoadPlanInput(string BundleHash, string? RestoreEnvironment, RestoreWay RestoreWay = default, bool Emergency = false);

/// <summary>Compiles a stored bundle; the bundle never changes, so neither does the result.</summary>
public sealed class LoadPlanActivity(IDeploymentRegistry registry) : IActivity<LoadPlanInput, Plan>
{
    /// <inheritdoc/>
    public async Task<Plan> RunAsync(LoadPlanInput input, CancellationToken cancellationToken)
    {
        var plan = await registry.GetPlanAsync(input.BundleHash, cancellationToken);
        return input.RestoreEnvironment is { } environment ? RestorePlan.From(plan, environment, input.RestoreWay)
            : input.Emergency ? EmergencyPlan.From(plan)
            : plan;
    }
}

/// <summary>Reads plans out of the registry.</summary>
internal static class StoredPlans
{
    /// <summary>The plan of a stored bundle.</summary>
    /// <exception cref="PlatformException"><c>NotFound</c>: no such bundle; <c>Invalid</c>: this program's compiler refuses it.</exception>
    public static async Task<Plan> GetPlanAsync(this IDeploymentRegistry registry, string bundleHash, CancellationToken cancellationToken)
    {
        var bundle = await registry.GetBundleAsync(bundleHash, cancellationToken)
            ?? throw new PlatformException(PlatformError.NotFound, $"The registry has no bundle {bundleHash}.");
        var compilation = PlanCompiler.Compile(bundle);
        return compilation.Plan ?? throw new PlatformException(
            PlatformError.Invalid, $"The stored bundle {bundleHash} no longer compiles: {string.Join("; ", compilation.Faults)}");
    }
}

/// <summary>What a rollout has to tell.</summary>
/// <param name="RolloutId">Whose.</param>
/// <param name="Sequence">Rises with each; an older one never replaces a newer one.</param>
/// <param name="Status">The read model; null when it stays as it is.</param>
/// <param name="Events">What happened since.</param>
/// <param name="Deployments">Rows that changed since.</param>
public sealed record Progress(
    string RolloutId, long Sequence, RolloutStatus? Status, IReadOnlyList<DeploymentEvent> Events, IReadOnlyList<Deployment> Deployments);

/// <summary>Projects a rollout into the registry; every part is keyed, so again changes nothing.</summary>
public sealed class RecordActivity(IDeploymentRegistry registry, IEventLog events, TimeProvider time) : IActivity<Progress, Unit>
{
    /// <inheritdoc/>
    public async Task<Unit> RunAsync(Progress input, CancellationToken cancellationToken)
    {
        var before = RolloutMetrics.Concern(input) ? await registry.GetRolloutAsync(input.RolloutId, cancellationToken) : null;
        foreach (var row in input.Deployments)
        {
            await registry.PutDeploymentAsync(row, cancellationToken);
        }

        foreach (var item in input.Events)
        {
            await events.AppendAsync(item, cancellationToken);
        }

        if (input.Status is { } status)
        {
            await registry.SetRolloutStatusAsync(input.RolloutId, input.Sequence, status, cancellationToken);
        }

        if (before is not null)
        {
            RolloutMetrics.Recorded(before, input, await RollbackDecidedAsync(input, cancellationToken), time.GetUtcNow());
        }

        return Unit.Value;
    }

    private async Task<DateTimeOffset?> RollbackDecidedAsync(Progress input, CancellationToken cancellationToken)
    {
        if (!input.Events.Any(e => e.Type == "rollback.completed"))
        {
            return null;
        }

        var decided = await events.ListAsync(new EventQuery(input.RolloutId, Type: "rollback.triggered", Limit: 1), cancellationToken);
        return decided.Items is [var first, ..] ? first.At : null;
    }
}

/// <summary>A deployment that an earlier version replaced.</summary>
/// <param name="DeploymentId">Which.</param>
/// <param name="Reason">Why.</param>
public sealed record MarkRolledBackInput(string DeploymentId, string Reason);

/// <summary>Marks a deployment as rolled back.</summary>
public sealed class MarkRolledBackActivity(IDeploymentRegistry registry) : IActivity<MarkRolledBackInput, Unit>
{
    /// <inheritdoc/>
    public async Task<Unit> RunAsync(MarkRolledBackInput input, CancellationToken cancellationToken)
    {
        if (await registry.GetDeploymentAsync(input.DeploymentId, cancellationToken) is { } row)
        {
            await registry.PutDeploymentAsync(
                row with { Status = DeploymentStatus.RolledBack, RollbackReason = input.Reason }, cancellationToken);
        }

        return Unit.Value;
    }
}
