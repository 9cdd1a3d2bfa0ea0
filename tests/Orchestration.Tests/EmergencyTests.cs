using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>An emergency leaves out what waits and keeps what makes a release safe to run; it is asked for, allowed and marked.</summary>
public sealed class EmergencyTests
{
    private const string Steps = """
          - validate: { environment: production }
          - deploy: { environment: production }
          - smoke: { suite: smoke.yaml }
          - baseline: { path: /, requests: 10, concurrency: 1 }
          - checklist: { name: go, items: [{ name: ci, condition: ci }] }
          - approval: { approvers: [release-managers] }
          - setWeight: 10
          - soak: 24h
          - setWeight: 100
          - hold: 1h
        """;

    [Fact]
    public async Task An_emergency_is_over_within_ten_minutes_without_soak_approval_and_baseline()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var began = sim.Engine.Now;
        var id = await StartAsync(sim, "v2.0.0");

        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.True(sim.Engine.Now - began < TimeSpan.FromMinutes(10), $"it took {sim.Engine.Now - began}");
        Assert.Equal([100], sim.World.WeightsOf("v2.0.0"));
        Assert.Equal(["validate", "deploy", "smoke", "setWeight", "hold"], (await sim.Rollouts.GetAsync(id, default))!.Steps.Select(s => s.Kind));
    }

    [Fact]
    public async Task An_emergency_is_marked_wherever_somebody_looks_and_announced()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await StartAsync(sim, "v2.0.0");

        var status = await sim.EndOfAsync(id);

        Assert.Equal("logins fail", status.Emergency);
        Assert.Equal("logins fail", sim.Row(id).Metadata["emergency"]);
        Assert.Equal("logins fail", (await sim.Registry.GetRolloutAsync(id, default))!.Emergency);
        Assert.Contains("logins fail", sim.Registry.Events.Single(e => e.Type == "emergency.started").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smoke")]
    [InlineData("ready")]
    [InlineData("health")]
    [InlineData("variables")]
    public async Task An_emergency_keeps_validation_smoke_and_health_checks(string broken)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = broken switch
        {
            "smoke" => new Behaviour { SmokeFailures = _ => ["lists: 500"] },
            "ready" => new Behaviour { NeverReady = true },
            "health" => new Behaviour { Healthy = t => t < TimeSpan.FromSeconds(90) },
            _ => new Behaviour(),
        };
        var plan = broken == "variables" ? Plans.WithVariables("needs.yaml", Steps) : Plans.In(Steps);

        var status = await sim.EndOfAsync(await StartAsync(sim, "v2.0.0", plan));

        Assert.True(status.Outcome is Outcome.RolledBack or Outcome.Rejected, status.Outcome.ToString());
        Assert.Equal(100, sim.World.Weight("v1.0.0"));
    }

    [Fact]
    public async Task An_emergency_takes_the_place_of_what_runs_and_nothing_newer_takes_its_place()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var running = await sim.StartRolloutAsync(Plans.Canary, "v1.1.0");
        await sim.UntilAsync(running, s => s.Leg is not null);
        var id = await StartAsync(sim, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);

        var newer = await sim.StartRolloutAsync(Plans.In("  - deploy: { environment: production, weight: 100 }", "concurrency: supersede"), "v3.0.0");
        var emergency = await sim.EndOfAsync(id);
        var last = await sim.EndOfAsync(newer);

        Assert.Equal(Outcome.Superseded, (await sim.StatusAsync(running)).Outcome);
        Assert.Equal(Outcome.Promoted, emergency.Outcome);
        Assert.Equal(Outcome.Promoted, last.Outcome);
    }

    [Fact]
    public async Task Only_admins_and_those_the_plan_names_start_an_emergency()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var named = Plans.In(Steps, "emergency: [on-call]");

        var deployer = await TryAsync(Plans.In(Steps), Simulation.Deployer, "logins fail");
        var stranger = await TryAsync(named, Simulation.Deployer, "logins fail");
        var silent = await TryAsync(named, Simulation.Admin, " ");
        var onCall = await TryAsync(named, new Caller("cai", Role.Deployer, ["on-call"]), "logins fail");

        Assert.IsType<StartResult.Refused>(deployer);
        Assert.Contains("on-call", Assert.IsType<StartResult.Refused>(stranger).Reason, StringComparison.Ordinal);
        Assert.IsType<StartResult.Refused>(silent);
        Assert.IsType<StartResult.Started>(onCall);

        Task<StartResult> TryAsync(Domain.Plans.Bundle plan, Caller caller, string reason) =>
            sim.Rollouts.StartAsync(new StartRequest(plan, new Release("v2.0.0"), null, caller) { Emergency = reason }, default);
    }

    [Fact]
    public async Task An_emergency_is_not_repeated_by_a_retry()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await StartAsync(sim, "v2.0.0");
        await sim.SayAsync(id, CommandKind.Abort);
        await sim.EndOfAsync(id);

        Assert.IsType<StartResult.Refused>(await sim.Rollouts.RetryAsync(id, Simulation.Admin, default));
    }

    [Fact]
    public async Task A_plan_too_large_for_the_input_goes_the_same_way()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var people = string.Join(", ", Enumerable.Range(0, 40).Select(p => $"somebody-with-a-long-name-{p}"));
        var windows = string.Join(", ", Enumerable.Range(0, 40).Select(i => $"{{ name: w{i}, from: 2001-01-01, to: 2001-01-02, overrideBy: [{people}] }}"));
        var plan = Plans.In(Steps, $"freeze: [{windows}]");
        Assert.True(Durable.DurableJson.Write(EmergencyPlan.From(Domain.Plans.PlanCompiler.Compile(plan).Plan!))!.Length > RolloutInput.MaxPlanCharacters);

        var status = await sim.EndOfAsync(await StartAsync(sim, "v2.0.0", plan));

        Assert.Equal(Outcome.Promoted, status.Outcome);
    }

    private static async Task<string> StartAsync(Simulation sim, string version, Domain.Plans.Bundle? plan = null) =>
        Assert.IsType<StartResult.Started>(await sim.Rollouts.StartAsync(
            new StartRequest(plan ?? Plans.In(Steps), new Release(version), version, Simulation.Admin) { Emergency = "logins fail" }, default)).Rollout.Id;
}
