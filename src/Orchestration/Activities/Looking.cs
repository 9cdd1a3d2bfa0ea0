using Microsoft.Extensions.Logging;
using Sluice.Domain.Analysis;
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
/// <param name="Tick">Time between two ticks: at most 30 s, so that health and hard limits act soon whatever the plan's cadence.</param>
public sealed record LookTerms(
    string RolloutId,
    EnvironmentTarget Target,
    string Revision,
    string? Stable,
    SoakRules Rules,
    NoDataAction OnNoData,
    SmokeSuite? Suite,
    TimeSpan Tick);

/// <summary>One look.</summary>
/// <param name="Terms">What is looked at.</param>
/// <param name="State">Where the look before ended.</param>
public sealed record LookInput(LookTerms Terms, SoakState State);

/// <summary>What one look found.</summary>
/// <param name="State">For the next look.</param>
/// <param name="Progress">How far the soak is; null when only health and hard limits were looked at.</param>
/// <param name="End">Why the leg ends; null when it goes on.</param>
/// <param name="Holding">Why the soak holds; null when it does not.</param>
/// <param name="Reason">For people.</param>
public sealed record LookResult(SoakState State, SoakProgress? Progress, LegEnd? End, PauseReason? Holding, string Reason);

/// <summary>Looks once: what the rollout wants, how the replicas are, what the numbers and the smoke suite say; the judge decides.</summary>
public sealed class LookActivity(
    ICoordination coordination, IPlatforms platforms, ISmokeRunner smoke, TimeProvider time, ILogger<LookActivity> logger)
    : IActivity<LookInput, LookResult>
{
    // Longest wait for one answer: one that hangs must not take the others' time.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(15);

    // Timers may fire this much early.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<LookResult> RunAsync(LookInput input, CancellationToken cancellationToken)
    {
        var (terms, state) = input;
        var desired = await coordination.GetDesiredStateAsync(terms.RolloutId, cancellationToken);
        if (desired == DesiredState.Stop)
        {
            return new LookResult(state, null, LegEnd.Stopped, null, "the rollout went on without it");
        }

        var started = TimeProvider.System.GetTimestamp();
        var now = time.GetUtcNow();
        var due = state.Looks == 0 || now - state.LastLookAt >= terms.Rules.Every - (terms.Rules.Every > Slack * 4 ? Slack : TimeSpan.Zero);
        var (reading, error) = await ReadAsync(terms, cancellationToken);
        var look = new SoakLook(now, terms.Revision, terms.Stable)
        {
            Reading = reading,
            ReadingError = error,
            Health = await HealthAsync(terms, cancellationToken),
            ClockStopped = desired == DesiredState.Pause,
        };
        var result = due
            ? Judge(terms, state, look with { SmokeFailures = await SmokeAsync(terms, cancellationToken) })
            : Glance(terms, state, look);
        RolloutMetrics.Looked(terms.Target, glance: !due, TimeProvider.System.GetElapsedTime(started));
        return result;
    }

    private static LookResult Judge(LookTerms terms, SoakState state, SoakLook look)
    {
        var result = SoakJudge.Look(terms.Rules, state, look);
        RolloutMetrics.Judged(terms.Target, "look", result.Verdict);
        var unmeasured = result.Verdict == Verdict.Error;
        var unlearned = result.Starved || (unmeasured && look.Now - result.State.LastGainAt >= terms.Rules.Patience);
        var end = result.Verdict switch
        {
            Verdict.Fail => LegEnd.Failed,
            Verdict.Pass => LegEnd.Passed,
            _ when unlearned && terms.OnNoData != NoDataAction.Wait => LegEnd.NoData,
            _ => (LegEnd?)null,
        };
        PauseReason? holding = unmeasured ? PauseReason.MetricsUnavailable : result.Starved ? PauseReason.WaitingForTraffic : null;
        return new LookResult(result.State, result.Progress, end, holding, result.Reason ?? Summary(terms, result));
    }

    // Between two looks at the numbers only what cannot wait acts: health and the hard limit. What the next look subtracts from stays.
    private static LookResult Glance(LookTerms terms, SoakState state, SoakLook look)
    {
        var result = SoakJudge.Look(terms.Rules with { Metrics = [] }, state, look);
        if (result.Verdict != Verdict.Fail)
        {
            return new LookResult(state with { UnhealthyStreak = result.State.UnhealthyStreak }, null, null, null, "");
        }

        RolloutMetrics.Judged(terms.Target, "look", Verdict.Fail);
        return new LookResult(result.State, result.Progress, LegEnd.Failed, null, result.Reason ?? "");
    }

    private static string Summary(LookTerms terms, SoakResult result) => result.Verdict == Verdict.Pass
        ? $"{Durations.Format(terms.Rules.Duration)} without fault: {result.Progress.CanaryErrors} errors in {result.Progress.CanaryRequests} requests"
        : "";

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

    private async Task<IReadOnlyList<string>?> SmokeAsync(LookTerms terms, CancellationToken cancellationToken)
    {
        if (terms.Suite is not { } suite)
        {
            return null;
        }

        try
        {
            var endpoint = await platforms.Router(terms.Target.Environment)
                .GetProbeEndpointAsync(terms.Target, terms.Revision, cancellationToken);
            return (await smoke.RunAsync(endpoint, suite, cancellationToken)).Failures;
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
