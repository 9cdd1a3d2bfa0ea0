using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Sluice.Catalog.Syncs;

/// <summary>
/// What the runs of this process come to, for whoever subscribes to <see cref="Name"/>. Counted when the history first takes an end, so that
/// a repeated attempt counts nothing; begins at nothing with each process, as exported counters do.
/// </summary>
public static class SyncTelemetry
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Sluice.Catalog";

    private static readonly Meter Meter = new(Name, typeof(SyncTelemetry).Assembly.GetName().Version!.ToString(3));

    private static readonly Counter<long> PricingRuns = Meter.CreateCounter<long>("pricing.scheduled_sync.runs", "{run}", "Pricing syncs that the schedule started and that have ended.");

    private static readonly Counter<long> ModelRuns = Meter.CreateCounter<long>("model.scheduled_sync.runs", "{run}", "Model syncs that the schedule started and that have ended.");

    private static readonly Histogram<double> PricingDuration = Meter.CreateHistogram<double>("pricing.scheduled_sync.duration", "s", "How long they took.");

    private static readonly Histogram<double> ModelDuration = Meter.CreateHistogram<double>("model.scheduled_sync.duration", "s", "How long they took.");

    /// <summary>What metrics call a status: <c>success</c>, <c>partial</c> or <c>failed</c>.</summary>
    public static string LabelOf(string status) => status == SyncStatuses.Completed ? "success" : status;

    internal static void Ended(SyncRun run)
    {
        if (run is not { StartedBy: SyncScheduler.BySchedule, EndedAt: { } end })
        {
            return;
        }

        var tags = new TagList { { "status", LabelOf(run.Status) } };
        var isPricing = run.Kind == SyncKinds.Prices;
        (isPricing ? PricingRuns : ModelRuns).Add(1, tags);
        (isPricing ? PricingDuration : ModelDuration).Record((end - run.StartedAt).TotalSeconds);
    }
}
