using Sluice.Catalog.Store;
using Sluice.Durable;

namespace Sluice.Catalog.Syncs;

/// <summary>
/// Starts syncs: those that are due when a host asks, and those that people ask for. Each kind is one instance, so nothing runs twice at once,
/// whoever starts it.
/// </summary>
/// <param name="client">Starts orchestrations.</param>
/// <param name="settings">Asked each time, so that a change counts without a restart.</param>
/// <param name="time">The clock.</param>
/// <param name="startedAt">When this process began, for its first pricing sync; null on a host whose processes come and go.</param>
/// <param name="limits">What was taken away from the schedules; null when nobody can.</param>
public sealed class SyncScheduler(
    DurableClient client, Func<SyncSettings> settings, TimeProvider time, DateTimeOffset? startedAt, SyncLimits? limits = null)
{
    /// <summary>Who starts what is due.</summary>
    public const string BySchedule = "schedule";

    private static readonly string[] Kinds = [SyncKinds.Models, SyncKinds.Prices];

    /// <summary>The settings of the moment, under the limits of the moment.</summary>
    /// <exception cref="FormatException">One is wrong.</exception>
    /// <exception cref="CatalogStoreException">The limits cannot be read.</exception>
    public async Task<SyncSettings> SettingsAsync(CancellationToken cancellationToken) =>
        settings().Under(limits is null ? [] : await limits.ReadAsync(cancellationToken));

    /// <summary>The one instance of a kind.</summary>
    public static string InstanceId(string kind) => SyncOrchestrations.Of(kind).Name.ToLowerInvariant();

    /// <summary>The one dry run of a kind, which may be beside it.</summary>
    public static string DryRunInstanceId(string kind) => $"{InstanceId(kind)}-dry";

    /// <summary>Starts the kinds that are due.</summary>
    /// <returns>Their run ids.</returns>
    /// <exception cref="FormatException">A setting is wrong; nothing was started.</exception>
    public async Task<IReadOnlyList<string>> StartDueAsync(CancellationToken cancellationToken)
    {
        var current = await SettingsAsync(cancellationToken);
        List<string> started = [];
        foreach (var kind in Kinds)
        {
            if (current.IntervalOf(kind) is not { } interval)
            {
                continue;
            }

            var last = await client.GetInstanceAsync(InstanceId(kind), cancellationToken: cancellationToken);
            var first = kind == SyncKinds.Prices ? startedAt + current.FirstPricingAfter : null;
            if (last is not { IsTerminal: false } && ScheduleGrid.IsDue(last?.CreatedAt, interval, time.GetUtcNow(), first)
                && await StartAsync(kind, BySchedule, current.SourcesOf(kind), force: false, dryRun: false, cancellationToken) is { WasStarted: true } start)
            {
                started.Add(start.RunId);
            }
        }

        return started;
    }

    /// <summary>Starts a sync that somebody asks for.</summary>
    /// <param name="kind">One of <see cref="SyncKinds"/>.</param>
    /// <param name="startedBy">Who.</param>
    /// <param name="force">Whether guards are set aside.</param>
    /// <param name="dryRun">Whether only to say what would change; beside a run that is under way.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The new run, or the one that is under way.</returns>
    /// <exception cref="FormatException">A setting is wrong.</exception>
    public async Task<SyncStart> StartAsync(string kind, string startedBy, bool force, bool dryRun, CancellationToken cancellationToken) =>
        await StartAsync(kind, startedBy, (await SettingsAsync(cancellationToken)).SourcesOf(kind), force, dryRun, cancellationToken);

    private async Task<SyncStart> StartAsync(
        string kind, string startedBy, IReadOnlyList<string> sources, bool force, bool dryRun, CancellationToken cancellationToken)
    {
        var instance = dryRun ? DryRunInstanceId(kind) : InstanceId(kind);
        var input = new SyncInput($"{kind}-{Guid.CreateVersion7(time.GetUtcNow()):N}", startedBy, sources, force, dryRun);
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                SyncOrchestrations.Of(kind), input, new StartOptions { InstanceId = instance, ReplaceEnded = true }, cancellationToken);
            return new SyncStart(input.RunId, instance, WasStarted: true);
        }
        catch (InstanceExistsException)
        {
            var running = await client.GetInstanceAsync(instance, getInputsAndOutputs: true, cancellationToken);
            return new SyncStart(running?.ReadInputAs<SyncInput>()?.RunId ?? instance, instance, WasStarted: false);
        }
    }
}

/// <summary>What came of a wish to sync.</summary>
/// <param name="RunId">The run in the history: the new one, or the one that is under way.</param>
/// <param name="InstanceId">Its orchestration.</param>
/// <param name="WasStarted">False when another was under way.</param>
public sealed record SyncStart(string RunId, string InstanceId, bool WasStarted);
