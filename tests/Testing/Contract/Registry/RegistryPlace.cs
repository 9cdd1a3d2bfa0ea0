using Sluice.Orchestration.Ports;

namespace Sluice.Testing.Contract;

/// <summary>A place of its own for the registry of one test, and what can be done there behind the registry's back.</summary>
public abstract class RegistryPlace : IAsyncDisposable
{
    /// <summary>Opens the registry there, as one more server would.</summary>
    public abstract Task<OpenRegistry> OpenAsync();

    /// <summary>The schema version that this program writes.</summary>
    public abstract long CurrentSchema { get; }

    /// <summary>The schema versions written there; one, unless something is wrong.</summary>
    public abstract Task<IReadOnlyList<long>> SchemaVersionsAsync();

    /// <summary>Pretends that a program of this schema version was there.</summary>
    public abstract Task SetSchemaVersionAsync(long version);

    /// <summary>Replaces the bytes of a bundle by others.</summary>
    public abstract Task ChangeBundleAsync(string hash);

    /// <summary>Changes the audit trail.</summary>
    /// <param name="tampering">How.</param>
    /// <param name="number">Which entry.</param>
    public abstract Task TamperAsync(AuditTampering tampering, long number);

    /// <summary>Removes everything.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>What somebody with access to the store could do to the audit trail.</summary>
public enum AuditTampering
{
    /// <summary>The entry was by <c>mallory</c>.</summary>
    ChangeActor,

    /// <summary>The entry has no detail.</summary>
    DropDetail,

    /// <summary>The entry has the hash <c>x</c>.</summary>
    ChangeHash,

    /// <summary>The entry is gone.</summary>
    Remove,

    /// <summary>All entries are gone.</summary>
    RemoveAll,

    /// <summary>The end of the chain is gone.</summary>
    RemoveHead,

    /// <summary>The entry is the ninth.</summary>
    NumberAs9,
}

/// <summary>An open registry as the contract sees it.</summary>
/// <param name="Deployments">Bundles, rollouts, deployments, baselines.</param>
/// <param name="Events">Events and audit.</param>
/// <param name="Coordination">Locks, commands, stacks.</param>
/// <param name="Keys">Who may call.</param>
/// <param name="PingAsync">Asks the store for an answer.</param>
/// <param name="Owner">Closed with it; null when there is nothing to close.</param>
public sealed record OpenRegistry(
    IDeploymentRegistry Deployments,
    IEventLog Events,
    ICoordination Coordination,
    IAccessKeys Keys,
    Func<CancellationToken, Task> PingAsync,
    IAsyncDisposable? Owner) : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Owner?.DisposeAsync() ?? ValueTask.CompletedTask;
}
