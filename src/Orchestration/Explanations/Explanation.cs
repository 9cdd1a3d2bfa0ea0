using Sluice.Domain.Analysis;
using Sluice.Domain.Rollouts;

namespace Sluice.Orchestration.Explanations;

/// <summary>Why a rollout went as it did: what every step found, and the numbers that led to it. Known as long as its events are kept.</summary>
/// <param name="Id">Instance id.</param>
/// <param name="Service">What.</param>
/// <param name="Version">Which.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="Outcome">How it ended; null while it runs.</param>
/// <param name="Message">Why, in one sentence.</param>
/// <param name="Steps">Those that have found something, in order.</param>
public sealed record Explanation(
    string Id, string Service, string Version, Phase Phase, Outcome? Outcome, string Message, IReadOnlyList<ExplainedStep> Steps);

/// <summary>What a step found.</summary>
/// <param name="Index">In the plan, from 0.</param>
/// <param name="Title">What the plan says.</param>
/// <param name="Environment">Where; null when in none.</param>
/// <param name="State">Where it stands.</param>
/// <param name="At">When it was found, UTC.</param>
/// <param name="Why">What it found, for people.</param>
/// <param name="Metrics">What was measured; empty for steps that measure nothing.</param>
public sealed record ExplainedStep(
    int Index, string Title, string? Environment, StepState State, DateTimeOffset At, string Why, IReadOnlyList<ExplainedMetric> Metrics)
{
    /// <summary>Looks at the numbers.</summary>
    public int Looks { get; init; }

    /// <summary>Percent of the traffic that the release had meanwhile; null when it is not known.</summary>
    public int? Weight { get; init; }

    /// <summary>When it began, UTC.</summary>
    public DateTimeOffset? From { get; init; }
}

/// <summary>A metric of a step.</summary>
/// <param name="Metric">Its name in plans.</param>
/// <param name="Result">What it said last.</param>
/// <param name="Words">The numbers, and what they mean, for people.</param>
/// <param name="Last">At the verdict, or at the last look so far.</param>
/// <param name="Worst">At the look with the most against it.</param>
/// <param name="Query">How to see the same where the numbers came from.</param>
public sealed record ExplainedMetric(string Metric, Verdict Result, string Words, Measurement Last, Measurement Worst, string Query);
