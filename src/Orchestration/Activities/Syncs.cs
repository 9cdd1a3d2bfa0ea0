using Sluice.Domain.Plans;
using Sluice.Domain.Syncs;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Activities;

/// <summary>Whose syncs to read.</summary>
/// <param name="Access">The server.</param>
/// <param name="Sync">Which.</param>
/// <param name="Since">From when.</param>
public sealed record ReadSyncsInput(HttpAccess Access, SyncKind Sync, DateTimeOffset Since);

/// <summary>Reads what a server says of its syncs.</summary>
public sealed class ReadSyncsActivity(ISyncs syncs) : IActivity<ReadSyncsInput, SyncSighting>
{
    /// <inheritdoc/>
    public Task<SyncSighting> RunAsync(ReadSyncsInput input, CancellationToken cancellationToken) =>
        syncs.ReadAsync(input.Access, input.Sync, input.Since, cancellationToken);
}

/// <summary>A schedule that is to do less.</summary>
/// <param name="Access">The server.</param>
/// <param name="Sync">Which.</param>
/// <param name="Action">How.</param>
/// <param name="Reason">For the server's audit trail.</param>
public sealed record LimitSyncsInput(HttpAccess Access, SyncKind Sync, SyncFailureAction Action, string Reason);

/// <summary>What the schedule does now.</summary>
/// <param name="Schedule">For people.</param>
public sealed record LimitSyncsReport(string Schedule);

/// <summary>Makes a server's schedule do less, and reads back that it does.</summary>
public sealed class LimitSyncsActivity(ISyncs syncs) : IActivity<LimitSyncsInput, LimitSyncsReport>
{
    /// <inheritdoc/>
    public async Task<LimitSyncsReport> RunAsync(LimitSyncsInput input, CancellationToken cancellationToken) =>
        new(await syncs.EnsureLimitedAsync(input.Access, input.Sync, input.Action, input.Reason, cancellationToken));
}
