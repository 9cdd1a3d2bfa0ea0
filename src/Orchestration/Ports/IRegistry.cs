using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Orchestration.Ports;

/// <summary>What was deployed: bundles, rollouts, deployments, baselines. All writes are idempotent by their keys.</summary>
public interface IDeploymentRegistry
{
    /// <summary>Keeps a bundle; returns the SHA-256 of its canonical bytes, lower-case hex.</summary>
    Task<string> PutBundleAsync(Bundle bundle, CancellationToken cancellationToken);

    /// <summary>The bundle of this hash, or null.</summary>
    Task<Bundle?> GetBundleAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Remembers a rollout before it is started. An id that exists stays as it is, and that row is returned.</summary>
    Task<RolloutRecord> AddRolloutAsync(RolloutRecord rollout, CancellationToken cancellationToken);

    /// <summary>The rollout of this id, or null.</summary>
    Task<RolloutRecord?> GetRolloutAsync(string id, CancellationToken cancellationToken);

    /// <summary>Rollouts that match, newest first.</summary>
    Task<Page<RolloutRecord>> ListRolloutsAsync(RolloutQuery query, CancellationToken cancellationToken);

    /// <summary>Projects the read model of a rollout; a row of an older <see cref="RolloutRecord.StatusSequence"/> never replaces a newer one.</summary>
    Task SetRolloutStatusAsync(string id, long sequence, RolloutStatus status, CancellationToken cancellationToken);

    /// <summary>Inserts the deployment or updates it, by its id.</summary>
    Task PutDeploymentAsync(Deployment deployment, CancellationToken cancellationToken);

    /// <summary>The deployment of this id, or null.</summary>
    Task<Deployment?> GetDeploymentAsync(string id, CancellationToken cancellationToken);

    /// <summary>Deployments that match, newest first.</summary>
    Task<Page<Deployment>> ListDeploymentsAsync(DeploymentQuery query, CancellationToken cancellationToken);

    /// <summary>The successful deployments of an environment, newest completion first: the first is stable, the second previous.</summary>
    Task<IReadOnlyList<Deployment>> ListSuccessfulAsync(string service, string environment, int count, CancellationToken cancellationToken);

    /// <summary>Every environment that has a deployment, by service and name.</summary>
    Task<IReadOnlyList<(string Service, string Environment)>> ListEnvironmentsAsync(CancellationToken cancellationToken);

    /// <summary>Records measured values of a deployment; the same metric again replaces its value.</summary>
    Task PutBaselinesAsync(string deploymentId, IReadOnlyDictionary<string, double> values, CancellationToken cancellationToken);

    /// <summary>Recorded values of the last successful deployments of an environment, newest first.</summary>
    Task<IReadOnlyList<IReadOnlyDictionary<string, double>>> ListBaselinesAsync(string service, string environment, int count, CancellationToken cancellationToken);
}

/// <summary>One page of rows.</summary>
/// <param name="Items">The rows.</param>
/// <param name="Cursor">For the next page; null when this is the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Cursor);

/// <summary>A rollout as the registry keeps it, also after its instance was purged.</summary>
/// <param name="Id">Instance id.</param>
/// <param name="Service">What.</param>
/// <param name="Environment">The last environment of its plan.</param>
/// <param name="Release">Which.</param>
/// <param name="BundleHash">Which plan and files.</param>
/// <param name="RequestHash">SHA-256 over bundle and release: tells the same request from another under one key.</param>
/// <param name="TriggeredBy">Name of the key.</param>
/// <param name="CreatedAt">UTC.</param>
public sealed record RolloutRecord(
    string Id, string Service, string Environment, Release Release, string BundleHash, string RequestHash, string TriggeredBy, DateTimeOffset CreatedAt)
{
    /// <summary>The rollout this one repeats; null for a first try.</summary>
    public string? RetryOf { get; init; }

    /// <summary>Why it is an emergency; null when it is none.</summary>
    public string? Emergency { get; init; }

    /// <summary>Why its starter wants it to move in spite of a freeze window; null when that was not asked for.</summary>
    public string? FreezeOverride { get; init; }

    /// <summary>The read model last projected; null before the first.</summary>
    public RolloutStatus? Status { get; init; }

    /// <summary>Number of that projection; rises with each.</summary>
    public long StatusSequence { get; init; }
}

/// <summary>Which rollouts to list; null members do not restrict.</summary>
public sealed record RolloutQuery(
    string? Service = null, string? Environment = null, Phase? Phase = null, int Limit = 50, string? Cursor = null);

/// <summary>A row of <c>deployments</c>: one rollout in one environment.</summary>
/// <param name="Id"><c>{rolloutId}~{environment}</c>.</param>
/// <param name="RolloutId">The rollout.</param>
/// <param name="Service">What.</param>
/// <param name="Environment">Where.</param>
/// <param name="Version">Which.</param>
/// <param name="CommitSha">Of the release; null when unknown.</param>
/// <param name="TriggeredBy">Name of the key.</param>
/// <param name="StartedAt">UTC, milliseconds.</param>
/// <param name="Status">Where it stands.</param>
public sealed record Deployment(
    string Id,
    string RolloutId,
    string Service,
    string Environment,
    string Version,
    string? CommitSha,
    string TriggeredBy,
    DateTimeOffset StartedAt,
    DeploymentStatus Status)
{
    /// <summary>End of the last hold or of the rollback; null while it runs.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When it had all traffic; null if never.</summary>
    public DateTimeOffset? PromotedAt { get; init; }

    /// <summary>0 to 100; null before there is one.</summary>
    public double? HealthScore { get; init; }

    /// <summary>Failed user requests of the canary while it was watched.</summary>
    public long ErrorCount { get; init; }

    /// <summary>Why it was brought back; null otherwise.</summary>
    public string? RollbackReason { get; init; }

    /// <summary>The platform's name of what runs.</summary>
    public string Revision { get; init; } = "";

    /// <summary>Plan and files, to deploy it again.</summary>
    public string BundleHash { get; init; } = "";

    /// <summary>Everything else, small.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>Which deployments to list; null members do not restrict.</summary>
public sealed record DeploymentQuery(
    string? Service = null,
    string? Environment = null,
    DeploymentStatus? Status = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    int Limit = 50,
    string? Cursor = null);

/// <summary>What happened: events of deployments, and who did what.</summary>
public interface IEventLog
{
    /// <summary>Appends an event; the same key again changes nothing.</summary>
    Task AppendAsync(DeploymentEvent item, CancellationToken cancellationToken);

    /// <summary>Events that match, oldest first within a page when <see cref="EventQuery.RolloutId"/> is given, else newest first.</summary>
    Task<Page<DeploymentEvent>> ListAsync(EventQuery query, CancellationToken cancellationToken);

    /// <summary>Appends to the audit trail: a hash chain that <see cref="VerifyAuditAsync"/> checks.</summary>
    Task AuditAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>The audit trail, newest first.</summary>
    Task<Page<AuditEntry>> ListAuditAsync(int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>Number of the first entry whose chain does not hold, or null when all hold.</summary>
    Task<long?> VerifyAuditAsync(CancellationToken cancellationToken);

    /// <summary>Removes events older than <paramref name="before"/>; the audit stays.</summary>
    Task<int> PurgeEventsAsync(DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>Something that happened in a rollout.</summary>
/// <param name="Key">Unique: <c>{rolloutId}#{sequence}</c>.</param>
/// <param name="RolloutId">The rollout.</param>
/// <param name="Service">What.</param>
/// <param name="Environment">Where; null when in none.</param>
/// <param name="Type"><c>deployment.started</c>, <c>step.completed</c>, <c>traffic.moved</c>, <c>rollback.triggered</c>, <c>deployment.succeeded</c>, <c>deployment.failed</c> …</param>
/// <param name="At">UTC.</param>
/// <param name="Message">For people.</param>
/// <param name="Data">For programs; small.</param>
public sealed record DeploymentEvent(
    string Key,
    string RolloutId,
    string Service,
    string? Environment,
    string Type,
    DateTimeOffset At,
    string Message,
    IReadOnlyDictionary<string, string> Data);

/// <summary>Which events to list; null members do not restrict.</summary>
public sealed record EventQuery(
    string? RolloutId = null,
    string? Service = null,
    string? Environment = null,
    string? Type = null,
    string? Text = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    int Limit = 100,
    string? Cursor = null);

/// <summary>Who did what.</summary>
/// <param name="At">UTC.</param>
/// <param name="Actor">Name of the key.</param>
/// <param name="Action">The verb: <c>rollout.start</c>, <c>rollout.abort</c>, <c>key.add</c> …</param>
/// <param name="Subject">What it was done to.</param>
/// <param name="Detail">Reason or parameters; no secret.</param>
/// <param name="Result"><c>accepted</c> or why refused.</param>
public sealed record AuditEntry(DateTimeOffset At, string Actor, string Action, string Subject, string? Detail, string Result)
{
    /// <summary>Position in the chain; given by the log.</summary>
    public long Number { get; init; }
}

/// <summary>What keeps rollouts apart and tells them what people said: locks, commands, compensation stacks.</summary>
public interface ICoordination
{
    /// <summary>Takes the environment's lock, or a place in its line. Asking again changes nothing.</summary>
    Task<LockState> AcquireLockAsync(LockRequest request, CancellationToken cancellationToken);

    /// <summary>Gives the lock or the place in line back; the next in line owns the lock then.</summary>
    /// <returns>The owner now, or null. Releasing what one does not hold changes nothing.</returns>
    Task<string?> ReleaseLockAsync(string service, string environment, string rolloutId, CancellationToken cancellationToken);

    /// <summary>Who holds the environment and who waits; null when nobody ever did.</summary>
    Task<LockState?> GetLockAsync(string service, string environment, CancellationToken cancellationToken);

    /// <summary>All locks that are held.</summary>
    Task<IReadOnlyList<LockState>> ListLocksAsync(CancellationToken cancellationToken);

    /// <summary>Adds what a person said; returns its number in the rollout. The same <see cref="Command.Key"/> again returns the first number.</summary>
    Task<long> AddCommandAsync(Command command, CancellationToken cancellationToken);

    /// <summary>Commands of a rollout with a number above <paramref name="after"/>, in order.</summary>
    Task<IReadOnlyList<Command>> ReadCommandsAsync(string rolloutId, long after, CancellationToken cancellationToken);

    /// <summary>Sets what the rollout's legs should do: <c>run</c>, <c>stop</c>.</summary>
    Task SetDesiredStateAsync(string rolloutId, DesiredState state, CancellationToken cancellationToken);

    /// <summary>What the rollout's legs should do.</summary>
    Task<DesiredState> GetDesiredStateAsync(string rolloutId, CancellationToken cancellationToken);

    /// <summary>Keeps the JSON of the rollout's compensations, for when its instance is lost; null removes it.</summary>
    Task PutStackAsync(string rolloutId, string? json, CancellationToken cancellationToken);

    /// <summary>The JSON of the rollout's compensations, or null.</summary>
    Task<string?> GetStackAsync(string rolloutId, CancellationToken cancellationToken);

    /// <summary>Remembers the task hub that rollouts live in: a server on another hub would take every one of them for lost.</summary>
    /// <param name="hub">The hub of the caller.</param>
    /// <param name="replace">Whether it takes the place of another: nothing is under way.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The hub that is remembered now.</returns>
    Task<string> ClaimHubAsync(string hub, bool replace, CancellationToken cancellationToken);
}

/// <summary>A wish for an environment's lock.</summary>
/// <param name="Service">What.</param>
/// <param name="Environment">Where.</param>
/// <param name="RolloutId">Who.</param>
/// <param name="At">UTC; the line is first come, first served.</param>
/// <param name="Queue">Whether to take a place in line when it is held.</param>
public sealed record LockRequest(string Service, string Environment, string RolloutId, DateTimeOffset At, bool Queue);

/// <summary>Who holds an environment.</summary>
/// <param name="Service">What.</param>
/// <param name="Environment">Where.</param>
/// <param name="Owner">The rollout that holds it; null when free.</param>
/// <param name="Number">Rises with each owner; the first half of its fences.</param>
/// <param name="Waiting">Rollouts in line, first first.</param>
public sealed record LockState(string Service, string Environment, string? Owner, long Number, IReadOnlyList<string> Waiting);

/// <summary>What a person said to a rollout. Rows are the truth, an event only wakes.</summary>
/// <param name="Key">Unique; makes a repeated call the same command.</param>
/// <param name="RolloutId">To whom.</param>
/// <param name="Kind">What.</param>
/// <param name="Actor">Name of the key that said it.</param>
/// <param name="Reason">Why; null when not given.</param>
/// <param name="At">UTC.</param>
public sealed record Command(string Key, string RolloutId, CommandKind Kind, string Actor, string? Reason, DateTimeOffset At)
{
    /// <summary>Position in the rollout, from 1; given by the store.</summary>
    public long Number { get; init; }

    /// <summary>Groups the actor belonged to when it spoke.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>On whose behalf, when an admin entered it for another; such an approval never counts.</summary>
    public string? By { get; init; }

    /// <summary>The item of a checklist that is ticked, or the condition that is reported; null for other commands.</summary>
    public string? Item { get; init; }

    /// <summary>Whether the item is done, or the condition holds.</summary>
    public bool Passed { get; init; } = true;

    /// <summary>Hash of what was approved; null for other commands.</summary>
    public string? Evidence { get; init; }
}

/// <summary>What can be said to a rollout.</summary>
public enum CommandKind
{
    /// <summary>Say yes at a gate.</summary>
    Approve,

    /// <summary>Say no at a gate.</summary>
    Reject,

    /// <summary>Bring it back.</summary>
    Abort,

    /// <summary>Stay where it is.</summary>
    Pause,

    /// <summary>Go on from where it paused.</summary>
    Resume,

    /// <summary>End the present soak or pause and go on.</summary>
    Promote,

    /// <summary>Go to 100 % at once.</summary>
    PromoteFull,

    /// <summary>Bring it back, as a rollback.</summary>
    Rollback,

    /// <summary>A newer rollout wants the environment.</summary>
    Supersede,

    /// <summary>Leave out the step that waits.</summary>
    Skip,

    /// <summary>An item of a checklist is done, or is not after all.</summary>
    Tick,

    /// <summary>A condition of the release holds, or does not: what CI says.</summary>
    Report,

    /// <summary>Move in spite of a freeze window; two different people must say so.</summary>
    OverrideFreeze,
}

/// <summary>What a rollout's legs should do.</summary>
public enum DesiredState
{
    /// <summary>Go on looking.</summary>
    Run,

    /// <summary>End at the next tick.</summary>
    Stop,

    /// <summary>Go on looking at health and limits, with the clock stopped.</summary>
    Pause,
}

/// <summary>Who may call. Keys are random; only their SHA-256 is kept.</summary>
public interface IAccessKeys
{
    /// <summary>Adds a key.</summary>
    /// <returns>False when the name is taken.</returns>
    Task<bool> AddAsync(AccessKey key, CancellationToken cancellationToken);

    /// <summary>The key with this hash, or null.</summary>
    Task<AccessKey?> FindAsync(string sha256, CancellationToken cancellationToken);

    /// <summary>All keys.</summary>
    Task<IReadOnlyList<AccessKey>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Removes a key; false when there is none of that name.</summary>
    Task<bool> RemoveAsync(string name, CancellationToken cancellationToken);
}

/// <summary>Who may call.</summary>
/// <param name="Name">The actor's name in every record.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Services">Which services; empty for all.</param>
/// <param name="Sha256">Of the key's text, lower-case hex.</param>
/// <param name="CreatedAt">UTC.</param>
public sealed record AccessKey(string Name, Role Role, IReadOnlyList<string> Services, string Sha256, DateTimeOffset CreatedAt);

/// <summary>What a key may do; each may do what those before it may, except that a deployer cannot approve its own work by being above.</summary>
public enum Role
{
    /// <summary>Look.</summary>
    Viewer,

    /// <summary>Start, pause, resume, promote, abort, retry, roll back.</summary>
    Deployer,

    /// <summary>Approve and reject; look.</summary>
    Approver,

    /// <summary>Everything.</summary>
    Admin,
}
