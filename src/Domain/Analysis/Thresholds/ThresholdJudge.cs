using System.Globalization;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Analysis.Thresholds;

/// <summary>What the thresholds of a soak say after a look.</summary>
/// <param name="State">For the next look.</param>
/// <param name="Measurements">Those taken at this look.</param>
/// <param name="Phase">The worst of those that decide: <c>Failed</c> fails the soak, <c>Error</c> and <c>Inconclusive</c> hold it.</param>
/// <param name="Reason">Why it fails or holds; null when it does neither.</param>
/// <param name="Open">One of them has not been measured, or is about to be settled: the soak must not pass yet. Null when none is.</param>
/// <param name="Lines">For people: how many hold, and what the others say.</param>
public sealed record ThresholdResult(
    ThresholdState State, IReadOnlyList<Measurement> Measurements, ThresholdPhase Phase, string? Reason, string? Open, IReadOnlyList<string> Lines);

/// <summary>
/// Holds the plan's own metrics against their conditions, with Argo Rollouts' semantics as its code has them: a measurement is good, bad,
/// neither or an error; a metric fails by the number of bad ones, holds by the number of the others; the worst metric decides. Beyond Argo:
/// a condition may have to be broken for a while, resources fail only while stable is well, and missing data is never good or bad. Pure.
/// </summary>
public static class ThresholdJudge
{
    /// <summary>Time from an error to the next attempt.</summary>
    public static readonly TimeSpan ErrorRetry = TimeSpan.FromSeconds(10);

    // Timers may fire this much early.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    // The lines are part of the leg's custom status, which must stay small.
    private const int MostLines = 5;
    private const int LongestLine = 200;

    /// <summary>The thresholds whose queries are to be run for a look at this time; those on the environment's own counts need none.</summary>
    public static IReadOnlyList<ThresholdSpec> Due(IReadOnlyList<ThresholdSpec> thresholds, ThresholdState state, DateTimeOffset warmAt, DateTimeOffset now) =>
        [.. thresholds.Where(t => t.Provider != ThresholdSpec.Counts && IsDue(t, Tally(state, t, warmAt), now))];

    /// <summary>Takes one look.</summary>
    /// <param name="thresholds">Those of the environment.</param>
    /// <param name="state">Where the look before ended.</param>
    /// <param name="warmAt">When the warm-up ends: before it nothing is measured.</param>
    /// <param name="look">With the answers of the queries that were <see cref="Due"/>.</param>
    public static ThresholdResult Look(IReadOnlyList<ThresholdSpec> thresholds, ThresholdState state, DateTimeOffset warmAt, SoakLook look)
    {
        var counted = new CountWindows(state.Marks, look);
        var tallies = state.Metrics.ToDictionary();
        var measurements = new List<Measurement>();
        foreach (var threshold in thresholds)
        {
            var tally = Tally(state, threshold, warmAt);
            if (!IsDue(threshold, tally, look.Now)
                || (threshold.Provider == ThresholdSpec.Counts ? counted.Answer(threshold) : look.Queries.GetValueOrDefault(threshold.Name)) is not { } answer)
            {
                continue;
            }

            var taken = Measure(threshold, tally, answer, look);
            tally = Count(threshold, tally, taken, look.Now);
            var (phase, why) = Assess(threshold, tally, taken.Kind);
            tallies[threshold.Name] = tally with { Phase = phase, Why = why };
            measurements.Add(new Measurement(
                threshold.Name, look.Now, taken.Verdict, Finite(answer.Canary), answer.Stable is { } stable ? Finite(stable) : null, 0, taken.Message)
            {
                StableDegraded = taken.Kind == Kind.Shared,
            });
        }

        var failed = thresholds.FirstOrDefault(t => Decides(t) && tallies.GetValueOrDefault(t.Name)?.Phase == ThresholdPhase.Failed);
        if (failed is not null)
        {
            foreach (var sibling in thresholds.Where(t => tallies.GetValueOrDefault(t.Name) is { Phase: not (ThresholdPhase.Failed or ThresholdPhase.Successful) }))
            {
                tallies[sibling.Name] = tallies[sibling.Name] with { Phase = ThresholdPhase.Terminated };
            }
        }

        // Nothing was due, as at most looks: nothing is new.
        var same = measurements.Count == 0 && counted.Marks.Count == state.Marks.Count;
        return Sum(thresholds, same ? state : new ThresholdState { Metrics = tallies, Marks = counted.Marks }, measurements);
    }

    /// <summary>What a threshold's counts come to: in Argo's order, in which a later rule overrides an earlier one.</summary>
    /// <returns>The phase, and why it fails or holds.</returns>
    internal static (ThresholdPhase Phase, string? Why) Assess(ThresholdSpec threshold, ThresholdTally tally, Kind last)
    {
        (ThresholdPhase, string?) found = (ThresholdPhase.Running, null);
        if (threshold.FailureLimit >= 0 && tally.Failed > threshold.FailureLimit)
        {
            found = (ThresholdPhase.Failed, Text($"failed ({tally.Failed}) > failureLimit ({threshold.FailureLimit})"));
            if (last == Kind.Failed)
            {
                // It goes on measuring while it holds, so a failure may come after what made it hold: it is final.
                return found;
            }
        }

        if (tally.Inconclusive > threshold.InconclusiveLimit)
        {
            found = (ThresholdPhase.Inconclusive, Text($"inconclusive ({tally.Inconclusive}) > inconclusiveLimit ({threshold.InconclusiveLimit})"));
        }

        if (tally.ConsecutiveErrors > threshold.ConsecutiveErrorLimit)
        {
            found = (ThresholdPhase.Error, Text($"consecutiveErrors ({tally.ConsecutiveErrors}) > consecutiveErrorLimit ({threshold.ConsecutiveErrorLimit})"));
        }

        if (found.Item1 != ThresholdPhase.Running)
        {
            return found;
        }

        var settles = threshold.ConsecutiveSuccessLimit > 0;
        if (last == Kind.Shared)
        {
            return (ThresholdPhase.Inconclusive, "stable degraded too");
        }

        if (settles && tally.ConsecutiveSuccesses >= threshold.ConsecutiveSuccessLimit)
        {
            return (ThresholdPhase.Successful, null);
        }

        if (threshold.Count is not { } count || tally.Count < count)
        {
            return (tally.Count + tally.Errors == 0 ? ThresholdPhase.Pending : ThresholdPhase.Running, null);
        }

        var missed = Text($"consecutiveSuccessLimit ({threshold.ConsecutiveSuccessLimit}) not reached in {count} measurements");
        return !settles ? (ThresholdPhase.Successful, null)
            : threshold.FailureLimit >= 0 ? (ThresholdPhase.Inconclusive, missed)
            : (ThresholdPhase.Failed, missed);
    }

    /// <summary>What a measurement was.</summary>
    internal enum Kind
    {
        Successful,
        Failed,
        Inconclusive,
        Error,

        /// <summary>Bad, and not for long enough yet.</summary>
        Brief,

        /// <summary>Bad, and stable is as bad: nobody's fault.</summary>
        Shared,
    }

    private sealed record Taken(Kind Kind, string Message)
    {
        public Verdict Verdict => Kind switch
        {
            Kind.Successful => Verdict.Pass,
            Kind.Failed => Verdict.Fail,
            Kind.Error => Verdict.Error,
            _ => Verdict.Inconclusive,
        };
    }

    private static Taken Measure(ThresholdSpec threshold, ThresholdTally tally, QueryAnswer answer, SoakLook look)
    {
        var shown = $"{threshold.Name} {Show(answer.Canary, threshold.Unit)}";
        var (kind, why) = Evaluate(threshold, answer.Canary);
        if (kind is Kind.Successful or Kind.Inconclusive && BesideStable(threshold, answer, look) is { } beside)
        {
            (kind, why) = beside;
        }

        if (kind == Kind.Error)
        {
            return new Taken(kind, $"{threshold.Name}: {why}");
        }

        if (kind != Kind.Failed)
        {
            return new Taken(kind, kind == Kind.Successful ? $"{shown}, holds" : $"{shown}, neither good ({threshold.SuccessCondition}) nor bad ({threshold.FailureCondition})");
        }

        var broken = $"{shown}, breaks {why}";
        if (threshold.WhileStableHolds && look.Stable is not null && !(threshold.Provider == ThresholdSpec.Counts && answer.Stable is { IsEmpty: true, Error: null }))
        {
            if (answer.Stable is not { } stable)
            {
                return new Taken(Kind.Error, $"{broken}; stable was not measured");
            }

            var (stableKind, stableWhy) = Evaluate(threshold, stable);
            if (stableKind is Kind.Error)
            {
                return new Taken(Kind.Error, $"{broken}; stable could not be measured: {stableWhy}");
            }

            if (stableKind == Kind.Failed)
            {
                return new Taken(Kind.Shared, $"{broken}; stable {Show(stable, threshold.Unit)}: stable degraded too, holding");
            }

            broken += $"; stable {Show(stable, threshold.Unit)}";
        }

        var lasted = look.Now - Since(threshold, tally, look.Now);
        return lasted >= threshold.For - (threshold.For > TimeSpan.Zero ? Slack : TimeSpan.Zero)
            ? new Taken(Kind.Failed, threshold.For > TimeSpan.Zero ? $"{broken} for {Durations.Format(Whole(lasted))}" : broken)
            : new Taken(Kind.Brief, $"{broken} for {Durations.Format(Whole(lasted))} of {Durations.Format(threshold.For)}");
    }

    /// <summary>Success only: else bad. Failure only: else good. Both: neither is inconclusive. None: good.</summary>
    private static (Kind Kind, string Why) Evaluate(ThresholdSpec threshold, QueryResult result)
    {
        if (result.Error is { } error)
        {
            return (Kind.Error, error);
        }

        var (good, goodFault) = Holds(threshold.SuccessCondition, threshold, result);
        var (bad, badFault) = Holds(threshold.FailureCondition, threshold, result);
        if ((goodFault ?? badFault) is { } fault)
        {
            return (Kind.Error, fault);
        }

        return (good, bad) switch
        {
            (_, true) => (Kind.Failed, $"'{threshold.FailureCondition}'"),
            (false, null) => (Kind.Failed, $"'{threshold.SuccessCondition}'"),
            (false, false) => (Kind.Inconclusive, ""),
            _ => (Kind.Successful, ""),
        };
    }

    /// <summary>Whether it is bad beside stable's answer, or that cannot be said; null when it is not. One has to have its share of the traffic each.</summary>
    private static (Kind Kind, string Why)? BesideStable(ThresholdSpec threshold, QueryAnswer answer, SoakLook look)
    {
        if (threshold.Regression is not { } factor || look is { Stable: null } or { Weight: null or <= 0 or >= 100 })
        {
            return null;
        }

        var stable = answer.Stable is { Error: { } error } ? error
            : answer.Stable is not { } result ? "it was not asked"
            : Finite(result) is null ? $"expected one number, it has {Show(result, threshold.Unit)}"
            : null;
        if (stable is not null)
        {
            return (Kind.Error, $"it is to be compared with stable's, which could not be measured: {stable}");
        }

        if (Finite(answer.Canary) is not { } canary)
        {
            return (Kind.Error, $"expected one number to compare with stable's, found {Show(answer.Canary, threshold.Unit)}");
        }

        return canary > factor * Finite(answer.Stable!)!.Value
            ? (Kind.Failed, Text($"{factor:0.##} × stable's {Show(answer.Stable!, threshold.Unit)}"))
            : null;
    }

    private static (bool? Holds, string? Fault) Holds(string? text, ThresholdSpec threshold, QueryResult result)
    {
        if (text is null)
        {
            return (null, null);
        }

        var (condition, fault) = ConditionParser.Parse(text, threshold.Unit);
        if (condition is null)
        {
            return (null, $"'{text}' cannot be read: {fault!.Message}");
        }

        var (holds, error) = condition.Evaluate(result);
        return error is null ? (holds, null) : (null, $"'{text}' cannot be decided: {error}");
    }

    private static ThresholdTally Count(ThresholdSpec threshold, ThresholdTally tally, Taken taken, DateTimeOffset now)
    {
        var kind = taken.Kind;
        var broken = kind is Kind.Failed or Kind.Brief;
        return tally with
        {
            Successful = tally.Successful + (kind == Kind.Successful ? 1 : 0),
            Failed = tally.Failed + (kind == Kind.Failed ? 1 : 0),
            Inconclusive = tally.Inconclusive + (kind == Kind.Inconclusive ? 1 : 0),
            Errors = tally.Errors + (kind == Kind.Error ? 1 : 0),
            ConsecutiveErrors = kind == Kind.Error ? tally.ConsecutiveErrors + 1 : 0,
            ConsecutiveSuccesses = kind == Kind.Successful ? tally.ConsecutiveSuccesses + 1 : 0,
            Count = tally.Count + (kind is Kind.Error or Kind.Shared ? 0 : 1),
            NextAt = now + (kind == Kind.Error && ErrorRetry < threshold.Interval ? ErrorRetry : threshold.Interval),
            BrokenSince = broken ? Since(threshold, tally, now) : kind == Kind.Error ? tally.BrokenSince : null,
            BrokenAt = broken ? now : tally.BrokenAt,
            Message = taken.Message,
        };
    }

    /// <summary>An error does not end a breach; a gap of more than two intervals does: nobody knows what was in it.</summary>
    private static DateTimeOffset Since(ThresholdSpec threshold, ThresholdTally tally, DateTimeOffset now) =>
        tally is { BrokenSince: { } since, BrokenAt: { } last } && now - last <= (2 * threshold.Interval) + Slack ? since : now;

    private static ThresholdResult Sum(IReadOnlyList<ThresholdSpec> thresholds, ThresholdState state, List<Measurement> measurements)
    {
        var worst = ThresholdPhase.Successful;
        string? reason = null;
        string? open = null;
        var lines = new List<string>();
        var well = 0;
        foreach (var threshold in thresholds)
        {
            var tally = state.Metrics.GetValueOrDefault(threshold.Name);
            var phase = tally?.Phase ?? ThresholdPhase.Pending;
            var text = Reason(threshold, tally, phase);
            if (Decides(threshold) && phase > worst)
            {
                worst = phase;
                reason = text;
            }

            if (Decides(threshold) && open is null && IsOpen(threshold, tally, phase))
            {
                open = tally is null ? $"{threshold.Name} has not been measured yet" : tally.Message;
            }

            if (phase is ThresholdPhase.Failed or ThresholdPhase.Error or ThresholdPhase.Inconclusive || tally is { BrokenSince: not null } or { ConsecutiveErrors: > 0 })
            {
                lines.Add((Decides(threshold) ? "" : threshold.DryRun ? "dry run: " : $"{threshold.Severity.ToString().ToLowerInvariant()}: ") + (text ?? tally!.Message));
            }
            else if (tally is not null)
            {
                well++;
            }
        }

        if (thresholds.Count > 0)
        {
            lines = [Text($"{well} of {thresholds.Count} thresholds hold"), .. lines.Take(MostLines).Select(l => l.Length > LongestLine ? l[..LongestLine] + "…" : l)];
        }

        return new ThresholdResult(state, measurements, worst, reason, open, lines);
    }

    /// <summary>The warnings that have failed, each with why: they decide nothing, and somebody should hear of them.</summary>
    public static IEnumerable<(string Name, string Why)> Warnings(IReadOnlyList<ThresholdSpec> thresholds, ThresholdState state) =>
        from threshold in thresholds
        where threshold is { DryRun: false, Severity: Severity.Warning }
        let tally = state.Metrics.GetValueOrDefault(threshold.Name)
        where tally?.Phase == ThresholdPhase.Failed
        select (threshold.Name, Reason(threshold, tally, tally.Phase) ?? tally.Message);

    private static string? Reason(ThresholdSpec threshold, ThresholdTally? tally, ThresholdPhase phase) =>
        tally is { Why: { } why } && phase >= ThresholdPhase.Inconclusive ? $"Metric \"{threshold.Name}\" assessed {phase} due to {why}: {tally.Message}" : null;

    /// <summary>Without traffic there is nothing to count, and the soak's own rules say what follows; a server must have been asked once.</summary>
    private static bool IsOpen(ThresholdSpec threshold, ThresholdTally? tally, ThresholdPhase phase) => phase switch
    {
        ThresholdPhase.Pending => threshold.Provider != ThresholdSpec.Counts,
        ThresholdPhase.Running => tally!.BrokenSince is not null || tally.ConsecutiveErrors > 0 || threshold.ConsecutiveSuccessLimit > 0,
        _ => false,
    };

    private static bool IsDue(ThresholdSpec threshold, ThresholdTally tally, DateTimeOffset now) =>
        tally.Phase is not (ThresholdPhase.Successful or ThresholdPhase.Failed or ThresholdPhase.Terminated)
        && now >= tally.NextAt - (threshold.Interval > 4 * Slack ? Slack : TimeSpan.Zero)
        && !(threshold.Count <= tally.Count);

    private static ThresholdTally Tally(ThresholdState state, ThresholdSpec threshold, DateTimeOffset warmAt) =>
        state.Metrics.GetValueOrDefault(threshold.Name) ?? new ThresholdTally { NextAt = warmAt + threshold.InitialDelay };

    private static bool Decides(ThresholdSpec threshold) => threshold is { DryRun: false, Severity: Severity.Critical };

    private static double? Finite(QueryResult result) => result is { Error: null, Values: [var value] } && double.IsFinite(value) ? value : null;

    private static TimeSpan Whole(TimeSpan time) => TimeSpan.FromSeconds(Math.Round(time.TotalSeconds));

    private static string Show(QueryResult result, MetricUnit unit) => result.Values switch
    {
        [] => "no data",
        [var value] => Units.Show(value, unit),
        { Count: <= 3 } few => $"[{string.Join(", ", few.Select(v => Units.Show(v, unit)))}]",
        var many => Text($"{many.Count} series from {Units.Show(many.Min(), unit)} to {Units.Show(many.Max(), unit)}"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
