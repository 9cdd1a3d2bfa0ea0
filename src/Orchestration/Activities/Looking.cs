using Microsoft.Extensions.Logging;
using Sluice.Domain.Analysis;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Soaks;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Orchestration.Activities;

/// <summary>What is looked at, and how: fixed for one soak or hold.</summary>
/// <param name="RolloutId">Whose.</param>
/// <param name="Target">Where.</param>
/// <param name="Revision">What is judged.</param>
/// <param name="Stable">What is beside it; null for a first release.</param>
/// <param name="Rules">By what it is judged.</param>
/// <param name="OnNoData">What follows when nothing is learned for the patience of the rules.</param>
/// <param name="Suite">Checks that each look at the numbers runs; null for none.</param>
/// <param name="Tick">Time between two ticks, in which health and hard limits act, whatever the cadence of the looks at the metrics.</param>
public sealed record LookTerms(
    string RolloutId,
    EnvironmentTarget Target,
    string Revision,
    string? Stable,
    SoakRules Rules,
    NoDataAction OnNoData,
    SmokeSuite? Suite,
    TimeSpan Tick)
{
    /// <summary>The canary's share, percent.</summary>
    public int Weight { get; init; }

    /// <summary>Whether a failure moves traffic by itself, so that automatic rollback being off keeps it from ending the looking.</summary>
    public bool Moves { get; init; }

    /// <summary>The release is over: nothing ends but the revision's own time, when another one serves.</summary>
    public bool AfterRelease { get; init; }
}

/// <summary>One look.</summary>
/// <param name="Terms">What is looked at.</param>
/// <param name="State">Where the look before ended, without <see cref="Evidence"/>.</param>
/// <param name="Evidence">What has been learned; null when only health and hard limits are looked at, which teaches nothing.</param>
public sealed record LookInput(Carried<LookTerms> Terms, SoakState State, Carried<Evidence>? Evidence) : IUnchanging;

/// <summary>What one look found.</summary>
/// <param name="State">For the next look, without <see cref="Evidence"/>; null when it is the same as before.</param>
/// <param name="Progress">How far the soak is; null when only health and hard limits were looked at.</param>
/// <param name="End">Why the leg ends; null when it goes on.</param>
/// <param name="Holding">Why the soak holds; null when it does not.</param>
/// <param name="Reason">For people.</param>
public sealed record LookResult(SoakState? State, SoakProgress? Progress, LegEnd? End, PauseReason? Holding, string Reason) : IUnchanging
{
    /// <summary>It failed, and automatic rollback is off: nothing moves, the looking goes on.</summary>
    public bool Suppressed { get; init; }

    /// <summary>What has been learned; null when only health and hard limits were looked at.</summary>
    public Carried<Evidence>? Evidence { get; init; }

    /// <summary>One per metric, when the numbers were looked at.</summary>
    public IReadOnlyList<Measurement> Measurements { get; init; } = [];
}

/// <summary>Looks once: what the rollout wants, how the replicas are, what the numbers and the smoke suite say; the judge decides.</summary>
public sealed class LookActivity(
    ICoordination coordination, IPlatforms platforms, ISmokeRunner smoke, RolloutOptions options, TimeProvider time, ILogger<LookActivity> logger)
    : IActivity<LookInput, LookResult>
{
    // Longest wait for one answer: one that hangs must not take the others' time.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public async Task<LookResult> RunAsync(LookInput input, CancellationToken cancellationToken)
    {
        var (terms, state, evidence) = (input.Terms.Value, input.State, input.Evidence);
        var weight = await WeightAsync(terms, cancellationToken);
        var desired = terms.AfterRelease ? DesiredState.Run : await coordination.GetDesiredStateAsync(terms.RolloutId, cancellationToken);
        if (desired == DesiredState.Stop || (terms.AfterRelease && weight < 50))
        {
            return new LookResult(null, null, LegEnd.Stopped, null, terms.AfterRelease ? "another version serves" : "the rollout went on without it");
        }

        var started = TimeProvider.System.GetTimestamp();
        var now = time.GetUtcNow();
        var rules = terms.Rules.At(now - state.StartedAt);
        var (reading, error) = await ReadAsync(terms, cancellationToken);
        var look = new SoakLook(now, terms.Revision, terms.Stable)
        {
            Reading = reading,
            ReadingError = error,
            Health = await HealthAsync(terms, cancellationToken),
            Weight = weight,
            Queries = await AskAsync(terms, state, now, cancellationToken),
            ClockStopped = desired == DesiredState.Pause,
        };
        var result = evidence is null
            ? Glance(terms, rules, state, look)
            : Judge(terms, rules, state with { Evidence = evidence.Value }, await SmokedAsync(terms, look, cancellationToken));
        RolloutMetrics.Looked(terms.Target, glance: evidence is null, TimeProvider.System.GetElapsedTime(started));
        var off = !options.AutoRollback || !terms.Target.Environment.AutoRollback;
        return result.End == LegEnd.Failed && terms.Moves && off ? result with { End = null, Suppressed = true } : result;
    }

    private static LookResult Judge(LookTerms terms, SoakRules rules, SoakState state, SoakLook look)
    {
        var result = SoakJudge.Look(rules, state, look);
        RolloutMetrics.Judged(terms.Target, "look", result.Verdict);
        var unmeasured = result.Verdict == Verdict.Error;
        var unlearned = (result.Starved || unmeasured || result.Holding is not null) && look.Now - result.State.LastGainAt >= rules.Patience;
        var end = result.Verdict switch
        {
            Verdict.Fail => LegEnd.Failed,
            Verdict.Pass => LegEnd.Passed,
            _ when unlearned && terms.OnNoData != NoDataAction.Wait => LegEnd.NoData,
            _ => (LegEnd?)null,
        };
        PauseReason? holding = unmeasured ? PauseReason.MetricsUnavailable : result.Starved ? PauseReason.WaitingForTraffic : result.Holding;
        return new LookResult(result.State with { Evidence = Evidence.None }, result.Progress, end, holding, result.Reason ?? Summary(rules, result))
        {
            Evidence = new Carried<Evidence>(result.State.Evidence),
            Measurements = result.Measurements,
        };
    }

    // Between two looks at the numbers only what cannot wait acts: health, the hard limit and the metrics whose own interval is over. What the next look subtracts from stays.
    private static LookResult Glance(LookTerms terms, SoakRules rules, SoakState state, SoakLook look)
    {
        var result = SoakJudge.Look(rules with { Metrics = [] }, state, look);
        var (streak, thresholds) = (result.State.UnhealthyStreak, result.State.Thresholds);
        var next = streak == state.UnhealthyStreak && thresholds == state.Thresholds ? null : state with { UnhealthyStreak = streak, Thresholds = thresholds };
        if (result.Verdict != Verdict.Fail)
        {
            return new LookResult(next, null, null, null, "");
        }

        RolloutMetrics.Judged(terms.Target, "look", Verdict.Fail);
        return new LookResult(next, result.Progress, LegEnd.Failed, null, result.Reason ?? "");
    }

    private static string Summary(SoakRules rules, SoakResult result) => result switch
    {
        { Verdict: Verdict.Pass } => $"{Durations.Format(rules.Duration)} without fault: {result.Progress.CanaryErrors} errors in {result.Progress.CanaryRequests} requests",
        { Starved: true } => $"too few users: {result.Progress.CanaryRequests} requests to the release so far, and none that count for {Durations.Format(rules.Patience)}",
        _ => "",
    };

    private async Task<(MetricReading? Reading, string? Error)> ReadAsync(LookTerms terms, CancellationToken cancellationToken)
    {
        if (platforms.Metrics(terms.Target.Environment) is not { } source)
        {
            return (null, null);
        }

        try
        {
            return (await WithinAsync(token => source.ReadAsync(terms.Target, token), cancellationToken), null);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.MetricsUnreadable(terms.RolloutId, terms.Target.Environment.Name, e.Message);
            return (null, e.Message);
        }
    }

    /// <summary>The answers of the queries that are due. Whoever does not answer takes no other one's time.</summary>
    private async Task<IReadOnlyDictionary<string, QueryAnswer>> AskAsync(LookTerms terms, SoakState state, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var due = ThresholdJudge.Due(terms.Rules.Thresholds, state.Thresholds, state.StartedAt + terms.Rules.Warmup, now);
        var arguments = new QueryArguments(terms.Revision, terms.Stable, terms.Target.Environment.Name, terms.Target.Service);
        var answers = await Task.WhenAll(due.Select(async threshold =>
        {
            var canary = AskAsync(terms, threshold, arguments, cancellationToken);
            var stable = threshold.AsksStable && terms.Stable is not null ? AskAsync(terms, threshold, arguments.OfStable, cancellationToken) : null;
            return (threshold.Name, Answer: new QueryAnswer(await canary, stable is null ? null : await stable));
        }));
        return answers.ToDictionary(a => a.Name, a => a.Answer);
    }

    private async Task<QueryResult> AskAsync(LookTerms terms, ThresholdSpec threshold, QueryArguments arguments, CancellationToken cancellationToken)
    {
        QueryResult result;
        try
        {
            var provider = terms.Target.Environment.Providers.First(p => p.Name == threshold.Provider);
            result = await WithinAsync(token => platforms.Queries(provider).AskAsync(provider, threshold.Query, arguments, token), cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            result = QueryResult.Failed(e.Message);
        }

        if (result.Error is { } error)
        {
            logger.QueryUnanswered(terms.RolloutId, threshold.Name, error);
        }

        return result;
    }

    private async Task<ReplicaHealth?> HealthAsync(LookTerms terms, CancellationToken cancellationToken)
    {
        try
        {
            var platform = platforms.Platform(terms.Target.Environment);
            var state = await WithinAsync(token => platform.GetAsync(terms.Target, terms.Revision, token), cancellationToken);
            var gone = state.Phase is RevisionPhase.Absent or RevisionPhase.Failed or RevisionPhase.Stopping or RevisionPhase.Stopped;
            var message = gone ? $"it is {state.Phase}{(state.Message.Length > 0 ? ": " + state.Message : "")}" : state.Message;
            return new ReplicaHealth(state.ReadyReplicas, Math.Max(1, state.Replicas), gone, message);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // A platform that does not answer says nothing about the release.
            return null;
        }
    }

    /// <summary>The look with what the suite says. The old revision is asked only when the new one fails: to tell whose fault it is.</summary>
    private async Task<SoakLook> SmokedAsync(LookTerms terms, SoakLook look, CancellationToken cancellationToken)
    {
        var failures = await SmokeAsync(terms, terms.Revision, cancellationToken);
        return look with
        {
            SmokeFailures = failures,
            StableSmokeFailures = failures is { Count: > 0 } && terms is { Weight: 100, Stable: { } stable, AfterRelease: false }
                ? await SmokeAsync(terms, stable, cancellationToken)
                : null,
        };
    }

    private async Task<IReadOnlyList<string>?> SmokeAsync(LookTerms terms, string revision, CancellationToken cancellationToken)
    {
        if (terms.Suite is not { } suite)
        {
            return null;
        }

        try
        {
            var endpoint = await platforms.Router(terms.Target.Environment).GetProbeEndpointAsync(terms.Target, revision, cancellationToken);
            return (await smoke.RunAsync(endpoint, suite, cancellationToken)).Failures;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    // Null when the router does not say: that is no wrong split.
    private async Task<int?> WeightAsync(LookTerms terms, CancellationToken cancellationToken)
    {
        try
        {
            var router = platforms.Router(terms.Target.Environment);
            return (await WithinAsync(token => router.GetAsync(terms.Target, token), cancellationToken)).Of(terms.Revision);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<T> WithinAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(AnswerWithin, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            return await ask(both.Token);
        }
        catch (OperationCanceledException e) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No answer within {AnswerWithin.TotalSeconds} s.", e);
        }
    }
}
