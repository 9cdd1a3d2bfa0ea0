using Sluice.Catalog.Cache;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Durable;

namespace Sluice.Catalog.Syncs;

/// <summary>The orchestrators of the syncs by name. Stored in histories: never renamed.</summary>
public static class SyncOrchestrations
{
    /// <summary>Models, benchmarks and popularity.</summary>
    public static OrchestratorRef<SyncInput, SyncReport> Models { get; } = new("ModelSync");

    /// <summary>Prices of providers.</summary>
    public static OrchestratorRef<SyncInput, SyncReport> Prices { get; } = new("PricingSync");

    /// <summary>The orchestrator of a kind.</summary>
    public static OrchestratorRef<SyncInput, SyncReport> Of(string kind) => kind == SyncKinds.Models ? Models : Prices;
}

/// <summary>The activities of the syncs by name. Stored in histories: never renamed.</summary>
public static class SyncActivities
{
    /// <summary>Opens a run in the history, unless one is under way.</summary>
    public static ActivityRef<BeginSyncInput, BeginSyncResult> Begin { get; } = new("BeginSync");

    /// <summary>Fetches a source and merges it.</summary>
    public static ActivityRef<SyncSourceInput, SourceOutcome> Source { get; } = new("SyncSource") { Timeout = TimeSpan.FromMinutes(4) };

    /// <summary>Compares prices across providers and closes the run.</summary>
    public static ActivityRef<EndSyncInput, SyncRun> End { get; } = new("EndSync") { Timeout = TimeSpan.FromMinutes(2) };

    /// <summary>Registers orchestrators and activities of the syncs with a host.</summary>
    /// <param name="tasks">The host's.</param>
    /// <param name="services">What the activities need, from the host's container; asked at each attempt.</param>
    public static DurableTasks AddSyncs(this DurableTasks tasks, Func<IServiceProvider, SyncTools> services) => tasks
        .AddOrchestrator(SyncOrchestrations.Models, _ => new ModelSyncOrchestrator())
        .AddOrchestrator(SyncOrchestrations.Prices, _ => new PricingSyncOrchestrator())
        .AddActivity(Begin, container => new BeginSyncActivity(services(container)))
        .AddActivity(Source, container => new SyncSourceActivity(services(container)))
        .AddActivity(End, container => new EndSyncActivity(services(container)));
}

/// <summary>What the activities of the syncs work with.</summary>
/// <param name="Store">Where readings go.</param>
/// <param name="Source">The source of a name; see <see cref="SourceFactory"/>.</param>
/// <param name="Http">How sources are read.</param>
/// <param name="Time">The clock.</param>
/// <param name="Cache">Whom a run tells that there are new rows; null when no Redis is configured.</param>
public sealed record SyncTools(SyncStore Store, Func<string, ISource> Source, SourceHttp Http, TimeProvider Time, SharedCache? Cache = null);

/// <summary>Input of <see cref="SyncActivities.Begin"/>.</summary>
public sealed record BeginSyncInput(string RunId, string Kind, string StartedBy, bool Force, DateTime At);

/// <summary>Output of <see cref="SyncActivities.Begin"/>.</summary>
/// <param name="RunningId">The run that is under way; null when the new one began.</param>
public sealed record BeginSyncResult(string? RunningId);

/// <summary>Input of <see cref="SyncActivities.Source"/>.</summary>
public sealed record SyncSourceInput(string RunId, string Source, string StartedBy, bool Force, bool DryRun);

/// <summary>Input of <see cref="SyncActivities.End"/>.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Failed">Sources that failed, written where they did not do so themselves.</param>
public sealed record EndSyncInput(string RunId, IReadOnlyList<SourceOutcome> Failed);

internal sealed class BeginSyncActivity(SyncTools tools) : IActivity<BeginSyncInput, BeginSyncResult>
{
    // Longer than every try and wait of a run together.
    private static readonly TimeSpan Abandoned = TimeSpan.FromMinutes(30);

    public async Task<BeginSyncResult> RunAsync(BeginSyncInput input, CancellationToken cancellationToken) => new(await tools.Store.BeginAsync(
        new SyncBeginning(input.RunId, input.Kind, input.StartedBy, input.Force, new DateTimeOffset(DateTime.SpecifyKind(input.At, DateTimeKind.Utc))),
        Abandoned,
        cancellationToken));
}

internal sealed class SyncSourceActivity(SyncTools tools) : IActivity<SyncSourceInput, SourceOutcome>
{
    public async Task<SourceOutcome> RunAsync(SyncSourceInput input, CancellationToken cancellationToken)
    {
        // An attempt whose result was lost has merged already: a second reading would tell the history that nothing was new.
        if (!input.DryRun
            && (await tools.Store.FindRunAsync(input.RunId, cancellationToken))?.Sources.FirstOrDefault(source => source.Source == input.Source)
                is { Status: not SyncStatuses.Failed } done)
        {
            return done;
        }

        SourceSnapshot read;
        try
        {
            read = await tools.Source(input.Source).ReadAsync(tools.Http, cancellationToken);
        }
        catch (SourceException e)
        {
            if (!input.DryRun)
            {
                await tools.Store.RecordFailureAsync(input.RunId, input.Source, e.Message, tools.Time.GetUtcNow(), cancellationToken);
            }

            return SourceOutcome.Failed(input.Source, e.Message);
        }

        var changedBy = input.StartedBy == SyncScheduler.BySchedule ? $"sync:{input.Source}" : $"sync:{input.Source} by {input.StartedBy}";
        var outcome = await tools.Store.MergeAsync(
            read, new MergeRequest(input.RunId, tools.Time.GetUtcNow(), changedBy, input.Force, input.DryRun), cancellationToken);
        // What changed is in the price history; a result lies in the orchestration's own history and stays small.
        return input.DryRun ? outcome : outcome with { Differences = [] };
    }
}

internal sealed class EndSyncActivity(SyncTools tools) : IActivity<EndSyncInput, SyncRun>
{
    public async Task<SyncRun> RunAsync(EndSyncInput input, CancellationToken cancellationToken)
    {
        var now = tools.Time.GetUtcNow();
        var begun = await tools.Store.FindRunAsync(input.RunId, cancellationToken);
        var known = begun?.Sources.Select(source => source.Source).ToHashSet() ?? [];
        foreach (var failed in input.Failed.Where(failed => !known.Contains(failed.Source)))
        {
            await tools.Store.RecordFailureAsync(input.RunId, failed.Source, failed.Errors[0], now, cancellationToken);
        }

        await tools.Store.LinkPopularityAsync(cancellationToken);
        await tools.Store.CrossCheckAsync(input.RunId, now, cancellationToken);
        var fault = await InvalidateAsync(input.RunId, cancellationToken);
        var run = await tools.Store.EndAsync(input.RunId, fault is null ? null : $"The cache was not told: {fault}", now, cancellationToken);
        if (begun is { Status: SyncStatuses.Running })
        {
            SyncTelemetry.Ended(run);
        }

        return tools.Cache is null ? run : run with { CacheInvalidated = fault is null };
    }

    // After every source has committed, and also when some failed. The generation is the run's own id, so telling it again changes nothing.
    private async Task<string?> InvalidateAsync(string runId, CancellationToken cancellationToken)
    {
        try
        {
            await (tools.Cache?.InvalidateAsync(runId, cancellationToken) ?? Task.CompletedTask);
            return null;
        }
        catch (RedisException e)
        {
            return e.Message;
        }
    }
}
