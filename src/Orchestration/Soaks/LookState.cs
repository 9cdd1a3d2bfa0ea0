using Sluice.Domain.Analysis;
using Sluice.Durable;
using Sluice.Orchestration.Activities;

namespace Sluice.Orchestration.Soaks;

/// <summary>
/// Where the looks at a revision stand. What was learned is large and nothing an orchestrator reads: it goes from look to look as it came, and
/// not at all to a look that learns nothing.
/// </summary>
/// <param name="State">Without evidence.</param>
/// <param name="Evidence">What was learned.</param>
internal sealed record LookState(SoakState State, Carried<Evidence> Evidence)
{
    /// <summary>Where a soak begins, or an earlier leg of it ended.</summary>
    public static LookState Of(SoakState state) => new(state with { Evidence = Domain.Analysis.Evidence.None }, new Carried<Evidence>(state.Evidence));

    /// <summary>For the next leg.</summary>
    public SoakState Whole => State with { Evidence = Evidence.Value };

    /// <summary>The look to take now: at the numbers, or only at what cannot wait.</summary>
    /// <param name="terms">What is looked at.</param>
    /// <param name="now">UTC.</param>
    public LookInput Next(Carried<LookTerms> terms, DateTime now) => State.IsLookDue(terms.Value.Rules, terms.Value.Tick, new DateTimeOffset(now, TimeSpan.Zero))
        ? new LookInput(terms, State, Evidence)
        : new LookInput(terms, State.ForGlance(), null);

    /// <summary>What a look makes of it.</summary>
    public LookState After(LookResult look) => look switch
    {
        { State: null } => this,
        { State: { } state, Evidence: { } evidence } => new LookState(state, evidence),
        { State: { } glanced } => this with { State = State with { UnhealthyStreak = glanced.UnhealthyStreak, Thresholds = glanced.Thresholds } },
    };
}
