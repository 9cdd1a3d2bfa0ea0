using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Analysis;

/// <summary>What a plan would have decided on recorded counts.</summary>
/// <param name="Verdict"><c>Pass</c>: every soak and hold; <c>Fail</c>: it would have gone back; else it would have looked on when the recording ended.</param>
/// <param name="Step">The step that decided, or that looked when the recording ended; null when the plan looks at nothing here.</param>
/// <param name="At">When, UTC; null likewise.</param>
/// <param name="Exposure">From the begin of the recording to then.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="Measurements">The last ones.</param>
public sealed record ReplayVerdict(
    Verdict Verdict, string? Step, DateTimeOffset? At, TimeSpan Exposure, string Reason, IReadOnlyList<Measurement> Measurements);

/// <summary>
/// Runs the judge of the soaks and holds of a plan over recorded counts: the same rules, without the platform. Health, smoke checks and
/// queries to other systems were not recorded and are left out.
/// </summary>
public static class SeriesReplay
{
    private const string Canary = "canary";
    private const string Stable = "stable";

    /// <summary>Replays.</summary>
    /// <param name="plan">Whose rules.</param>
    /// <param name="environment">In which of its environments.</param>
    /// <param name="split">Counts beside stable, oldest first: what the soaks look at.</param>
    /// <param name="full">Counts with all traffic, oldest first: what the holds look at.</param>
    public static ReplayVerdict Run(Plan plan, string environment, IReadOnlyList<SeriesRow> split, IReadOnlyList<SeriesRow> full)
    {
        var evidence = Evidence.None;
        var (weight, raised) = (0, true);
        var (nextSplit, nextFull) = (0, 0);
        ReplayVerdict? verdict = null;
        foreach (var step in plan.Steps.Where(s => s.Environment == environment))
        {
            (weight, raised) = step switch
            {
                Step.Deploy deploy => (deploy.Weight, true),
                Step.SetWeight set => (set.Weight, set.Weight > weight),
                _ => (weight, raised),
            };
            var rules = step switch
            {
                Step.Soak soak when weight is > 0 and < 100 => WatchRules.Of(plan, soak, weight, false, evidence, raised ? soak.Warmup : TimeSpan.Zero),
                Step.Hold hold => WatchRules.Of(plan, hold, weight, false, evidence, TimeSpan.Zero),
                _ => null,
            };
            if (rules is null)
            {
                continue;
            }

            raised = false;
            var whole = weight == 100;
            var rows = whole ? full : split;
            var begun = split.Count > 0 ? split[0].From : full.Count > 0 ? full[0].From : DateTimeOffset.UnixEpoch;
            (verdict, evidence, var used) = Look(rules, step.Title, rows, whole ? nextFull : nextSplit, evidence, begun);
            (nextSplit, nextFull) = whole ? (nextSplit, used) : (used, nextFull);
            if (verdict.Verdict != Verdict.Pass)
            {
                return verdict;
            }
        }

        return verdict ?? new ReplayVerdict(Verdict.Inconclusive, null, null, TimeSpan.Zero, $"The plan looks at no users' traffic in {environment}.", []);
    }

    private static (ReplayVerdict Verdict, Evidence Evidence, int Used) Look(
        SoakRules rules, string title, IReadOnlyList<SeriesRow> rows, int first, Evidence evidence, DateTimeOffset begun)
    {
        var measured = rows.Any(r => r.Canary.Latency.Sum() > 0);
        rules = rules with { Thresholds = [], Metrics = [.. rules.Metrics.Where(m => measured || m.Name == MetricName.Errors)] };
        if (first >= rows.Count)
        {
            return (new ReplayVerdict(Verdict.Inconclusive, title, null, TimeSpan.Zero, "The recording had ended before.", []), evidence, first);
        }

        var (canary, stable) = (RevisionCounts.Zero, RevisionCounts.Zero);
        var start = rows[first].From;
        var state = SoakState.Start(start, evidence, null);
        var result = SoakJudge.Look(rules.At(TimeSpan.Zero), state, Reading(start));
        for (var i = first; i < rows.Count; i++)
        {
            (canary, stable) = (canary.Plus(rows[i].Canary), stable.Plus(rows[i].Stable));
            var now = rows[i].To;
            var present = rules.At(now - start);
            if (now - result.State.LastLookAt < present.Every - TimeSpan.FromSeconds(1) && i < rows.Count - 1)
            {
                continue;
            }

            result = SoakJudge.Look(present, result.State, Reading(now));
            if (result.Verdict is Verdict.Pass or Verdict.Fail)
            {
                return (Said(result.Verdict, now, result.Reason ?? $"{Durations.Format(rules.Duration)} without fault"), result.State.Evidence, i + 1);
            }
        }

        var end = rows[^1].To;
        return (Said(Verdict.Inconclusive, end, $"It would have looked on when the recording ended. {result.Reason}".TrimEnd()), result.State.Evidence, rows.Count);

        SoakLook Reading(DateTimeOffset now) => new(now, Canary, Stable)
        {
            Reading = new MetricReading("replay", now, new Dictionary<string, RevisionCounts> { [Canary] = canary, [Stable] = stable }),
        };

        ReplayVerdict Said(Verdict verdict, DateTimeOffset at, string reason) => new(verdict, title, at, at - begun, reason, result.Measurements);
    }
}
