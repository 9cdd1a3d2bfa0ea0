using System.Text.Json.Serialization;
using Sluice.Domain.Rollouts;

namespace Sluice.Cli.Simulate;

/// <summary>What came of one simulated rollout.</summary>
/// <param name="Id">Instance id.</param>
/// <param name="Outcome">How it ended; null when it had not by the scenario's end.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="Message">Why, for people.</param>
/// <param name="Decisions">Everything that was decided, and what happened around it, by time.</param>
/// <param name="Crashes">How often the host died unasked.</param>
/// <param name="Activities">Attempts at activities that acted.</param>
internal sealed record SimulationReport(
    string Id, Outcome? Outcome, Phase Phase, string Message, IReadOnlyList<SimulatedDecision> Decisions, int Crashes, int Activities)
{
    /// <summary>When the release first got traffic beside stable; null if never.</summary>
    public TimeSpan? FirstTraffic => Decisions.FirstOrDefault(d => d is { What: "traffic.moved", Weight: > 0 and < 100 })?.At;

    /// <summary>When the way back began; null if never.</summary>
    public TimeSpan? WentBack => Decisions.FirstOrDefault(d => d.What == "rollback.triggered")?.At;

    /// <summary>When it ended; null when it had not by the scenario's end.</summary>
    public TimeSpan? Ended => Decisions.LastOrDefault(d => d.What is "deployment.succeeded" or "deployment.failed")?.At;

    /// <summary>From the first traffic to the way back; null without either.</summary>
    public TimeSpan? Detection => WentBack - FirstTraffic;

    /// <summary>What was expected and did not come, one sentence each.</summary>
    public IReadOnlyList<string> Unmet { get; init; } = [];
}

/// <summary>Something decided, or something that happened around it.</summary>
/// <param name="At">Since the rollout's start.</param>
/// <param name="What">Type of the rollout's event; <c>person</c>, <c>host</c> or <c>world</c> for what came from the scenario.</param>
/// <param name="Environment">Where; null when in none.</param>
/// <param name="Message">What and why, for people.</param>
/// <param name="Evidence">The numbers that led to it, one line each.</param>
internal sealed record SimulatedDecision(TimeSpan At, string What, string? Environment, string Message, IReadOnlyList<string> Evidence)
{
    /// <summary>Percent that the release got, when traffic moved.</summary>
    [JsonIgnore]
    public int? Weight { get; init; }
}
