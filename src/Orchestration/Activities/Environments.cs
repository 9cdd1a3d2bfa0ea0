using Sluice.Domain.Plans;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Activities;

/// <summary>A revision and what it takes to start it again.</summary>
/// <param name="Target">Where, with the settings of its own plan.</param>
/// <param name="Revision">Its name.</param>
/// <param name="Version">For <c>{version}</c> in commands.</param>
/// <param name="Commit">For <c>{commit}</c>.</param>
/// <param name="Artifact">Where the build is.</param>
public sealed record RevisionIdentity(EnvironmentTarget Target, string Revision, string Version, string? Commit, string? Artifact)
{
    /// <summary>The registry's row of it; null when the registry knows none.</summary>
    public string? DeploymentId { get; init; }
}

/// <summary>Which environment to read.</summary>
/// <param name="Target">Where.</param>
/// <param name="Revision">The revision that comes: never its own predecessor.</param>
public sealed record ReadEnvironmentInput(EnvironmentTarget Target, string Revision);

/// <summary>What an environment runs.</summary>
/// <param name="Traffic">As the router has it.</param>
/// <param name="Stable">What has the most traffic; null when nothing has any.</param>
public sealed record EnvironmentFacts(Traffic Traffic, RevisionIdentity? Stable);

/// <summary>Reads what an environment runs: the router says what is stable, the registry how to start it again.</summary>
public sealed class ReadEnvironmentActivity(IPlatforms platforms, IDeploymentRegistry registry)
    : IActivity<ReadEnvironmentInput, EnvironmentFacts>
{
    /// <inheritdoc/>
    public async Task<EnvironmentFacts> RunAsync(ReadEnvironmentInput input, CancellationToken cancellationToken)
    {
        var target = input.Target;
        var traffic = await platforms.Router(target.Environment).GetAsync(target, cancellationToken);
        var stable = traffic.Weights
            .Where(w => w.Key != input.Revision && w.Value > 0)
            .OrderByDescending(w => w.Value).ThenBy(w => w.Key, StringComparer.Ordinal)
            .Select(w => w.Key)
            .FirstOrDefault();
        return new EnvironmentFacts(traffic, stable is null ? null : await IdentifyAsync(target, stable, cancellationToken));
    }

    private async Task<RevisionIdentity> IdentifyAsync(EnvironmentTarget target, string revision, CancellationToken cancellationToken)
    {
        var known = await registry.ListSuccessfulAsync(target.Service, target.Environment.Name, 20, cancellationToken);
        if (known.FirstOrDefault(d => d.Revision == revision) is not { } row)
        {
            // Not ours, or put there by hand: it can be kept, and started again by its name at most.
            return new RevisionIdentity(target, revision, revision, null, null);
        }

        var rollout = await registry.GetRolloutAsync(row.RolloutId, cancellationToken);
        var own = await OwnTargetAsync(row, target, cancellationToken);
        return new RevisionIdentity(own, revision, row.Version, row.CommitSha, rollout?.Release.Artifact) { DeploymentId = row.Id };
    }

    private async Task<EnvironmentTarget> OwnTargetAsync(Deployment row, EnvironmentTarget target, CancellationToken cancellationToken)
    {
        var bundle = await registry.GetBundleAsync(row.BundleHash, cancellationToken);
        var plan = bundle is null ? null : PlanCompiler.Compile(bundle).Plan;
        var environment = plan?.Environments.FirstOrDefault(e => e.Name == target.Environment.Name);
        return environment is null ? target : target with { Environment = environment };
    }
}

/// <summary>Whose revision to read.</summary>
/// <param name="Target">Where.</param>
/// <param name="Revision">Which.</param>
public sealed record GetRevisionInput(EnvironmentTarget Target, string Revision);

/// <summary>Reads where a revision stands.</summary>
public sealed class GetRevisionActivity(IPlatforms platforms) : IActivity<GetRevisionInput, RevisionState>
{
    /// <inheritdoc/>
    public Task<RevisionState> RunAsync(GetRevisionInput input, CancellationToken cancellationToken) =>
        platforms.Platform(input.Target.Environment).GetAsync(input.Target, input.Revision, cancellationToken);
}

/// <summary>Starts a revision unless it runs; does not wait until it is ready.</summary>
public sealed class StartRevisionActivity(IPlatforms platforms) : IActivity<RevisionRequest, RevisionState>
{
    /// <inheritdoc/>
    public Task<RevisionState> RunAsync(RevisionRequest input, CancellationToken cancellationToken) =>
        platforms.Platform(input.Target.Environment).EnsureStartedAsync(input, cancellationToken);
}

/// <summary>A revision to warm up.</summary>
/// <param name="Target">Where.</param>
/// <param name="Revision">Which.</param>
/// <param name="Requests">How many requests.</param>
/// <param name="Paths">What is requested; the platform's health path when empty.</param>
public sealed record WarmInput(EnvironmentTarget Target, string Revision, int Requests, IReadOnlyList<string> Paths);

/// <summary>How a revision took its warming.</summary>
/// <param name="Answered">Requests with a good answer.</param>
public sealed record WarmReport(int Answered);

/// <summary>
/// Sends a revision requests of our own before it gets any of users: they carry the probe's token, so nobody counts them, and they only
/// read, so once more changes nothing.
/// </summary>
public sealed class WarmActivity(IPlatforms platforms, ILoadTest load) : IActivity<WarmInput, WarmReport>
{
    private const int Concurrency = 10;

    /// <inheritdoc/>
    public async Task<WarmReport> RunAsync(WarmInput input, CancellationToken cancellationToken)
    {
        var environment = input.Target.Environment;
        var endpoint = await platforms.Router(environment).GetProbeEndpointAsync(input.Target, input.Revision, cancellationToken);
        IReadOnlyList<string> paths = input.Paths.Count > 0 ? input.Paths : [environment.Platform is PlatformSpec.Process p ? p.Health : "/"];
        var answered = 0;
        foreach (var (index, path) in paths.Index())
        {
            // The rest of the division goes to the first ones.
            var share = (input.Requests / paths.Count) + (index < input.Requests % paths.Count ? 1 : 0);
            if (share > 0)
            {
                var report = await load.RunAsync(endpoint, path, share, Concurrency, cancellationToken);
                answered += report.Requests - report.Errors;
            }
        }

        return new WarmReport(answered);
    }
}

/// <summary>Which revision to stop.</summary>
/// <param name="Target">Where.</param>
/// <param name="Revision">Which.</param>
/// <param name="Fence">Guards against a late stop, and makes a late start too late.</param>
public sealed record StopRevisionInput(EnvironmentTarget Target, string Revision, Fence Fence);

/// <summary>Drains and stops a revision.</summary>
public sealed class StopRevisionActivity(IPlatforms platforms) : IActivity<StopRevisionInput, RevisionState>
{
    /// <inheritdoc/>
    public Task<RevisionState> RunAsync(StopRevisionInput input, CancellationToken cancellationToken) =>
        platforms.Platform(input.Target.Environment).EnsureStoppedAsync(input.Target, input.Revision, input.Fence, cancellationToken);
}

/// <summary>The weights to reach.</summary>
/// <param name="Target">Where.</param>
/// <param name="Wanted">Percent by revision.</param>
/// <param name="Fence">Guards against a late move.</param>
/// <param name="IdempotencyKey">The same for each retry of this effect.</param>
public sealed record TrafficChange(EnvironmentTarget Target, Traffic Wanted, Fence Fence, string IdempotencyKey)
{
    /// <summary>Whether all replicas of what gets more traffic must be ready, not one at least: nobody watches what comes next.</summary>
    public bool AtFullCapacity { get; init; }
}

/// <summary>Moves traffic to revisions that are ready, and confirms that it moved.</summary>
public sealed class SetTrafficActivity(IPlatforms platforms) : IActivity<TrafficChange, Traffic>
{
    /// <returns>The weights as the router reports them afterwards.</returns>
    /// <exception cref="PlatformException"><c>Invalid</c>: a revision that would get more traffic is not ready; <c>NotApplied</c>: it is not at full capacity though it must be, or the router reports something else.</exception>
    public async Task<Traffic> RunAsync(TrafficChange input, CancellationToken cancellationToken)
    {
        var router = platforms.Router(input.Target.Environment);
        var platform = platforms.Platform(input.Target.Environment);
        var current = await router.GetAsync(input.Target, cancellationToken);
        foreach (var (revision, weight) in input.Wanted.Weights.Where(w => w.Value > current.Of(w.Key)))
        {
            var state = await platform.GetAsync(input.Target, revision, cancellationToken);
            if (state.ReadyReplicas == 0)
            {
                throw new PlatformException(
                    PlatformError.Invalid,
                    $"Revision {revision} was to get {weight} % of the traffic of {input.Target.Environment.Name}, but it is {state.Phase}: {state.Message}");
            }

            if (input.AtFullCapacity && state.ReadyReplicas < state.Replicas)
            {
                throw new PlatformException(
                    PlatformError.NotApplied,
                    $"Revision {revision} was to get {weight} % of the traffic of {input.Target.Environment.Name} with all its replicas, and "
                    + $"{state.ReadyReplicas} of {state.Replicas} are ready: {state.Message}");
            }
        }

        // Written even when the weights match: the router must see this fence, or an earlier write that hangs could still win.
        var applied = await router.SetAsync(input.Target, input.Wanted, input.Fence, input.IdempotencyKey, cancellationToken);
        return applied.Matches(input.Wanted)
            ? applied
            : throw new PlatformException(
                PlatformError.NotApplied,
                $"Asked {input.Target.Environment.Name} for {Describe(input.Wanted)}, the router reports {Describe(applied)}.");
    }

    private static string Describe(Traffic traffic) =>
        traffic.Weights.Count == 0 ? "no traffic" : string.Join(", ", traffic.Weights.Select(w => $"{w.Key} {w.Value} %"));
}
