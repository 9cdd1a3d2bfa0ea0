using Sluice.Durable;

namespace Sluice.Catalog.Syncs;

/// <summary>What a sync is asked for.</summary>
/// <param name="RunId">Id of the run in the history.</param>
/// <param name="StartedBy"><c>schedule</c>, or who asked for it.</param>
/// <param name="Sources">Of which sources; each is fetched and merged by itself.</param>
/// <param name="Force">Whether guards are set aside; by an admin only.</param>
/// <param name="DryRun">Whether only to say what would change.</param>
public sealed record SyncInput(string RunId, string StartedBy, IReadOnlyList<string> Sources, bool Force = false, bool DryRun = false);

/// <summary>What became of a sync.</summary>
/// <param name="RunId">Its run.</param>
/// <param name="Status">One of <see cref="SyncStatuses"/>.</param>
/// <param name="Sources">Source by source.</param>
/// <param name="RunningId">The run that was under way, so that this one did nothing.</param>
/// <param name="CacheInvalidated">Whether the shared cache was told; null when there is none.</param>
public sealed record SyncReport(
    string RunId, string Status, IReadOnlyList<SourceOutcome> Sources, string? RunningId = null, bool? CacheInvalidated = null);

/// <summary>Syncs models, benchmarks and popularity once.</summary>
public sealed class ModelSyncOrchestrator : Orchestrator<SyncInput, SyncReport>
{
    /// <inheritdoc/>
    public override Task<SyncReport> RunAsync(DurableContext context, SyncInput input) => SyncFlow.RunAsync(context, SyncKinds.Models, input);
}

/// <summary>Syncs the prices of providers once.</summary>
public sealed class PricingSyncOrchestrator : Orchestrator<SyncInput, SyncReport>
{
    /// <inheritdoc/>
    public override Task<SyncReport> RunAsync(DurableContext context, SyncInput input) => SyncFlow.RunAsync(context, SyncKinds.Prices, input);
}

/// <summary>The one way of both: begin, all sources side by side, end. A source that fails takes no other with it.</summary>
internal static class SyncFlow
{
    // For the database: what a source's server does is tried again inside the activity.
    private static readonly TaskOptions Patient =
        TaskOptions.FromRetryPolicy(new RetryPolicy(4, TimeSpan.FromSeconds(5), backoffCoefficient: 3, maxRetryInterval: TimeSpan.FromMinutes(1)));

    public static async Task<SyncReport> RunAsync(DurableContext context, string kind, SyncInput input)
    {
        if (!input.DryRun)
        {
            var running = await context.CallActivityAsync(
                SyncActivities.Begin, new BeginSyncInput(input.RunId, kind, input.StartedBy, input.Force, context.CurrentUtcDateTime), Patient);
            if (running.RunningId is { } other)
            {
                return new SyncReport(input.RunId, SyncStatuses.Failed, [], other);
            }
        }

        var outcomes = await Task.WhenAll(input.Sources.Select(source => SyncSourceAsync(context, input, source)));
        if (input.DryRun)
        {
            return new SyncReport(input.RunId, SyncStatuses.Of(outcomes), outcomes);
        }

        // Sources that failed before they could say so themselves are told with the end.
        var run = await context.CallActivityAsync(
            SyncActivities.End, new EndSyncInput(input.RunId, [.. outcomes.Where(outcome => outcome.Status == SyncStatuses.Failed)]), Patient);
        return new SyncReport(run.Id, run.Status, run.Sources, CacheInvalidated: run.CacheInvalidated);
    }

    private static async Task<SourceOutcome> SyncSourceAsync(DurableContext context, SyncInput input, string source)
    {
        try
        {
            return await context.CallActivityAsync(
                SyncActivities.Source, new SyncSourceInput(input.RunId, source, input.StartedBy, input.Force, input.DryRun), Patient);
        }
        catch (TaskFailureException e)
        {
            return SourceOutcome.Failed(source, e.Failure.ErrorMessage);
        }
    }
}
