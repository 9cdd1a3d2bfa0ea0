using System.Collections.Concurrent;
using System.Globalization;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Explanations;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration;

/// <summary>A rollout where registry and instance are put together.</summary>
/// <param name="Record">What was asked for.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Input">What its instance began with; null when there is none.</param>
/// <param name="RuntimeStatus">Where its instance stands; null when there is none.</param>
internal sealed record FoundRollout(RolloutRecord Record, RolloutStatus Status, RolloutInput? Input, RuntimeStatus? RuntimeStatus)
{
    /// <summary>Which way it goes.</summary>
    public RolloutKind Kind => Input?.Kind ?? RolloutKind.Rollout;

    /// <summary>The instance has ended, or is gone after it had begun.</summary>
    public bool HasEnded => RuntimeStatus switch
    {
        Durable.RuntimeStatus.Completed or Durable.RuntimeStatus.Failed or Durable.RuntimeStatus.Terminated => true,
        null => Record.Status is not null,
        _ => false,
    };
}

/// <summary>Puts together what the registry, the instances and the routers know.</summary>
internal sealed class RolloutReader(
    IDeploymentRegistry registry, IEventLog events, ICoordination coordination, IPlatforms platforms, DurableClient client)
{
    private const int PlansKept = 100;
    private readonly ConcurrentDictionary<string, Plan> _plans = new(StringComparer.Ordinal);

    /// <summary>The rollout without its steps, or null.</summary>
    public async Task<FoundRollout?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (await registry.GetRolloutAsync(id, cancellationToken) is not { } record)
        {
            return null;
        }

        var instance = await client.GetInstanceAsync(id, getInputsAndOutputs: true, cancellationToken);
        var input = instance?.ReadInputAs<RolloutInput>();
        return new FoundRollout(record, StatusOf(record, instance), input, instance?.RuntimeStatus);
    }

    /// <summary>The rollout with its steps and the soak that runs, or null.</summary>
    public async Task<RolloutView?> GetAsync(string id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } found)
        {
            return null;
        }

        var (plan, happened) = await StoryAsync(found, cancellationToken);

        var soak = found.Status.Leg is { } leg
            ? (await client.GetInstanceAsync(leg, getInputsAndOutputs: true, cancellationToken))?.ReadCustomStatusAs<SoakProgress>()
            : null;
        return new RolloutView(id, found.Record, found.Status, StepViews.From(plan, happened, found.Status), soak, found.RuntimeStatus);
    }

    /// <summary>The step that a rollout stands at; null when its plan is not known, or all are done.</summary>
    public async Task<Step?> StepAsync(FoundRollout found, CancellationToken cancellationToken) =>
        await PlanAsync(found.Record.BundleHash, cancellationToken) is { } plan ? AsGone(plan, found, []).Steps.ElementAtOrDefault(found.Status.StepIndex) : null;

    /// <summary>Why a rollout went as it did, or null.</summary>
    public async Task<Explanation?> ExplainAsync(string id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } found)
        {
            return null;
        }

        var (plan, happened) = await StoryAsync(found, cancellationToken);

        return Explaining.Of(found, plan, happened);
    }

    /// <summary>A page of rollouts as the registry has them.</summary>
    public async Task<Page<RolloutView>> ListAsync(RolloutQuery query, CancellationToken cancellationToken)
    {
        var page = await registry.ListRolloutsAsync(query, cancellationToken);
        return new Page<RolloutView>(
            [.. page.Items.Select(r => new RolloutView(r.Id, r, r.Status ?? Unbegun(r), [], null, null))], page.Cursor);
    }

    /// <summary>An environment now, or null.</summary>
    public async Task<EnvironmentView?> GetEnvironmentAsync(string service, string environment, CancellationToken cancellationToken)
    {
        var latest = await registry.ListDeploymentsAsync(new DeploymentQuery(service, environment, Limit: 1), cancellationToken);
        if (latest.Items.Count == 0)
        {
            return null;
        }

        var successful = await registry.ListSuccessfulAsync(service, environment, 2, cancellationToken);
        var state = await coordination.GetLockAsync(service, environment, cancellationToken);
        var weights = await WeightsAsync(latest.Items[0], cancellationToken);
        return new EnvironmentView(
            service, environment, successful.Count > 0 ? successful[0] : null, successful.Count > 1 ? successful[1] : null, state, weights);
    }

    // While the instance runs it knows best; after that the registry does, since the watchdog may have ended what the instance could not.
    private static RolloutStatus StatusOf(RolloutRecord record, InstanceMetadata? instance)
    {
        var shown = instance?.ReadCustomStatusAs<RolloutStatus>();
        var status = instance is { IsTerminal: false } || record.Status is null ? shown ?? record.Status : record.Status;
        status ??= Unbegun(record);
        return instance is { RuntimeStatus: RuntimeStatus.Failed } && status.Outcome is null
            ? status with { Phase = Phase.Failed, Message = $"internal error: {instance.Failure?.ErrorMessage ?? instance.SerializedOutput}" }
            : status;
    }

    private static RolloutStatus Unbegun(RolloutRecord record) => new()
    {
        Phase = Phase.Pending,
        Service = record.Service,
        Version = record.Release.Version,
        Message = "accepted",
    };

    // After its instance was purged the first event still tells the way it went.
    private static Plan AsGone(Plan plan, FoundRollout found, IReadOnlyList<DeploymentEvent> happened)
    {
        var began = happened.FirstOrDefault(e => e.Type == "rollout.started")?.Data;
        return (found.Input?.RestoreEnvironment ?? began?.GetValueOrDefault("restores")) is { } environment
            ? RestorePlan.From(
                plan, environment, found.Input?.RestoreWay ?? (Enum.TryParse<RestoreWay>(began?.GetValueOrDefault("way"), out var way) ? way : RestoreWay.Checked))
            : found.Record.Emergency is not null ? EmergencyPlan.From(plan)
            : plan;
    }

    // The plan as it ran, as far as it can still be read, and all that happened.
    private async Task<(Plan? Plan, IReadOnlyList<DeploymentEvent> Happened)> StoryAsync(FoundRollout found, CancellationToken cancellationToken)
    {
        var happened = await EventsAsync(found.Record.Id, cancellationToken);
        var plan = await PlanAsync(found.Record.BundleHash, cancellationToken);
        return (plan is null ? null : AsGone(plan, found, happened), happened);
    }

    private async Task<IReadOnlyList<DeploymentEvent>> EventsAsync(string id, CancellationToken cancellationToken)
    {
        var all = new List<DeploymentEvent>();
        string? cursor = null;
        do
        {
            var page = await events.ListAsync(new EventQuery(RolloutId: id, Limit: 200, Cursor: cursor), cancellationToken);
            all.AddRange(page.Items);
            cursor = page.Cursor;
        }
        while (cursor is not null);

        return all;
    }

    /// <summary>The plan of a stored bundle; null when the registry no longer has it, or this program no longer reads it.</summary>
    public async Task<Plan?> PlanAsync(string hash, CancellationToken cancellationToken)
    {
        if (_plans.TryGetValue(hash, out var known))
        {
            return known;
        }

        try
        {
            var plan = await registry.GetPlanAsync(hash, cancellationToken);
            if (_plans.Count >= PlansKept)
            {
                _plans.Clear();
            }

            return _plans[hash] = plan;
        }
        catch (PlatformException)
        {
            // A bundle that was purged, or that this program no longer reads: the rollout is still worth showing.
            return null;
        }
    }

    private async Task<IReadOnlyDictionary<string, int>?> WeightsAsync(Deployment latest, CancellationToken cancellationToken)
    {
        if (await PlanAsync(latest.BundleHash, cancellationToken) is not { } plan
            || plan.Environments.FirstOrDefault(e => e.Name == latest.Environment) is not { } environment)
        {
            return null;
        }

        try
        {
            var target = new EnvironmentTarget(latest.Service, environment);
            return (await platforms.Router(environment).GetAsync(target, cancellationToken)).Weights;
        }
        catch (PlatformException)
        {
            return null;
        }
    }
}

/// <summary>The steps of a rollout, told from its events.</summary>
internal static class StepViews
{
    /// <summary>One view per step of the plan; none when the plan is not known.</summary>
    public static IReadOnlyList<StepView> From(Plan? plan, IReadOnlyList<DeploymentEvent> happened, RolloutStatus status)
    {
        if (plan is null)
        {
            return [];
        }

        var started = ByStep(happened, "step.started");
        var completed = ByStep(happened, "step.completed");
        var back = happened.Any(e => e.Type == "rollback.completed");
        return [.. plan.Steps.Select((step, index) =>
        {
            var begin = started.GetValueOrDefault(index);
            var end = completed.GetValueOrDefault(index);
            var state = State(step, end, begin is not null || (status.StepIndex == index && status.Step == step.Title), back, status);
            return new StepView(
                step.Title, step.Kind, step.Environment, state, begin?.At, end?.At,
                end?.Data.GetValueOrDefault("message") ?? (state is StepState.Running or StepState.Paused ? status.Message : null));
        })];
    }

    private static StepState State(Step step, DeploymentEvent? end, bool begun, bool back, RolloutStatus status)
    {
        if (end is null)
        {
            return begun && step is Step.SignOff && status.Step == step.Title ? StepState.Paused
                : !begun || status.Outcome is not null ? StepState.Pending
                : status.Phase == Phase.Paused ? StepState.Paused
                : StepState.Running;
        }

        var state = Enum.Parse<StepState>(end.Data["state"]);
        return back && state == StepState.Passed && step is (Step.Deploy or Step.SetWeight or Step.Migrate)
            ? StepState.RolledBack
            : state;
    }

    private static Dictionary<int, DeploymentEvent> ByStep(IReadOnlyList<DeploymentEvent> happened, string type)
    {
        var found = new Dictionary<int, DeploymentEvent>();
        foreach (var item in happened.Where(e => e.Type == type))
        {
            if (int.TryParse(item.Data.GetValueOrDefault("stepIndex"), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            {
                found[index] = item;
            }
        }

        return found;
    }
}
