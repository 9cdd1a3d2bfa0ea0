namespace Sluice.Orchestration.Ports;

/// <summary>
/// Runs revisions. Every call is <em>ensure</em>: it reads first, acts if needed, and running it twice changes nothing.
/// </summary>
public interface IPlatform
{
    /// <summary>Starts the revision if it does not run, and returns where it stands; does not wait for it to get ready.</summary>
    /// <exception cref="PlatformException">The platform refused, or cannot be reached.</exception>
    Task<RevisionState> EnsureStartedAsync(RevisionRequest request, CancellationToken cancellationToken);

    /// <summary>Where a revision stands; <see cref="RevisionPhase.Absent"/> when it does not exist.</summary>
    Task<RevisionState> GetAsync(EnvironmentTarget target, string revision, CancellationToken cancellationToken);

    /// <summary>All revisions of the environment that exist, running or not.</summary>
    Task<IReadOnlyList<RevisionState>> ListAsync(EnvironmentTarget target, CancellationToken cancellationToken);

    /// <summary>Drains the revision's requests, then stops it; returns once it is gone or where it stands meanwhile.</summary>
    Task<RevisionState> EnsureStoppedAsync(EnvironmentTarget target, string revision, Fence fence, CancellationToken cancellationToken);
}

/// <summary>A revision that should run.</summary>
/// <param name="Target">Where.</param>
/// <param name="Revision">Its name, unique in the environment: <c>{version}-{suffix of the rollout}</c>.</param>
/// <param name="Version">For <c>{version}</c> in commands.</param>
/// <param name="Commit">For <c>{commit}</c>; null when unknown.</param>
/// <param name="Artifact">Where the build is, for platforms that need it.</param>
/// <param name="Fence">Guards against a late start.</param>
/// <param name="IdempotencyKey">The same for each retry of this effect.</param>
public sealed record RevisionRequest(
    EnvironmentTarget Target, string Revision, string Version, string? Commit, string? Artifact, Fence Fence, string IdempotencyKey);

/// <summary>Where a revision stands.</summary>
/// <param name="Revision">Its name.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="ReadyReplicas">How many may get traffic.</param>
/// <param name="Replicas">How many are wanted.</param>
/// <param name="Restarts">How often a replica has died and was started again.</param>
/// <param name="Message">Why, for people; last lines of its log when it failed.</param>
public sealed record RevisionState(
    string Revision, RevisionPhase Phase, int ReadyReplicas, int Replicas, int Restarts, string Message);

/// <summary>Where a revision stands.</summary>
public enum RevisionPhase
{
    /// <summary>Does not exist.</summary>
    Absent,

    /// <summary>Comes up.</summary>
    Starting,

    /// <summary>All replicas may get traffic.</summary>
    Ready,

    /// <summary>Was ready; some or all replicas are not.</summary>
    Unhealthy,

    /// <summary>Gave up: it will not get ready.</summary>
    Failed,

    /// <summary>Goes down.</summary>
    Stopping,

    /// <summary>Stopped, and can be started again.</summary>
    Stopped,
}

/// <summary>Splits traffic between revisions.</summary>
public interface ITrafficRouter
{
    /// <summary>What the router can do; asked when a plan is submitted.</summary>
    RouterCapabilities Capabilities { get; }

    /// <summary>The weights as the router has them.</summary>
    Task<Traffic> GetAsync(EnvironmentTarget target, CancellationToken cancellationToken);

    /// <summary>Sets the weights and returns them as read back.</summary>
    /// <exception cref="PlatformException"><c>StaleWrite</c> for a fence below one already seen; <c>Invalid</c> for weight on a revision that is not ready.</exception>
    Task<Traffic> SetAsync(EnvironmentTarget target, Traffic wanted, Fence fence, string idempotencyKey, CancellationToken cancellationToken);

    /// <summary>How our own checks reach a revision whatever its weight, without being counted.</summary>
    Task<ProbeEndpoint> GetProbeEndpointAsync(EnvironmentTarget target, string revision, CancellationToken cancellationToken);
}

/// <summary>Percent of traffic by revision; sums to 100, or nothing when the environment is empty.</summary>
/// <param name="Weights">By name of the revision; absent means 0.</param>
public sealed record Traffic(IReadOnlyDictionary<string, int> Weights)
{
    /// <summary>The share of one revision, percent.</summary>
    public int Of(string revision) => Weights.GetValueOrDefault(revision);

    /// <summary>The revision with the most traffic; null when none has any.</summary>
    /// <param name="but">One that does not count.</param>
    public string? Largest(string? but = null) => Weights
        .Where(w => w.Key != but && w.Value > 0)
        .OrderByDescending(w => w.Value).ThenBy(w => w.Key, StringComparer.Ordinal)
        .Select(w => w.Key)
        .FirstOrDefault();

    /// <summary>Whether both send the same shares, absent and 0 being the same.</summary>
    public bool Matches(Traffic other) =>
        Weights.Keys.Union(other.Weights.Keys).All(r => Of(r) == other.Of(r));
}

/// <summary>What a router can do.</summary>
/// <param name="Splits">Whether it can deliver weights between 0 and 100.</param>
/// <param name="Granularity">Smallest step, percent.</param>
public sealed record RouterCapabilities(bool Splits, int Granularity);

/// <summary>How our own checks reach a revision.</summary>
/// <param name="BaseAddress">Absolute URL without path.</param>
/// <param name="Headers">Sent with every request; hold a token, never logged.</param>
public sealed record ProbeEndpoint(Uri BaseAddress, IReadOnlyDictionary<string, string> Headers);
