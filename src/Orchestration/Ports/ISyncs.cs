using Sluice.Domain.Plans;
using Sluice.Domain.Syncs;

namespace Sluice.Orchestration.Ports;

/// <summary>The syncs of a server: its history, and what its schedule does.</summary>
public interface ISyncs
{
    /// <summary>What it says now.</summary>
    /// <param name="access">The server.</param>
    /// <param name="kind">Which syncs.</param>
    /// <param name="since">Runs that began earlier are left out.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PlatformException">It cannot be asked: no verdict, never a failure of the release.</exception>
    Task<SyncSighting> ReadAsync(HttpAccess access, SyncKind kind, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the schedule do less, unless it does so already, and reads back that it does. It never does more: a schedule that is off stays
    /// off, a wider interval stays, and a provider that is not synced stays out.
    /// </summary>
    /// <param name="access">The server.</param>
    /// <param name="kind">Which syncs.</param>
    /// <param name="action"><see cref="SyncFailureKind.Disable"/>, <see cref="SyncFailureKind.Widen"/> or <see cref="SyncFailureKind.Providers"/>.</param>
    /// <param name="reason">For the server's audit trail.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What its schedule does now, for people.</returns>
    /// <exception cref="PlatformException">
    /// <c>NotApplied</c>: it took the change and does not show it; <c>Invalid</c>: it refuses it, or none of the providers that were to stay is
    /// synced; <c>NotFound</c>: its schedule cannot be changed.
    /// </exception>
    Task<string> EnsureLimitedAsync(HttpAccess access, SyncKind kind, SyncFailureAction action, string reason, CancellationToken cancellationToken);
}
