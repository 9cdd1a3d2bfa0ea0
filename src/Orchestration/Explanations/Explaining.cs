using System.Globalization;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Soaks;

namespace Sluice.Orchestration.Explanations;

/// <summary>Makes an explanation out of what a rollout told. It needs no instance.</summary>
internal static class Explaining
{
    /// <summary>The explanation.</summary>
    /// <param name="found">The rollout.</param>
    /// <param name="plan">Its plan; null when it cannot be read any more, and titles and queries are poorer then.</param>
    /// <param name="happened">All its events, oldest first.</param>
    public static Explanation Of(FoundRollout found, Plan? plan, IReadOnlyList<DeploymentEvent> happened)
    {
        var steps = happened
            .Where(e => e.Type is "step.started" or "step.completed" or LegRecord.EventType)
            .GroupBy(e => Index(e))
            .Where(g => g.Key >= 0)
            .OrderBy(g => g.Key)
            .Select(g => Step(found.Record.Id, g.Key, [.. g], plan));
        var status = found.Status;
        return new Explanation(
            found.Record.Id, found.Record.Service, found.Record.Release.Version, status.Phase, status.Outcome, status.Message, [.. steps]);
    }

    /// <summary>What a record of a stretch of looking says, one line a metric.</summary>
    public static IReadOnlyList<ExplainedMetric> Metrics(string rolloutId, Plan? plan, string? environment, DateTimeOffset from, IReadOnlyList<LegRecord> records)
    {
        var worst = records.SelectMany(r => r.Worst).GroupBy(m => m.Metric).ToDictionary(g => g.Key, g => g.MaxBy(m => (m.E ?? 0, m.Value ?? 0))!);
        var place = plan?.Environments.FirstOrDefault(e => e.Name == environment);
        return
        [
            .. records[^1].Last.Select(last =>
            {
                var most = worst.GetValueOrDefault(last.Metric, last);
                var threshold = plan?.Analysis.Thresholds.FirstOrDefault(t => t.Name == last.Metric);
                return new ExplainedMetric(
                    last.Metric, last.Result, MeasurementWords.Of(last, most), last, most, MetricQueries.Of(rolloutId, place, threshold, last, from));
            }),
        ];
    }

    private static ExplainedStep Step(string id, int index, IReadOnlyList<DeploymentEvent> events, Plan? plan)
    {
        var started = events.FirstOrDefault(e => e.Type == "step.started");
        var completed = events.LastOrDefault(e => e.Type == "step.completed");
        var measured = events.Where(e => e.Type == LegRecord.EventType).ToList();
        var records = measured.ConvertAll(e => LegRecord.From(e.Data));
        var latest = completed ?? events[^1];
        var title = plan is not null && index < plan.Steps.Count ? plan.Steps[index].Title : started?.Message ?? $"step {index + 1}";
        var from = started?.At ?? events[0].At;
        return new ExplainedStep(
            index,
            title,
            latest.Environment,
            completed is null ? StepState.Running : Enum.Parse<StepState>(completed.Data["state"]),
            latest.At,
            completed?.Data.GetValueOrDefault("message") ?? (measured.Count > 0 ? "it is being watched" : "it runs"),
            records.Count == 0 ? [] : Metrics(id, plan, latest.Environment, from, records))
        {
            Looks = records.Sum(r => r.Looks),
            Weight = measured.Count > 0 && int.TryParse(measured[^1].Data.GetValueOrDefault("weight"), CultureInfo.InvariantCulture, out var weight) ? weight : null,
            From = from,
        };
    }

    private static int Index(DeploymentEvent item) =>
        int.TryParse(item.Data.GetValueOrDefault("stepIndex"), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1;
}
