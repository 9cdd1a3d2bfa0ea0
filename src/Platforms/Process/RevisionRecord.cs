using Sluice.Domain.Plans;

namespace Sluice.Platforms.Process;

/// <summary>Everything the supervisor needs to run a revision, now and after its own restart. Names of secrets, never their values.</summary>
/// <param name="Service">Whose it is.</param>
/// <param name="Environment">Where it runs.</param>
/// <param name="Revision">Its name.</param>
/// <param name="Command">Program and arguments.</param>
/// <param name="Directory">Absolute working directory.</param>
/// <param name="PortVariable">Tells a replica its port.</param>
/// <param name="Health">Path that answers 2xx when a replica may get traffic.</param>
/// <param name="ReadyWithin">Longest time from start to ready.</param>
/// <param name="Replicas">How many processes.</param>
/// <param name="StopWithin">Longest time to drain, and again from SIGTERM to SIGKILL.</param>
/// <param name="Variables">Where the variables' values come from.</param>
public sealed record RevisionSpec(
    string Service,
    string Environment,
    string Revision,
    IReadOnlyList<string> Command,
    string Directory,
    string PortVariable,
    string Health,
    TimeSpan ReadyWithin,
    int Replicas,
    TimeSpan StopWithin,
    IReadOnlyList<VariableSpec> Variables);

/// <summary>What the supervisor wants of a revision, as kept on disk.</summary>
internal enum Wanted
{
    /// <summary>It should run.</summary>
    Running,

    /// <summary>It should go down.</summary>
    Stopping,

    /// <summary>It is down.</summary>
    Stopped,

    /// <summary>It was given up.</summary>
    Failed,
}

/// <summary>A revision as kept on disk: <c>processes/{service}/{environment}/{revision}.json</c>.</summary>
internal sealed record RevisionRecord(int SchemaVersion, RevisionSpec Spec, Wanted Wanted, string IdempotencyKey)
{
    /// <summary>The version written, and the newest that is read.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Whether all replicas have been ready at the same time once.</summary>
    public bool WasReady { get; init; }

    /// <summary>Why it was given up.</summary>
    public string? Message { get; init; }

    /// <summary>How often a replica was started again.</summary>
    public int Restarts { get; init; }

    /// <summary>By index.</summary>
    public IReadOnlyList<ReplicaRecord> Replicas { get; init; } = [];
}

/// <summary>
/// One process of a revision. Written without pid before it is started and with it right after: between the two only the nonce finds it.
/// </summary>
internal sealed record ReplicaRecord(int Index, int Port, string Nonce, string BootId, DateTimeOffset StartedAt)
{
    /// <summary>Null until the start is known to have happened.</summary>
    public int? Pid { get; init; }

    /// <summary>As <see cref="ProcessIdentity.StartTime"/>.</summary>
    public long StartTime { get; init; }

    /// <summary>Whether this very process has been ready.</summary>
    public bool WasReady { get; init; }

    /// <summary>The process, if it runs: by its pid, or by its nonce where the pid was never written.</summary>
    public ProcessIdentity? FindAlive() =>
        BootId != ProcessTable.BootId ? null
        : Pid is not { } pid ? ProcessTable.Leader(Nonce)
        : new ProcessIdentity(pid, StartTime, BootId, Nonce) is var identity && identity.IsAlive() ? identity
        : null;
}
