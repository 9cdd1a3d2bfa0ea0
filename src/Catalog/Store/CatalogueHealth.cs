using System.Data.Common;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Store;

/// <summary>Looks at the catalogue after a run: whether it can be read, and whether it holds what the history says that it was given.</summary>
internal sealed class CatalogueHealth(CatalogStore store, DbConnection connection)
{
    private readonly string _s = store.Database.Schema;

    public async Task<SyncHealth> CheckAsync(SyncRun run, CancellationToken cancellationToken)
    {
        if ((await store.ListAsync(OfferFilter.All, null, 1, cancellationToken)).Offers.Count == 0)
        {
            return new SyncHealth(SyncHealth.Unhealthy, "The catalogue shows no offer.");
        }

        List<string> faults = [];
        foreach (var source in run.Sources)
        {
            if (source.Status != SyncStatuses.Completed)
            {
                faults.Add($"{source.Source} {(source.Status == SyncStatuses.Failed ? "has failed: its old rows stand" : "was believed in part")}.");
            }

            if (source.Status != SyncStatuses.Failed && await DifferenceAsync(run, source, cancellationToken) is { } difference)
            {
                faults.Add(difference);
            }
        }

        return faults.Count == 0
            ? new SyncHealth(SyncHealth.Healthy, "It can be read, and has every row that the run counted.")
            : new SyncHealth(SyncHealth.Degraded, string.Join(' ', faults));
    }

    // Rows that were not believed may stand as before or not at all, and those of a refused provider stand: only bounds are known then.
    private async Task<string?> DifferenceAsync(SyncRun run, SourceOutcome source, CancellationToken cancellationToken)
    {
        var least = source.Stored + source.Updated + source.Unchanged;
        var most = source.Status == SyncStatuses.Completed ? least + source.Quarantined : int.MaxValue;
        var live = await CountAsync($"SELECT count(*) FROM {_s}offer_source WHERE missed_runs = 0 AND source = @source");
        if (source.Source is SourceNames.ArtificialAnalysis or SourceNames.HuggingFace)
        {
            live += await CountAsync($"SELECT count(*) FROM {_s}{(source.Source == SourceNames.HuggingFace ? "hf_stat" : "benchmark")} WHERE missed_runs = 0");
        }

        if (live >= least && live <= most)
        {
            return null;
        }

        // The other kind of run may have read the same source since.
        var since = await CountAsync($"""
            SELECT count(*) FROM {_s}sync_source_run WHERE source = @source AND sync_id <> @sync
            AND ended_at >= (SELECT ended_at FROM {_s}sync_source_run WHERE source = @source AND sync_id = @sync)
            """);
        return since > 0 ? null : $"{source.Source} has {live} rows, where the run counted {least}.";

        async Task<long> CountAsync(string sql)
        {
            await using var command = connection.Command(sql, ("@source", source.Source), ("@sync", run.Id));
            return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
    }
}
