using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Analysis;

/// <summary>
/// Judges a soak look by look. Pure: the same state and look give the same result. Missing telemetry, missing traffic and an outage that
/// stable shares hold a soak; they never fail a release.
/// </summary>
public static class SoakJudge
{
    /// <summary>Looks in a row without telemetry that are tolerated: one more is <see cref="Verdict.Error"/>.</summary>
    public const int ErrorLimit = 4;

    private const double HardErrorRate = 0.5;
    private const int HardErrorRequests = 10;
    private const double HardClientRate = 1.0 / 3;
    private const double HardSignificance = 1e-6;
    private const double FewClients = 3;
    private const double ManyRequests = 10;
    private const double SourceBucketSeconds = 10;
    private const int UnhealthyLimit = 2;
    private const int SmokeLimit = 2;

    /// <summary>Takes one look.</summary>
    public static SoakResult Look(SoakRules rules, SoakState state, SoakLook look)
    {
        rules = rules.FirstRelease ? rules with { Comparison = Comparison.None } : rules;
        var warmUntil = state.StartedAt + rules.Warmup;
        var interval = Interval.Between(rules, state, look);
        var counts = interval.Canary is not null && state.LastLookAt >= warmUntil;
        var warming = look.Now < warmUntil;
        var next = state with
        {
            Looks = state.Looks + 1,
            LastLookAt = look.Now > state.LastLookAt ? look.Now : state.LastLookAt,
            LastReading = interval.Reading ?? state.LastReading,
            Canary = counts ? state.Canary.Plus(interval.Canary!) : state.Canary,
            Stable = counts ? state.Stable.Plus(interval.Stable!) : state.Stable,
            ConsecutiveErrors = interval.Error is null ? 0 : state.ConsecutiveErrors + 1,
            UnhealthyStreak = look.Health switch
            {
                null => state.UnhealthyStreak,
                { } health when health.Ready < health.Wanted => state.UnhealthyStreak + 1,
                _ => 0,
            },
            SmokeStreak = look.SmokeFailures switch
            {
                null => state.SmokeStreak,
                { Count: > 0 } when !warming => state.SmokeStreak + 1,
                _ => 0,
            },
        };

        var thresholds = ThresholdJudge.Look(rules.Thresholds, state.Thresholds, warmUntil, look);
        PauseReason? holding = thresholds.Phase switch
        {
            ThresholdPhase.Error => PauseReason.MetricsUnavailable,
            ThresholdPhase.Inconclusive => PauseReason.Inconclusive,
            _ => null,
        };
        var hard = Hardness(rules, interval);
        var held = holding is not null || hard != Hard.None || interval.Error is not null || look.ClockStopped || state.Evidence.Share.IsWrong;
        var gain = held ? 0 : Gain(rules, state, interval, look.Now, warmUntil);
        var live = new LiveEvidence(rules, state.Evidence);
        if (interval is { Canary: { } canary, Stable: { } stable })
        {
            gain = live.Take(interval.Start, interval.End, canary, stable, counts, gain, look.Weight ?? state.Weight);
        }

        var measurements = Measure(rules, next, interval, counts, live, look.Now);
        var fewClients = HoldIfFewClients(rules, interval, measurements);
        next = next with
        {
            Thresholds = thresholds.State,
            Metrics = Tally(state.Metrics, measurements, counted: counts || interval.Error is not null),
            Evidence = rules.Metrics.Count > 0 ? live.ToEvidence() : state.Evidence,
        };
        var stableDegraded = measurements.Find(m => m.StableDegraded)?.Message
            ?? (interval.Canary is not null && live.IsStableDegraded(interval.End) ? "Stable is degraded too: holding" : null);
        next = Advance(next, look, stableDegraded is null && !fewClients ? gain : Math.Min(0, gain));
        var findings = new Findings(interval, measurements, hard, warming, stableDegraded, live.Share, thresholds, live.Unjudged, fewClients);
        var (verdict, reason) = Decide(rules, next, look, findings);
        holding ??= live.Share.IsWrong ? PauseReason.Inconclusive : null;
        var starved = rules.Clock == SoakClock.Exposure && look.Now - next.LastGainAt >= rules.Patience;
        var progress = rules.Explains ? Progress(rules, next, look, measurements, warming ? warmUntil : null, verdict, reason) : new SoakProgress();
        progress = progress with { Evidence = [.. progress.Evidence, .. thresholds.Lines] };
        return new SoakResult(next, verdict, reason, progress, [.. measurements, .. thresholds.Measurements])
        {
            Holding = verdict == Verdict.Fail ? null : holding,
            Starved = starved && verdict == Verdict.Inconclusive,
        };
    }

    private static List<Measurement> Measure(SoakRules rules, SoakState state, Interval interval, bool counts, LiveEvidence live, DateTimeOffset now)
    {
        var measurements = new List<Measurement>();
        for (var i = 0; i < rules.Metrics.Count; i++)
        {
            var name = rules.Metrics[i].Name.Text();
            var seconds = (interval.End - interval.Start).TotalSeconds;
            var perSecond = interval.Canary is { } canary && seconds > 0 ? live.TrialsOf(rules.Metrics[i].Name, canary) / seconds : 0;
            measurements.Add(
                interval.Error is { } error ? new Measurement(name, now, Verdict.Error, null, null, 0, $"{name}: no telemetry: {error}")
                : counts || state.Canary.Requests > 0 ? MetricJudge.Judge(rules, live, i, state.Canary, state.Stable, perSecond, now)
                : new Measurement(name, now, Verdict.Inconclusive, null, null, 0, $"{name}: nothing counted yet"));
        }

        return measurements;
    }

    /// <summary>Makes failed errors inconclusive when they may be a client's.</summary>
    private static bool HoldIfFewClients(SoakRules rules, Interval interval, List<Measurement> measurements)
    {
        var errors = measurements.FindIndex(m => m.Metric == MetricName.Errors.Text() && m.Result == Verdict.Fail);
        if (errors < 0 || !HasFewClients(rules, interval))
        {
            return false;
        }

        measurements[errors] = measurements[errors] with { Result = Verdict.Inconclusive };
        return true;
    }

    private static Dictionary<string, MetricTally> Tally(
        IReadOnlyDictionary<string, MetricTally> before, IReadOnlyList<Measurement> measurements, bool counted)
    {
        var tallies = before.ToDictionary();
        foreach (var measurement in counted ? measurements : [])
        {
            tallies[measurement.Metric] = tallies.GetValueOrDefault(measurement.Metric, MetricTally.None).With(measurement.Result);
        }

        return tallies;
    }

    private static SoakState Advance(SoakState next, SoakLook look, double gain)
    {
        var elapsed = Math.Max(0, next.ElapsedSeconds + gain);
        return look.ClockStopped || gain > 0
            ? next with { ElapsedSeconds = elapsed, LastGainAt = look.Now }
            : next with { ElapsedSeconds = elapsed };
    }

    private static double Gain(SoakRules rules, SoakState before, Interval interval, DateTimeOffset now, DateTimeOffset warmUntil)
    {
        var gain = rules.Clock == SoakClock.Exposure
            ? Exposure(rules, before, interval, now, warmUntil)
            : Wall(rules, before, now, warmUntil);
        return Math.Max(0, gain.TotalSeconds);
    }

    /// <summary>An interval counts whole when the canary had its requests in it; one that took longer needs as many more.</summary>
    private static TimeSpan Exposure(SoakRules rules, SoakState before, Interval interval, DateTimeOffset now, DateTimeOffset warmUntil)
    {
        var length = now - before.LastLookAt;
        if (interval.Canary is null || before.LastLookAt < warmUntil || length <= TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        var intervals = Math.Max(1, Math.Floor(length / rules.Every));
        return interval.Canary.Requests >= rules.MinRequests * intervals ? length : TimeSpan.Zero;
    }

    /// <summary>Time in which nothing was looked at (a stopped server, a clock that jumped) counts for two looks at most.</summary>
    private static TimeSpan Wall(SoakRules rules, SoakState before, DateTimeOffset now, DateTimeOffset warmUntil)
    {
        var length = now - (before.LastLookAt > warmUntil ? before.LastLookAt : warmUntil);
        var longest = 2 * rules.Every;
        return length > longest ? longest : length;
    }

    private static (Verdict Verdict, string? Reason) Decide(SoakRules rules, SoakState state, SoakLook look, Findings found)
    {
        if (Failure(rules, state, look, found) is { } failure)
        {
            return (Verdict.Fail, failure);
        }

        var (thresholds, interval) = (found.Thresholds, found.Interval);
        if (thresholds.Phase >= ThresholdPhase.Inconclusive)
        {
            return (thresholds.Phase == ThresholdPhase.Failed ? Verdict.Fail : Verdict.Inconclusive, thresholds.Reason);
        }

        if (state.ConsecutiveErrors > ErrorLimit)
        {
            return (Verdict.Error, $"The metrics could not be read {state.ConsecutiveErrors} times in a row: {interval.Error}");
        }

        if (interval.Error is not null)
        {
            return (Verdict.Inconclusive, $"No telemetry: {interval.Error}; the clock stands.");
        }

        if (found.StableDegraded is { } degraded)
        {
            return (Verdict.Inconclusive, $"{degraded}, not rolling back.");
        }

        if (found.Hard == Hard.Both)
        {
            return (Verdict.Inconclusive, "Most requests fail, on stable too: holding, not rolling back.");
        }

        if (found.FewClients)
        {
            return (Verdict.Inconclusive, "Too many canary requests fail, but of hardly more than one client, who stays on it: whose fault it is cannot be told. Holding, not rolling back.");
        }

        if (found.Hard == Hard.FewClients)
        {
            return (Verdict.Inconclusive, "Most canary requests fail, but of hardly more than one client, who stays on it: whose fault it is cannot be told. Holding, not rolling back.");
        }

        if (found.Share.IsWrong)
        {
            return (Verdict.Inconclusive, $"The traffic is not split as it should be: the canary has {MetricJudge.Percent(found.Share.Last ?? 0)} of it. Nothing can be concluded; holding.");
        }

        if (IsDependency(state, look))
        {
            return (Verdict.Inconclusive, $"The smoke suite fails on the old revision as well, so a dependency is down: holding, not rolling back: {look.SmokeFailures![0]}");
        }

        if (look.ClockStopped || state.ElapsedSeconds < rules.Duration.TotalSeconds)
        {
            return (Verdict.Inconclusive, found.Warming ? "Warming up: only health and hard limits act." : null);
        }

        if (state.UnhealthyStreak > 0 || state.SmokeStreak > 0)
        {
            return (Verdict.Inconclusive, "The last look found something unhealthy; one more look decides.");
        }

        if (thresholds.Open is { } open)
        {
            return (Verdict.Inconclusive, $"The time is over and a metric is not settled: {open}");
        }

        // Without users there is nothing to wait for: on the wall clock health and the smoke suite decide.
        var missing = rules.Clock == SoakClock.Exposure
            ? found.Measurements.FirstOrDefault(m => m.Result is Verdict.Inconclusive or Verdict.Error)
            : null;
        if (missing is not null)
        {
            return (Verdict.Inconclusive, $"The time is over and too little was seen: {missing.Message}");
        }

        // What fell on the canary in the last minutes may fall on stable in the next: only then it is judged.
        return state.ElapsedSeconds - found.Unjudged < rules.Duration.TotalSeconds
            ? (Verdict.Inconclusive, "The time is over and its last minutes are not judged yet: it must be seen first whether stable falls as well.")
            : (Verdict.Pass, Passed(rules, state, found.Measurements));
    }

    /// <summary>What a pass is worth.</summary>
    private static string? Passed(SoakRules rules, SoakState state, List<Measurement> measurements)
    {
        var seen = measurements.Where(m => m.SmallestRatio is not null).Select(m => $"{m.Metric} × {MetricJudge.Number(m.SmallestRatio!.Value)}").ToList();
        return seen.Count == 0
            ? null
            : $"{Durations.Format(rules.Duration)} without fault: {state.Canary.Errors} errors in {state.Canary.Requests} requests; would have seen {string.Join(", ", seen)} or worse";
    }

    private static bool IsDependency(SoakState state, SoakLook look) =>
        state.SmokeStreak >= SmokeLimit && look is { SmokeFailures.Count: > 0, StableSmokeFailures.Count: > 0 };

    private static string? Failure(SoakRules rules, SoakState state, SoakLook look, Findings found)
    {
        if (look.Health is { Failed: true } failed)
        {
            return $"The canary failed on its platform: {failed.Message}";
        }

        if (state.UnhealthyStreak >= UnhealthyLimit)
        {
            var ready = look.Health is { } health ? $" ({health.Ready} of {health.Wanted} ready{(health.Message.Length > 0 ? $": {health.Message}" : "")})" : "";
            return $"The canary was not ready at {state.UnhealthyStreak} looks in a row{ready}";
        }

        if (found.Hard == Hard.Canary)
        {
            var canary = found.Interval.Canary!;
            return $"{MetricJudge.Percent((double)canary.Errors / canary.Requests)} of {canary.Requests} canary requests failed since the last look, hard limit {MetricJudge.Percent(HardErrorRate)}";
        }

        foreach (var metric in rules.Metrics)
        {
            var measurement = found.Measurements.Find(m => m.Metric == metric.Name.Text())!;
            var failures = state.Metrics.GetValueOrDefault(measurement.Metric, MetricTally.None).Failed;
            if (measurement.Result == Verdict.Fail && failures > metric.FailureLimit)
            {
                return $"Metric \"{measurement.Metric}\" assessed Failed due to failed ({failures}) > failureLimit ({metric.FailureLimit}): {measurement.Message}";
            }
        }

        return state.SmokeStreak >= SmokeLimit && !IsDependency(state, look) && look.SmokeFailures is [var first, ..]
            ? $"The smoke suite failed at {state.SmokeStreak} looks in a row: {first}"
            : null;
    }

    /// <summary>Whether so much fails that nothing is waited for, and whose fault that is.</summary>
    private static Hard Hardness(SoakRules rules, Interval interval)
    {
        if (interval is not { Canary: { } canary, Stable: { } stable } || !IsBroken(canary))
        {
            return Hard.None;
        }

        // A third of stable's requests may fail as well, and the canary's few are a draw from the same urn.
        var usual = stable.Requests > 0 ? (double)stable.Errors / stable.Requests : 0;
        if (IsBroken(stable) || Binomial.AtLeast(canary.Errors, canary.Requests, usual) > HardSignificance)
        {
            return Hard.Both;
        }

        // Counted per bucket of the source: the mean is what failed at the same time.
        var clients = canary.FailingClients / BucketsIn(interval);
        return rules.Sticky && canary.ClientsSeen > 0 && clients < FewClients ? Hard.FewClients : Hard.Canary;
    }

    /// <summary>
    /// Whether hardly a client is the canary's, who stays on it and sends a lot: what fails may be what this client asks for. Counted per bucket of
    /// the source, in which few requests always come from few clients.
    /// </summary>
    private static bool HasFewClients(SoakRules rules, Interval interval)
    {
        if (!rules.Sticky || interval.Canary is not { ClientsSeen: > 0 } canary)
        {
            return false;
        }

        var buckets = BucketsIn(interval);
        return canary.ClientsSeen < FewClients * buckets && canary.Requests >= ManyRequests * buckets;
    }

    private static double BucketsIn(Interval interval) => Math.Max(1, (interval.End - interval.Start).TotalSeconds / SourceBucketSeconds);

    /// <summary>Half of the requests fail, and not those of a few clients only: twenty failures of one that tries again and again are one.</summary>
    private static bool IsBroken(RevisionCounts counts) =>
        counts.Requests >= HardErrorRequests && counts.Errors >= HardErrorRate * counts.Requests && counts.FailingClients >= HardClientRate * counts.ClientsSeen;

    private static SoakProgress Progress(
        SoakRules rules,
        SoakState state,
        SoakLook look,
        List<Measurement> measurements,
        DateTimeOffset? warmUntil,
        Verdict verdict,
        string? reason)
    {
        var left = TimeSpan.FromSeconds(Math.Max(0, Math.Ceiling(rules.Duration.TotalSeconds - state.ElapsedSeconds)));
        var evidence = measurements.ConvertAll(m => m.Message);
        if (look.Health is { } health)
        {
            evidence.Add($"health {health.Ready} of {health.Wanted} ready");
        }

        if (look.SmokeFailures is { } failures)
        {
            evidence.Add(failures.Count == 0 ? "smoke suite passed" : $"smoke suite: {failures.Count} failed, {failures[0]}");
        }

        if (warmUntil is { } until)
        {
            evidence.Add($"warm-up: {Durations.Format(TimeSpan.FromSeconds(Math.Ceiling((until - look.Now).TotalSeconds)))} left");
        }

        evidence.Add($"{Durations.Format(left)} of {(rules.Clock == SoakClock.Exposure ? "exposure" : "time")} left");
        return new SoakProgress
        {
            ElapsedSeconds = Math.Min(state.ElapsedSeconds, rules.Duration.TotalSeconds),
            RequiredSeconds = rules.Duration.TotalSeconds,
            Looks = state.Looks,
            CanaryRequests = state.Canary.Requests,
            CanaryErrors = state.Canary.Errors,
            StableRequests = state.Stable.Requests,
            StableErrors = state.Stable.Errors,
            Evidence = evidence,
            Verdict = verdict,
            Reason = reason,
        };
    }

    private enum Hard
    {
        None,
        Canary,
        Both,
        FewClients,
    }

    private sealed record Findings(
        Interval Interval,
        List<Measurement> Measurements,
        Hard Hard,
        bool Warming,
        string? StableDegraded,
        ShareState Share,
        ThresholdResult Thresholds,
        double Unjudged,
        bool FewClients);

    /// <summary>What came between two looks; without counts there is either an error or a first reading.</summary>
    private sealed record Interval(MetricReading? Reading, RevisionCounts? Canary, RevisionCounts? Stable, string? Error)
    {
        /// <summary>When it began, by the source's clock, UTC.</summary>
        public DateTimeOffset Start { get; private init; }

        /// <summary>When it ended, likewise.</summary>
        public DateTimeOffset End { get; private init; }

        public static Interval Between(SoakRules rules, SoakState state, SoakLook look)
        {
            if (!rules.Measures)
            {
                return new Interval(null, null, null, null);
            }

            if (look.Reading is not { } reading)
            {
                return new Interval(null, null, null, look.ReadingError ?? "the source did not answer");
            }

            var trimmed = reading with
            {
                Revisions = reading.Revisions.Where(r => r.Key == look.Canary || r.Key == look.Stable).ToDictionary(),
            };
            if (state.LastReading is not { } last)
            {
                return new Interval(trimmed, null, null, null);
            }

            var canary = Counts(reading, look.Canary).Since(Counts(last, look.Canary));
            var stable = Counts(reading, look.Stable).Since(Counts(last, look.Stable));
            if (last.Epoch != reading.Epoch || IsReset(canary) || IsReset(stable))
            {
                return new Interval(trimmed, null, null, "the source lost its counts since the last look");
            }

            return reading.At <= last.At
                ? new Interval(trimmed, null, null, null)
                : new Interval(trimmed, canary, stable, null) { Start = last.At, End = reading.At };
        }

        private static RevisionCounts Counts(MetricReading reading, string? revision) =>
            revision is null ? RevisionCounts.Zero : reading.Revisions.GetValueOrDefault(revision, RevisionCounts.Zero);

        private static bool IsReset(RevisionCounts difference) => difference.Requests < 0 || difference.Errors < 0;
    }
}
