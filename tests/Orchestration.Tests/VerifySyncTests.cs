using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>A rollout waits for scheduled syncs and checks each; when one is bad or does not come, the plan says what then.</summary>
public sealed class VerifySyncTests
{
    [Fact]
    public async Task The_first_sync_within_a_minute_and_the_second_and_third_on_schedule_let_the_rollout_go_on()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");

        var id = await sim.StartRolloutAsync(Plan(), "v2.0.0");
        var waits = await sim.UntilAsync(id, s => s.Message.StartsWith("1 of 3", StringComparison.Ordinal));
        var looks = 0;
        sim.Syncs.Before = (_, _) => Task.FromResult(Interlocked.Increment(ref looks));
        var status = await sim.EndOfAsync(id);

        Assert.Equal((Phase.Healthy, Outcome.Promoted), (status.Phase, status.Outcome));
        Assert.NotNull(waits.WaitsUntil);
        Assert.Equal(["run-1 completed in 10s, 100 rows", "run-2 completed in 10s, 100 rows", "run-3 completed in 10s, 100 rows"], Told(sim, id, "sync.verified"));
        // Two looks at what comes every six hours: it sleeps until then.
        Assert.InRange(looks, 2, 4);
    }

    [Theory]
    [InlineData("rollback", Outcome.RolledBack, "")]
    [InlineData("disable", Outcome.Promoted, "off")]
    [InlineData("{ widen: 12h }", Outcome.Promoted, "every 12h")]
    [InlineData("{ providers: [openrouter] }", Outcome.Promoted, "only openrouter")]
    public async Task A_bad_sync_leads_to_what_the_plan_says(string onFailure, Outcome outcome, string change)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.Syncs.Run = (n, run) => n == 2 ? run with { Status = "failed", Errors = ["nearai: It is away."] } : run;

        var id = await sim.StartRolloutAsync(Plan(onFailure), "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(outcome, status.Outcome);
        Assert.Equal(change, string.Join("; ", sim.Syncs.Journal));
        Assert.Equal(outcome == Outcome.Promoted ? 100 : 0, sim.World.Weight("v2.0.0"));
        Assert.Contains(Told(sim, id), e => e.Contains("the 2nd sync, run-2, ended as 'failed': nearai: It is away.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bad_sync_can_wait_for_a_person_who_promotes_in_spite_of_it()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.Syncs.Run = (n, run) => n == 1 ? null : run;

        var id = await sim.StartRolloutAsync(Plan("pause"), "v2.0.0");
        var paused = await sim.UntilAsync(id, s => s.Phase == Phase.Paused);
        await sim.SayAsync(id, CommandKind.Promote);
        var status = await sim.EndOfAsync(id);

        Assert.Contains("the 1st sync should have ended by", paused.Message, StringComparison.Ordinal);
        Assert.Equal(Outcome.Promoted, status.Outcome);
    }

    [Fact]
    public async Task When_the_schedule_cannot_be_changed_everything_goes_back()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.Syncs.Run = (n, run) => run with { Status = "partial" };
        sim.Syncs.CanBeLimited = false;

        var id = await sim.StartRolloutAsync(Plan("disable"), "v2.0.0");
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.RolledBack, status.Outcome);
        Assert.Contains("is partial; and the schedule could not be changed: NotFound", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_be_asked_for_a_while_is_no_failure_of_the_release()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var until = sim.Engine.Now + TimeSpan.FromMinutes(20);
        sim.Syncs.Before = (_, _) => sim.Engine.Now < until
            ? Task.FromException(new PlatformException(PlatformError.Unreachable, "no answer"))
            : Task.CompletedTask;

        Assert.Equal(Outcome.Promoted, (await sim.RunAsync(Plan(), "v2.0.0")).Outcome);
    }

    [Fact]
    public async Task A_key_that_is_not_there_is_missed_before_anything_is_touched()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var plan = Plan();
        plan = plan with { Plan = plan.Plan.Replace("  - deploy:", "  - validate: { environment: production }\n  - deploy:", StringComparison.Ordinal) };

        var refused = await sim.RunAsync(plan, "v2.0.0");
        sim.World.Secrets["SLUICE_ADMIN_KEY"] = "k";
        var taken = await sim.RunAsync(plan, "v2.0.0", "again");

        Assert.Equal(Outcome.Rejected, refused.Outcome);
        Assert.Contains("There is no secret 'SLUICE_ADMIN_KEY', which 'verifySync' needs.", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Outcome.Promoted, taken.Outcome);
    }

    [Fact]
    public async Task A_deployer_leaves_the_wait_out()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");

        var id = await sim.StartRolloutAsync(Plan(), "v2.0.0");
        await sim.UntilAsync(id, s => s.Message.StartsWith("1 of 3", StringComparison.Ordinal));
        await sim.SayAsync(id, CommandKind.Skip, Simulation.Deployer);
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.Promoted, status.Outcome);
        Assert.Contains(Told(sim, id), e => e.Contains("left out by ci", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_abort_in_the_long_wait_is_heard_at_once()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");

        var id = await sim.StartRolloutAsync(Plan(), "v2.0.0");
        await sim.UntilAsync(id, s => s.Message.StartsWith("1 of 3", StringComparison.Ordinal));
        var asked = sim.Engine.Now;
        await sim.SayAsync(id, CommandKind.Abort);
        var status = await sim.EndOfAsync(id);

        Assert.Equal(Outcome.Aborted, status.Outcome);
        Assert.InRange(sim.Engine.Now - asked, TimeSpan.Zero, TimeSpan.FromMinutes(5));
    }

    private static IEnumerable<string> Told(Simulation sim, string id, string? type = null) =>
        sim.Registry.Events.Where(e => e.RolloutId == id && (type is null || e.Type == type)).Select(e => e.Message);

    internal static Bundle Plan(string onFailure = "rollback") => Plans.In($$"""
          - deploy: { environment: production }
          - setWeight: 100
          - verifySync: { url: "http://127.0.0.1:7717", bearerFromSecret: SLUICE_ADMIN_KEY, runs: 3, onFailure: {{onFailure}} }
        """);
}
