using System.Globalization;
using Sluice.Domain.Analysis;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Soaks;

/// <summary>How a watch ended.</summary>
internal enum WatchEnd
{
    Passed,
    Failed,
    NoData,
    Promoted,
}

/// <summary>
/// Watches a revision leg by leg, and the people meanwhile. Decisions act at once: a leg is told by the desired state that it reads at
/// its next tick, and is awaited before another one begins or the rollout returns.
/// </summary>
/// <param name="run">The rollout.</param>
/// <param name="environment">Where.</param>
/// <param name="kind"><c>soak</c>, <c>hold</c> or <c>guard</c>.</param>
/// <param name="rules">By what is judged.</param>
/// <param name="glance">Time between two looks at health and hard limits.</param>
internal sealed class Watch(RolloutRun run, EnvironmentRun environment, string kind, SoakRules rules, TimeSpan glance)
{
    private static readonly TimeSpan AfterLostLeg = TimeSpan.FromSeconds(30);
    private const int LostLegs = 5;

    private SoakState? _state;
    private int _leg;
    private long _errorsBefore;
    private Command? _paused;
    private string _reason = "";
    private bool _suppressed;
    private bool _told;
    private IReadOnlyList<string> _warned = [];

    /// <summary>What follows when nothing is learned.</summary>
    public NoDataAction OnNoData { get; init; } = NoDataAction.Wait;

    /// <summary>What a failure leads to.</summary>
    public FailureActionKind OnFailure { get; init; } = FailureActionKind.Rollback;

    /// <summary>Checks run at each look; null for none.</summary>
    public SmokeSuite? Suite { get; init; }

    /// <summary>What a person is to decide while it is watched; null when nothing is waited for.</summary>
    public string? Question { get; init; }

    /// <summary>Commands that end a watch, or go on with one that waits.</summary>
    public static bool EndsOrResumes(Command command) => command.Kind == CommandKind.Resume || Ends(command);

    /// <summary>Why the last leg could not learn anything.</summary>
    public PauseReason? Holding { get; private set; }

    /// <summary>Whether people have been told so.</summary>
    public bool Announced { get; private set; }

    /// <summary>What was learned stays, the patience begins again.</summary>
    public void StartOver() => _state = _state is { } state ? state with { LastGainAt = run.Now, ConsecutiveErrors = 0, Thresholds = state.Thresholds.StartOver() } : null;

    /// <summary>Looks until there is a verdict, or a person ends it.</summary>
    public async Task<(WatchEnd End, string Reason)> RunAsync()
    {
        // Legs of an earlier watch that a person ended see the old wish first; the next leg must not find it.
        await Leaving.AwaitOutstandingAsync(run);
        await DesireAsync(DesiredState.Run);
        var terms = Terms();
        var state = _state ?? SoakState.Start(run.Now, environment.Evidence, environment.Weight);
        var gridStart = run.Context.CurrentUtcDateTime;
        var tick = 0L;
        var lost = 0;
        PauseReason? holding = null;
        _reason = "";
        _errorsBefore = environment.Row.ErrorCount;
        while (true)
        {
            var id = RolloutIds.Child(run.Id, run.StepIndex, kind, ++_leg);
            var leg = run.Context.CallSubOrchestratorAsync(
                Orchestrations.SoakLeg,
                new LegInput(terms, state, gridStart, tick, holding) { Suppressed = _suppressed, Warned = _warned },
                new SubOrchestrationOptions { InstanceId = id, Version = run.Context.Version });
            await ShowAsync(id, holding);
            if (await UntilAsync(leg, id, holding) is { } ended)
            {
                _state = state;
                return (WatchEnd.Promoted, ended);
            }

            LegResult result;
            try
            {
                result = await leg;
            }
            catch (TaskFailureException failure) when (++lost < LostLegs)
            {
                run.Journal.Note("leg.lost", environment.Name, $"{id} was ended, another one takes over: {failure.Failure.ErrorMessage}");
                await run.Inbox.SleepAsync(AfterLostLeg);
                continue;
            }

            state = _state = result.State;
            environment.Evidence = state.Evidence;
            run.LastEvidence = result.Progress.Evidence;
            tick = result.NextTick;
            Count(result.Progress);
            Keep(result);
            Warn(state.Thresholds);
            switch (result.End)
            {
                case LegEnd.Passed:
                    Suppress(false, result.Reason);
                    return (WatchEnd.Passed, result.Reason);
                case LegEnd.Failed:
                    return (WatchEnd.Failed, result.Reason);
                case LegEnd.NoData:
                    Holding = result.Holding;
                    return (WatchEnd.NoData, $"nothing was learned for {Durations.Format(rules.Patience)}: {result.Reason}");
                case LegEnd.HoldChanged:
                    Suppress(result.Suppressed, result.Reason);
                    Hold(holding, result.Holding, result.Reason);
                    holding = result.Holding;
                    _reason = _suppressed ? $"would have rolled back, and automatic rollback is off; checks go on: {result.Reason}"
                        : holding is null ? "" : result.Reason;
                    break;
                case LegEnd.Stopped:
                    // Somebody else wrote the wish: this rollout wants it to run.
                    await DesireAsync(Wish);
                    break;
                default:
                    break;
            }
        }
    }

    private LookTerms Terms()
    {
        var shortest = rules.Cadence.Count == 0 ? rules.Every : rules.Cadence.Min(c => c.Every);
        var parts = Math.Max(1, Math.Ceiling(shortest / glance));
        return new LookTerms(
            run.Id, environment.Target, environment.Revision, environment.Stable?.Revision, rules, OnNoData, Suite, shortest / parts)
        {
            Weight = environment.Weight,
            Moves = OnFailure != FailureActionKind.Pause,
        };
    }

    // Told once: a verdict that comes and goes is in the status, not in everybody's mail.
    private void Suppress(bool suppressed, string reason)
    {
        if (suppressed == _suppressed)
        {
            return;
        }

        _suppressed = suppressed;
        if (suppressed && !_told)
        {
            _told = true;
            run.Journal.Note("rollback.suppressed", environment.Name, $"would have rolled back, and automatic rollback is off: {reason}", ("reason", reason));
        }
        else if (!suppressed)
        {
            run.Journal.Note("rollback.cleared", environment.Name, "what would have been rolled back is well again");
        }
    }

    // Once per metric and soak.
    private void Warn(ThresholdState thresholds)
    {
        foreach (var (name, why) in ThresholdJudge.Warnings(rules.Thresholds, thresholds).Where(w => !_warned.Contains(w.Name)).ToList())
        {
            _warned = [.. _warned, name];
            run.Journal.Note("metric.warning", environment.Name, why, ("metric", name), ("stepIndex", run.StepIndex.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private void Hold(PauseReason? before, PauseReason? now, string reason)
    {
        if (before == now)
        {
            return;
        }

        Announced = now is not null;
        run.Journal.Note(now is null ? "resumed" : "paused", environment.Name, now is null ? "it can be judged again" : reason);
    }

    private static bool Ends(Command command) => command.Kind is CommandKind.Promote or CommandKind.PromoteFull or CommandKind.Skip;

    // A failed verdict is passed by nothing but a promotion.
    private bool Takes(Command command) =>
        Question is null ? command.Kind == CommandKind.Pause || EndsOrResumes(command) : command.Kind == CommandKind.Promote;

    private async Task<string?> UntilAsync(Task leg, string id, PauseReason? holding)
    {
        while (await run.Inbox.UntilAsync(leg, Takes) is { } command)
        {
            if (Ends(command))
            {
                run.AtOnce |= command.Kind == CommandKind.PromoteFull;
                run.Inbox.Leave(leg);
                await DesireAsync(DesiredState.Stop);
                return $"{command.Kind} by {command.Actor}" + (command.Reason is null ? "" : $": {command.Reason}");
            }

            _paused = command.Kind == CommandKind.Pause ? command : null;
            run.Journal.Note(
                _paused is null ? "resumed" : "paused", environment.Name, $"{command.Kind} by {command.Actor}", ("actor", command.Actor));
            await DesireAsync(Wish);
            await ShowAsync(id, holding);
        }

        return null;
    }

    private DesiredState Wish => _paused is null ? DesiredState.Run : DesiredState.Pause;

    private async Task DesireAsync(DesiredState state) =>
        await run.ReadAsync(ActivityRefs.SetDesiredState, new DesiredStateInput(run.Id, state));

    private Task ShowAsync(string leg, PauseReason? holding) => run.Journal.ShowAsync(run.Journal.Status with
    {
        Phase = _paused is null && holding is null && Question is null && !_suppressed ? Phase.Progressing : Phase.Paused,
        PauseReason = _paused is not null ? PauseReason.PausedByUser
            : Question is not null || _suppressed ? PauseReason.Inconclusive
            : holding,
        Leg = leg,
        Message = _paused is not null ? $"paused by {_paused.Actor}; health and limits are watched"
            : Question is not null ? Question
            : _reason.Length > 0 ? _reason
            : run.Plan.Steps[run.StepIndex].Title,
    });

    private void Keep(LegResult result)
    {
        if (result.Record is { Looks: > 0 } record)
        {
            run.Journal.Note(
                LegRecord.EventType, environment.Name, $"{kind}, {record.Looks} looks: {string.Join("; ", record.Last.Select(m => m.Message))}",
                record.ToData(run.StepIndex, kind, environment.Weight, result.Progress.Verdict.ToString()));
        }
    }

    private void Count(SoakProgress progress)
    {
        var errors = _errorsBefore + progress.CanaryErrors;
        if (errors != environment.Row.ErrorCount)
        {
            environment.Row = environment.Row with { ErrorCount = errors };
            run.Journal.Put(environment.Row);
        }
    }
}
