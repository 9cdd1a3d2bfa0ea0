using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>A start is refused at the door with every fault, happens once however often it is asked for, and can be repeated when it ended badly.</summary>
public sealed class StartTests
{
    private static readonly Bundle Plan = Plans.In("  - deploy: { environment: production }\n  - setWeight: 10\n  - soak: 15m\n  - setWeight: 100");

    [Fact]
    public async Task The_same_key_with_the_same_request_is_the_same_rollout_in_every_state()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var request = new StartRequest(Plan, new Release("v2.0.0"), "key", Simulation.Deployer);

        var first = Assert.IsType<StartResult.Started>(await sim.Rollouts.StartAsync(request, default));
        var second = Assert.IsType<StartResult.Existing>(await sim.Rollouts.StartAsync(request, default));
        await sim.EndOfAsync(first.Rollout.Id);
        var third = Assert.IsType<StartResult.Existing>(await sim.Rollouts.StartAsync(request, default));
        await sim.Engine.Client.PurgeInstanceAsync(first.Rollout.Id);
        var fourth = Assert.IsType<StartResult.Existing>(await sim.Rollouts.StartAsync(request, default));

        Assert.All([second, third, fourth], r => Assert.Equal(first.Rollout.Id, r.Rollout.Id));
        Assert.Null(await sim.Engine.Client.GetInstanceAsync(first.Rollout.Id));
        Assert.Equal(Outcome.Promoted, (await sim.Rollouts.GetAsync(first.Rollout.Id, default))!.Status.Outcome);
    }

    [Theory]
    [InlineData("v3.0.0", false)]
    [InlineData("v2.0.0", true)]
    public async Task The_same_key_for_something_else_is_refused(string version, bool otherPlan)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var first = Assert.IsType<StartResult.Started>(await sim.Rollouts.StartAsync(new StartRequest(Plan, new Release("v2.0.0"), "key", Simulation.Deployer), default));

        var second = await sim.Rollouts.StartAsync(new StartRequest(otherPlan ? Plans.Canary : Plan, new Release(version), "key", Simulation.Deployer), default);

        Assert.Equal(new StartResult.KeyReused(first.Rollout.Id), second);
    }

    [Fact]
    public async Task A_start_that_was_written_down_and_never_begun_begins_when_the_server_is_back()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        IDeploymentRegistry registry = sim.Registry;
        var hash = await registry.PutBundleAsync(Plan, default);
        var record = new RolloutRecord(
            "api.production.v2.0.0.00000000", "api", "production", new Release("v2.0.0"), hash, "request", "ci", sim.Engine.Now);
        await registry.AddRolloutAsync(record, default);

        Assert.True(await sim.Rollouts.TakeUpAsync(record, default));
        Assert.False(await sim.Rollouts.TakeUpAsync(record, default));

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(record.Id)).Outcome);
    }

    [Fact]
    public async Task A_first_release_and_a_channel_nobody_serves_are_said_before_it_begins()
    {
        await using var sim = await Simulation.StartAsync();
        var bundle = Plan with { Plan = Plan.Plan + "\nnotify: [ { events: [rollback], to: slack } ]\n" };

        var first = Assert.IsType<StartResult.Started>(await sim.Rollouts.StartAsync(new StartRequest(bundle, new Release("v1.0.0"), null, Simulation.Deployer), default));
        await sim.EndOfAsync(first.Rollout.Id);
        var second = Assert.IsType<StartResult.Started>(await sim.Rollouts.StartAsync(new StartRequest(Plan, new Release("v2.0.0"), null, Simulation.Deployer), default));

        Assert.Equal(["first-release", "no-channel"], first.Warnings.Select(w => w.Code).Where(c => c is "first-release" or "no-channel"));
        Assert.DoesNotContain(second.Warnings, w => w.Code is "first-release" or "no-channel");
    }

    [Fact]
    public async Task Without_a_key_every_start_is_another_rollout()
    {
        await using var sim = await Simulation.StartAsync();
        var request = new StartRequest(Plan, new Release("v2.0.0"), null, Simulation.Deployer);

        var first = Assert.IsType<StartResult.Started>(await sim.Rollouts.StartAsync(request, default));
        var second = Assert.IsType<StartResult.Started>(await sim.Rollouts.StartAsync(request, default));

        Assert.NotEqual(first.Rollout.Id, second.Rollout.Id);
        Assert.StartsWith("api.production.v2.0.0.", first.Rollout.Id, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_weight_that_nothing_delivers_is_refused_when_the_plan_is_submitted()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Capabilities = new RouterCapabilities(true, 25);

        var result = await sim.Rollouts.StartAsync(new StartRequest(Plan, new Release("v2.0.0"), null, Simulation.Deployer), default);

        var fault = Assert.Single(Assert.IsType<StartResult.Invalid>(result).Faults);
        Assert.Equal(("weight-undeliverable", "steps[1].setWeight"), (fault.Code, fault.Path));
        Assert.Empty(sim.Registry.Rollouts);
    }

    [Fact]
    public async Task A_plan_with_faults_and_a_version_that_is_none_start_nothing()
    {
        await using var sim = await Simulation.StartAsync();

        Assert.IsType<StartResult.Invalid>(await sim.Rollouts.StartAsync(new StartRequest(new Bundle("steps: [", new Dictionary<string, string>()), new Release("v2.0.0"), null, Simulation.Deployer), default));
        Assert.IsType<StartResult.Invalid>(await sim.Rollouts.StartAsync(new StartRequest(Plan, new Release("../../etc"), null, Simulation.Deployer), default));
        Assert.IsType<StartResult.Refused>(await sim.Rollouts.StartAsync(new StartRequest(Plan, new Release("v2.0.0"), null, new Caller("eve", Role.Viewer, [])), default));
        Assert.Empty(sim.Registry.Rollouts);
    }

    [Fact]
    public async Task One_that_ended_badly_is_repeated_with_its_stored_plan_and_release()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.05 };
        var id = await sim.StartRolloutAsync(Plan, "v2.0.0");
        await sim.EndOfAsync(id);
        sim.World.Versions.Remove("v2.0.0");

        var retried = Assert.IsType<StartResult.Started>(await sim.Rollouts.RetryAsync(id, Simulation.Deployer, default));
        var again = Assert.IsType<StartResult.Existing>(await sim.Rollouts.RetryAsync(id, Simulation.Deployer, default));
        var status = await sim.EndOfAsync(retried.Rollout.Id);

        Assert.Equal(id + "-r2", retried.Rollout.Id);
        Assert.Equal(id, retried.Rollout.RetryOf);
        Assert.Equal(retried.Rollout.Id, again.Rollout.Id);
        Assert.Equal(Outcome.Promoted, status.Outcome);
    }

    [Fact]
    public async Task One_that_runs_or_ended_well_is_not_repeated()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(Plan, "v2.0.0");
        await sim.UntilAsync(id, s => s.Leg is not null);

        Assert.IsType<StartResult.Refused>(await sim.Rollouts.RetryAsync(id, Simulation.Deployer, default));
        await sim.EndOfAsync(id);
        Assert.IsType<StartResult.Refused>(await sim.Rollouts.RetryAsync(id, Simulation.Deployer, default));
        Assert.IsType<StartResult.Refused>(await sim.Rollouts.RetryAsync("nobody", Simulation.Deployer, default));
    }

    [Fact]
    public async Task A_plan_too_large_for_an_input_is_read_from_its_bundle()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var smokes = string.Join("\n", Enumerable.Repeat("  - smoke: { suite: smoke.yaml }", 200));

        var id = await sim.StartRolloutAsync(Plans.In("  - deploy: { environment: production }\n" + smokes + "\n  - setWeight: 100"), "v2.0.0");
        var instance = await sim.Engine.Client.GetInstanceAsync(id, getInputsAndOutputs: true);
        var status = await sim.EndOfAsync(id);

        Assert.InRange(instance!.SerializedInput!.Length, 1, 2_000);
        Assert.Equal((Outcome.Promoted, 202), (status.Outcome, status.StepCount));
    }

    [Fact]
    public async Task Lists_are_read_from_the_registry_newest_first()
    {
        await using var sim = await Simulation.StartAsync();
        await sim.RunAsync(Plan, "v1.0.0");
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        await sim.RunAsync(Plan, "v2.0.0");

        var page = await sim.Rollouts.ListAsync(new RolloutQuery("api", Limit: 1), default);

        Assert.Equal("v2.0.0", Assert.Single(page.Items).Record.Release.Version);
        Assert.Equal(Outcome.Promoted, page.Items[0].Status.Outcome);
        Assert.NotNull(page.Cursor);
    }
}
