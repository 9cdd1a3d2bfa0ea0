using Sluice.Domain.Analysis;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Soaks;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>Why a rollout went as it did, also when its instance is gone.</summary>
public sealed class ExplainTests
{
    [Fact]
    public async Task The_numbers_behind_a_verdict_outlive_the_instance()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = t => t < TimeSpan.FromMinutes(5) ? 0 : 0.1 };
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        var ended = await sim.EndOfAsync(id);
        await sim.Engine.Client.PurgeInstanceAsync(id, recursive: true);

        var explanation = (await sim.Rollouts.ExplainAsync(id, default))!;

        Assert.Equal(Outcome.RolledBack, ended.Outcome);
        Assert.Equal(Outcome.RolledBack, explanation.Outcome);
        var soak = explanation.Steps.Single(s => s.Metrics.Count > 0);
        Assert.Equal((StepState.Failed, 10), (soak.State, soak.Weight));
        Assert.True(soak.Looks > 3);
        var errors = soak.Metrics.Single(m => m.Metric == "errors");
        Assert.Contains("requests to the release failed", errors.Words, StringComparison.Ordinal);
        Assert.Contains(id, errors.Query, StringComparison.Ordinal);
        Assert.True(errors.Worst.Requests > 0);
        Assert.All(explanation.Steps.Where(s => s != soak), s => Assert.Equal(StepState.Passed, s.State));
    }

    [Fact]
    public async Task The_counts_of_every_stretch_are_kept()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plans.Canary, "v2.0.0");
        await sim.EndOfAsync(id);

        var rows = sim.Registry.Events.Where(e => e.RolloutId == id && e.Type == LegRecord.EventType && e.Data["weight"] == "10")
            .SelectMany(e => CountSeries.Read(LegRecord.From(e.Data).Counts)).ToList();

        Assert.InRange(rows.Sum(r => (r.To - r.From).TotalMinutes), 14, 20);
        Assert.Equal(10, 100.0 * rows.Sum(r => r.Canary.Requests) / rows.Sum(r => r.Canary.Requests + r.Stable.Requests), 0.5);
    }

    [Fact]
    public async Task Of_what_there_is_not_nothing_is_explained()
    {
        await using var sim = await Simulation.StartAsync();

        Assert.Null(await sim.Rollouts.ExplainAsync("nothing", default));
    }
}
