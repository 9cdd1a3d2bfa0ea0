using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Api.Health;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;

namespace Sluice.Api.Syncs;

/// <summary>
/// Figures of the syncs, all from the stored runs: they are right at the first scrape after a restart, and the same whichever process of a
/// host is scraped. Counters begin with the catalogue's first run.
/// </summary>
public static class SyncFigures
{
    // The kinds as metrics name them, with the label of their sources.
    private static readonly (string Kind, string Name, string Label)[] Kinds = [(SyncKinds.Prices, "pricing", "provider"), (SyncKinds.Models, "model", "source")];

    private static readonly string[] Statuses = [SyncStatuses.Completed, SyncStatuses.Partial, SyncStatuses.Failed];

    /// <summary>For a host that keeps a catalogue: it has registered <see cref="SyncTotals"/> and <see cref="SyncScheduler"/>.</summary>
    public static FigureSource Source(IServiceProvider services) => new("syncs", async cancellationToken => Write(
        await services.GetRequiredService<SyncTotals>().ReadAsync(cancellationToken),
        await SettingsAsync(services.GetRequiredService<SyncScheduler>(), cancellationToken)));

    // Wrong settings are told in the log, and what was synced is right without them.
    private static async Task<SyncSettings?> SettingsAsync(SyncScheduler scheduler, CancellationToken cancellationToken)
    {
        try
        {
            return await scheduler.SettingsAsync(cancellationToken);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static IReadOnlyList<Figure> Write(SyncNumbers numbers, SyncSettings? settings) => [.. Kinds.SelectMany(kind => Write(numbers, settings, kind.Kind, kind.Name, kind.Label))];

    private static IEnumerable<Figure> Write(SyncNumbers numbers, SyncSettings? settings, string kind, string name, string label)
    {
        var runs = Statuses.Select(status => (Label: SyncTelemetry.LabelOf(status), Runs: numbers.Runs.FirstOrDefault(run => run.Kind == kind && run.Status == status))).ToList();
        var timed = runs.Select(run => run.Runs).OfType<RunNumbers>().ToList();
        // A source that is no longer synced ages for ever, and nobody wants to hear of it.
        var sources = numbers.Sources.Where(source => source.Kind == kind && settings?.SourcesOf(kind).Contains(source.Source) != false).ToList();
        var running = numbers.Running.FirstOrDefault(run => run.Kind == kind);
        yield return new(
            $"{name}_scheduled_sync_runs_total", "Runs that the schedule started and that have ended.", FigureKind.Counter,
            [.. runs.Select(run => new Sample(run.Runs?.Count ?? 0, [("status", run.Label)]))]);
        yield return new(
            $"{name}_scheduled_sync_duration_seconds", "How long they took, without those whose process ended before them.", FigureKind.Histogram,
            [
                .. SyncTotals.DurationBounds.Select((bound, n) => new Sample(
                    timed.Sum(run => run.Within[n]), [("le", bound.ToString(CultureInfo.InvariantCulture))])),
                new Sample(timed.Sum(run => run.Timed), [("le", "+Inf")], timed.Sum(run => run.Duration.TotalSeconds)),
            ]);
        yield return new(
            $"{name}_last_sync_timestamp", "When a list was last read and believed, whoever asked for it; Unix seconds.", FigureKind.Gauge,
            [.. sources.Select(source => new Sample(Seconds(source.LastSyncedAt), [(label, source.Source)]))]);
        yield return new(
            $"{name}_list_verified_timestamp", "When people last compared a list that they keep; Unix seconds.", FigureKind.Gauge,
            [
                .. sources.Where(source => source.VerifiedOn is not null).Select(source => new Sample(
                    Seconds(new DateTimeOffset(source.VerifiedOn!.Value, TimeOnly.MinValue, TimeSpan.Zero)), [(label, source.Source)])),
            ]);
        yield return new(
            $"{name}_scheduled_sync_interval_seconds", "How often the schedule starts a run; absent when it starts none.", FigureKind.Gauge,
            settings?.IntervalOf(kind) is { } interval ? [new Sample(interval.TotalSeconds, [])] : []);
        yield return new($"{name}_sync_running", "1 while a run is under way.", FigureKind.Gauge, [new Sample(running is null ? 0 : 1, [])]);
        yield return new(
            $"{name}_sync_started_timestamp", "When the run under way began; Unix seconds.", FigureKind.Gauge,
            running is null ? [] : [new Sample(Seconds(running.StartedAt), [])]);
    }

    private static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
