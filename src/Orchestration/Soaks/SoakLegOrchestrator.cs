using Sluice.Domain.Analysis;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;

namespace Sluice.Orchestration.Soaks;

/// <summary>A stretch of looking.</summary>
/// <param name="Terms">What is looked at, and how long.</param>
/// <param name="State">Where the leg before ended.</param>
/// <param name="GridStart">The moment of tick 0, UTC: ticks are on an absolute grid.</param>
/// <param name="FirstTick">The first tick of this leg.</param>
/// <param name="Holding">Why the soak held when the leg before ended; null when it did not.</param>
public sealed record LegInput(LookTerms Terms, SoakState State, DateTime GridStart, long FirstTick, PauseReason? Holding)
{
    /// <summary>Whether it had failed when the leg before ended, and nothing moved.</summary>
    public bool Suppressed { get; init; }

    /// <summary>Metrics of severity <c>warning</c> whose failure has been told of.</summary>
    public IReadOnlyList<string> Warned { get; init; } = [];
}

/// <summary>How a stretch of looking ended.</summary>
/// <param name="End">Why.</param>
/// <param name="State">Where the next leg begins.</param>
/// <param name="NextTick">Its first tick.</param>
/// <param name="Progress">How far the soak is.</param>
/// <param name="Holding">Why it holds; null when it does not.</param>
/// <param name="Reason">For people.</param>
public sealed record LegResult(LegEnd End, SoakState State, long NextTick, SoakProgress Progress, PauseReason? Holding, string Reason)
{
    /// <summary>Whether it has failed and automatic rollback is off.</summary>
    public bool Suppressed { get; init; }

    /// <summary>What is kept of it; null of one that an older program ended.</summary>
    public LegRecord? Record { get; init; }
}

/// <summary>Why a leg ended.</summary>
public enum LegEnd
{
    /// <summary>It had its ticks: the next one goes on.</summary>
    Rotated,

    /// <summary>Long enough, and good.</summary>
    Passed,

    /// <summary>Bad.</summary>
    Failed,

    /// <summary>Nothing learned for the patience of the plan.</summary>
    NoData,

    /// <summary>It began or ceased to hold, or to fail without consequence, or something is to be warned of: the parent shows it, the next leg goes on.</summary>
    HoldChanged,

    /// <summary>The rollout wanted it to end.</summary>
    Stopped,
}

/// <summary>
/// Looks again and again for a while. It receives no events and ticks at most <see cref="MaxTicks"/> times, so its history stays
/// short; what it should do it reads in each look.
/// </summary>
public sealed class SoakLegOrchestrator : Orchestrator<LegInput, LegResult>
{
    /// <summary>Most ticks of one leg.</summary>
    public const int MaxTicks = 120;

    // Looks in a row that could not even be taken before the soak says that it is blind.
    private const int BlindAfter = 3;

    /// <inheritdoc/>
    public override Task<LegResult> RunAsync(DurableContext context, LegInput input) =>
        // Where the leg began is not asked again, and would be held for hours.
        new Leg(context, input with { State = SoakState.Start(input.State.StartedAt) }, LookState.Of(input.State), new LegMemory(input.Terms, input.State.LastReading))
            .RunAsync();

    // An object, not a method with closures: those would hold the state of the first look as long as the last one's.
    private sealed class Leg(DurableContext context, LegInput input, LookState state, LegMemory memory)
    {
        private readonly Carried<LookTerms> _terms = new(input.Terms);
        private LookState _state = state;
        private SoakProgress _progress = new();
        private long _tick = input.FirstTick;

        public async Task<LegResult> RunAsync()
        {
            var blind = 0;
            for (var n = 0; n < MaxTicks; n++)
            {
                // After a pause of the whole machine the missed ticks are gone, not made up for in a burst.
                _tick = Math.Max(_tick, TickAt(context.CurrentUtcDateTime));
                var due = input.GridStart + (input.Terms.Tick * _tick++);
                if (due > context.CurrentUtcDateTime)
                {
                    await context.CreateTimer(due);
                }

                LookResult look;
                try
                {
                    look = await context.CallActivityAsync(ActivityRefs.Look, _state.Next(_terms, context.CurrentUtcDateTime));
                    blind = 0;
                }
                catch (TaskFailureException failure)
                {
                    // The next tick is the next attempt. The release is not to blame.
                    Show(_progress with { Verdict = Verdict.Error, Reason = "could not look: " + failure.Failure.ErrorMessage });
                    if (input.Terms.OnNoData != NoDataAction.Wait && context.CurrentUtcDateTime - _state.State.LastGainAt.UtcDateTime >= input.Terms.Rules.Patience)
                    {
                        return Result(LegEnd.NoData, PauseReason.MetricsUnavailable, _progress.Reason!);
                    }

                    if (++blind == BlindAfter && input.Holding != PauseReason.MetricsUnavailable)
                    {
                        return Result(LegEnd.HoldChanged, PauseReason.MetricsUnavailable, _progress.Reason!);
                    }

                    continue;
                }

                if (Take(look) is { } result)
                {
                    return result;
                }
            }

            return Result(LegEnd.Rotated, input.Holding, _progress.Reason ?? "");
        }

        // What a look leads to; null to go on looking.
        private LegResult? Take(LookResult look)
        {
            _state = _state.After(look);
            if (look.Progress is { } seen)
            {
                Show(seen);
            }

            if (look.Evidence is not null)
            {
                memory.Add(look.Measurements, _state.State.LastReading);
            }

            if (look.End is { } end)
            {
                return Result(end, look.Holding, look.Reason);
            }

            if (ThresholdJudge.Warnings(input.Terms.Rules.Thresholds, _state.State.Thresholds).Any(w => !input.Warned.Contains(w.Name)))
            {
                return look.Progress is null
                    ? Result(LegEnd.HoldChanged, input.Holding, _progress.Reason ?? "")
                    : Result(LegEnd.HoldChanged, look.Holding, look.Reason) with { Suppressed = look.Suppressed };
            }

            return look.Progress is not null && (look.Holding != input.Holding || look.Suppressed != input.Suppressed)
                ? Result(LegEnd.HoldChanged, look.Holding, look.Reason) with { Suppressed = look.Suppressed }
                : null;
        }

        private void Show(SoakProgress progress)
        {
            _progress = progress;
            context.SetCustomStatus(progress);
        }

        private LegResult Result(LegEnd end, PauseReason? holding, string reason) =>
            new(end, _state.Whole, _tick, _progress, holding, reason) { Suppressed = input.Suppressed, Record = memory.ToRecord() };

        private long TickAt(DateTime now) => (long)Math.Ceiling((now - input.GridStart) / input.Terms.Tick - 0.5);
    }
}
