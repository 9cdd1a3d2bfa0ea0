using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>A checklist is done when people have ticked what is theirs and the checks pass, all at once.</summary>
public sealed class ChecklistTests
{
    private static readonly Caller Ana = new("ana", Role.Approver, ["dba"]);
    private static readonly Caller Eve = new("eve", Role.Approver, ["interns"]);

    [Fact]
    public async Task A_checklist_waits_for_people_reports_and_checks_together()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { SmokeFailures = t => t < TimeSpan.FromMinutes(5) ? ["lists: 503"] : [] };
        var id = await sim.StartRolloutAsync(
            List("""
                { name: backups verified, by: [dba] }
                { name: ci green, condition: ci }
                { name: api answers, smoke: smoke.yaml }
                { name: few errors, metric: errors, limit: 0.01 }
                """),
            "v2.0.0");
        var opened = await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Checklist);

        await sim.TickAsync(id, "backups verified", Ana, "restored into a copy");
        await sim.ReportAsync(id, "ci", passed: true);
        await sim.Engine.AdvanceAsync(TimeSpan.FromMinutes(2));
        var half = await sim.StatusAsync(id);
        var ended = await sim.EndOfAsync(id);

        Assert.Equal(4, opened.Items.Count(i => !i.Done));
        Assert.Equal(["dba"], opened.WaitingFor);
        Assert.Equal(["backups verified", "ci green", "few errors"], half.Items.Where(i => i.Done).Select(i => i.Name));
        Assert.Equal(("ana", "restored into a copy"), (half.Items[0].By, half.Items[0].Note));
        Assert.Contains("lists: 503", half.Items[2].Note, StringComparison.Ordinal);
        Assert.Equal(Outcome.Promoted, ended.Outcome);
        Assert.Empty(ended.Items);
        Assert.Contains("backups verified by ana", (await sim.Rollouts.GetAsync(id, default))!.Steps[2].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_those_an_item_names_tick_it_and_only_what_is_on_the_list()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtListAsync(sim, List("{ name: backups verified, by: [dba] }\n{ name: ci green, condition: ci }"));

        Assert.IsType<CommandResult.Forbidden>(await sim.TickAsync(id, "backups verified", Eve));
        Assert.IsType<CommandResult.Forbidden>(await sim.TickAsync(id, "backups verified", Simulation.Admin));
        Assert.IsType<CommandResult.Invalid>(await sim.TickAsync(id, "backup", Ana));
        Assert.IsType<CommandResult.Conflict>(await sim.TickAsync(id, "ci green", Ana));
        await sim.Registry.AddCommandAsync(new Command("k", id, CommandKind.Tick, "eve", null, sim.Engine.Now) { Item = "backups verified" }, default);
        await sim.Engine.Client.RaiseEventAsync(id, "Wake", "");
        await sim.Engine.SettleAsync();

        Assert.All((await sim.StatusAsync(id)).Items, i => Assert.False(i.Done));
        Assert.Contains("checklist.uncounted", sim.EventsOf(id));
    }

    [Fact]
    public async Task What_was_ticked_can_be_taken_back_while_the_list_is_open()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtListAsync(sim, List("{ name: a, by: [ana] }\n{ name: b, by: [ana] }"));
        await sim.TickAsync(id, "a", Ana);
        await sim.TickAsync(id, "a", Ana, "wrong cluster", done: false);

        await sim.TickAsync(id, "b", Ana);
        await sim.Engine.SettleAsync();
        var status = await sim.StatusAsync(id);
        await sim.TickAsync(id, "a", Ana);

        Assert.Equal([false, true], status.Items.Select(i => i.Done));
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
        Assert.Equal(["checklist.done", "checklist.undone", "checklist.done", "checklist.done"], sim.EventsOf(id).Where(e => e is "checklist.done" or "checklist.undone"));
    }

    [Fact]
    public async Task A_check_that_passed_long_ago_is_made_again_before_the_rollout_goes_on()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Versions["v2.0.0"] = new Behaviour { SmokeFailures = t => t > TimeSpan.FromHours(1) ? ["broken since"] : [] };
        var id = await AtListAsync(sim, List("{ name: a, by: [ana] }\n{ name: api answers, smoke: smoke.yaml }", timeout: "8h"));
        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(2));

        await sim.TickAsync(id, "a", Ana);
        await sim.Engine.SettleAsync();
        var status = await sim.StatusAsync(id);

        Assert.Equal([true, false], status.Items.Select(i => i.Done));
        Assert.Contains("broken since", status.Items[1].Note, StringComparison.Ordinal);
        Assert.Equal(Outcome.Rejected, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task A_report_that_turns_bad_undoes_its_item()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtListAsync(sim, List("{ name: a, by: [ana] }\n{ name: ci green, condition: ci }"));
        await sim.ReportAsync(id, "ci", passed: true);
        await sim.ReportAsync(id, "ci", passed: false, "main is red");

        await sim.TickAsync(id, "a", Ana);
        await sim.Engine.SettleAsync();

        Assert.Equal([true, false], (await sim.StatusAsync(id)).Items.Select(i => i.Done));
    }

    [Fact]
    public async Task A_report_made_before_the_list_is_opened_counts()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(List("{ name: ci green, condition: ci }"), "v2.0.0");
        await sim.ReportAsync(id, "ci", passed: true);

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
    }

    [Theory]
    [InlineData("rollback", Outcome.Rejected)]
    [InlineData("abort", Outcome.Aborted)]
    public async Task A_list_that_is_not_done_in_time_follows_the_plan_and_names_what_is_missing(string onTimeout, Outcome outcome)
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtListAsync(sim, List("{ name: backups verified, by: [dba] }", onTimeout: onTimeout));

        var status = await sim.EndOfAsync(id);

        Assert.Equal(outcome, status.Outcome);
        Assert.Contains("backups verified", status.Message, StringComparison.Ordinal);
        Assert.False(sim.World.Runs("v2.0.0"));
    }

    [Fact]
    public async Task A_list_that_waits_on_can_be_done_after_its_time_too_and_asks_its_checks_ever_more_seldom()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Versions["v2.0.0"] = new Behaviour { SmokeFailures = t => t < TimeSpan.FromDays(3) ? ["not yet"] : [] };
        var checks = 0;
        sim.World.Before = (access, _) => Task.FromResult(access == "smoke" ? checks++ : 0);
        var id = await AtListAsync(sim, List("{ name: api answers, smoke: smoke.yaml }", onTimeout: "wait"));

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
        Assert.InRange(checks, 250, 320);
    }

    [Fact]
    public async Task Neither_a_promote_nor_a_skip_passes_a_list()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtListAsync(sim, List("{ name: a, by: [ana] }"));

        Assert.IsType<CommandResult.Conflict>(await sim.SayAsync(id, CommandKind.Promote));
        Assert.IsType<CommandResult.Conflict>(await sim.SayAsync(id, CommandKind.PromoteFull, reason: "hurry"));
        Assert.IsType<CommandResult.Conflict>(await sim.SayAsync(id, CommandKind.Skip));
        Assert.IsType<CommandResult.Accepted>(await sim.SayAsync(id, CommandKind.Abort));
        Assert.Equal(Outcome.Aborted, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task A_list_before_the_deploy_checks_what_serves()
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Versions["v2.0.0"] = new Behaviour { SmokeFailures = _ => ["the new one is not asked"] };

        var status = await sim.RunAsync(
            Plans.In("""
                  - checklist: { name: before, environment: production, items: [{ name: api answers, smoke: smoke.yaml }] }
                  - deploy: { environment: production, weight: 100 }
                """),
            "v2.0.0");

        Assert.Equal(Outcome.Promoted, status.Outcome);
    }

    private static Bundle List(string items, string timeout = "72h", string onTimeout = "rollback") => Plans.In($$"""
          - deploy: { environment: production }
          - setWeight: 10
          - checklist:
              name: go or no go
              timeout: {{timeout}}
              onTimeout: {{onTimeout}}
              items: [ {{items.Trim().Replace("\n", ", ", StringComparison.Ordinal)}} ]
          - setWeight: 100
        """);

    private static async Task<string> AtListAsync(Simulation sim, Bundle plan)
    {
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Checklist);
        return id;
    }
}
