using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>A gate opens for so many of the people the plan names, and for nobody else.</summary>
public sealed class ApprovalTests
{
    private static readonly Caller Ana = new("ana", Role.Approver, ["release-managers"]);
    private static readonly Caller Ben = new("ben", Role.Approver, ["release-managers"]);
    private static readonly Caller Eve = new("eve", Role.Approver, ["interns"]);

    [Fact]
    public async Task A_gate_opens_when_enough_different_people_have_approved()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate(required: 2));

        await sim.SayAsync(id, CommandKind.Approve, Ana, "looks good");
        await sim.SayAsync(id, CommandKind.Approve, Ana);
        await sim.Engine.SettleAsync();
        var half = await sim.StatusAsync(id);
        await sim.SayAsync(id, CommandKind.Approve, Ben);
        var end = await sim.EndOfAsync(id);

        Assert.Equal(Phase.Paused, half.Phase);
        Assert.Equal(["ana"], half.ApprovedBy);
        Assert.Equal(Outcome.Promoted, end.Outcome);
        Assert.Equal(2, sim.EventsOf(id).Count(e => e == "approved"));
    }

    [Fact]
    public async Task Somebody_who_is_not_named_cannot_approve_and_neither_can_an_admin_for_another()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate());

        Assert.IsType<CommandResult.Forbidden>(await sim.SayAsync(id, CommandKind.Approve, Eve));
        Assert.IsType<CommandResult.Forbidden>(await sim.SayAsync(id, CommandKind.Approve, Simulation.Admin));
        Assert.IsType<CommandResult.Accepted>(await sim.SayAsync(id, CommandKind.Approve, Simulation.Admin, by: "ana"));
        await sim.Engine.SettleAsync();

        Assert.Equal(PauseReason.Approval, (await sim.StatusAsync(id)).PauseReason);
        Assert.Contains("approval.uncounted", sim.EventsOf(id));
    }

    [Fact]
    public async Task An_approval_written_by_somebody_else_past_the_door_does_not_count()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate());

        var evidence = (await sim.StatusAsync(id)).Evidence;
        await sim.Registry.AddCommandAsync(
            new Command("k", id, CommandKind.Approve, "eve", null, sim.Engine.Now) { Groups = ["interns"], Evidence = evidence }, default);
        await sim.Registry.AddCommandAsync(
            new Command("l", id, CommandKind.Approve, "ana", null, sim.Engine.Now) { Groups = ["release-managers"] }, default);
        await sim.Engine.Client.RaiseEventAsync(id, "Wake", "");
        await sim.Engine.SettleAsync();

        Assert.Equal(PauseReason.Approval, (await sim.StatusAsync(id)).PauseReason);
    }

    [Fact]
    public async Task An_approval_given_to_one_gate_does_not_open_the_next()
    {
        await using var sim = await Simulation.StartAsync();
        var gate = "  - approval: { approvers: [release-managers], required: 1, timeout: 72h, onTimeout: rollback }\n";
        var id = await AtGateAsync(sim, Plans.In("  - deploy: { environment: production }\n" + gate + gate + "  - setWeight: 100"));

        // Both before the rollout looks: it must not take the second for the gate that it does not yet stand at.
        await sim.Engine.Client.SuspendInstanceAsync(id);
        await sim.SayAsync(id, CommandKind.Approve, Ana);
        await sim.SayAsync(id, CommandKind.Approve, Ben);
        await sim.Engine.Client.ResumeInstanceAsync(id);
        await sim.Engine.SettleAsync();

        var status = await sim.StatusAsync(id);
        Assert.Equal((2, PauseReason.Approval), (status.StepIndex, status.PauseReason));
        Assert.Empty(status.ApprovedBy);
    }

    [Fact]
    public async Task A_rejection_brings_everything_back()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate());

        await sim.SayAsync(id, CommandKind.Reject, Ben, "not on a Friday");
        var status = await sim.EndOfAsync(id);

        Assert.Equal((Phase.Failed, Outcome.Rejected), (status.Phase, status.Outcome));
        Assert.Equal("rejected by ben: not on a Friday", status.Message);
        Assert.False(sim.World.Runs("v2.0.0"));
    }

    [Theory]
    [InlineData("rollback", Outcome.Rejected)]
    [InlineData("abort", Outcome.Aborted)]
    public async Task A_gate_that_nobody_opens_in_time_follows_the_plan(string onTimeout, Outcome outcome)
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate(onTimeout: onTimeout));
        var waits = await sim.StatusAsync(id);

        var status = await sim.EndOfAsync(id);

        Assert.Equal(outcome, status.Outcome);
        Assert.InRange(sim.Engine.Now - waits.WaitsUntil!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(2));
        Assert.False(sim.World.Runs("v2.0.0"));
    }

    [Fact]
    public async Task A_gate_that_waits_on_is_open_after_its_time_too()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate(onTimeout: "wait"));
        await sim.Engine.AdvanceAsync(TimeSpan.FromDays(4));

        await sim.SayAsync(id, CommandKind.Approve, Ana);

        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
    }

    [Fact]
    public async Task A_promote_never_opens_a_gate()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate());

        Assert.IsType<CommandResult.Conflict>(await sim.SayAsync(id, CommandKind.Promote));
        Assert.IsType<CommandResult.Conflict>(await sim.SayAsync(id, CommandKind.PromoteFull, reason: "hurry"));
        Assert.IsType<CommandResult.Conflict>(await sim.SayAsync(id, CommandKind.Skip));
    }

    [Fact]
    public async Task A_plan_that_names_an_approver_nobody_knows_is_refused()
    {
        await using var sim = await Simulation.StartAsync();
        sim.Options.KnowsApprover = name => name == "ana";

        var result = await sim.Rollouts.StartAsync(new StartRequest(Gate(), new Release("v2.0.0"), null, Simulation.Deployer), default);

        Assert.Equal("unknown-approver", Assert.Single(Assert.IsType<StartResult.Invalid>(result).Faults).Code);
    }

    [Fact]
    public async Task A_gate_shows_what_is_approved_and_takes_only_that()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate());
        var evidence = (await sim.StatusAsync(id)).Evidence!;

        var other = await ApproveAsync(sim, id, Ana, new string('0', 64));
        var tooShort = await ApproveAsync(sim, id, Ana, evidence[..8]);
        var same = await ApproveAsync(sim, id, Ana, evidence[..12].ToUpperInvariant());

        Assert.Equal(64, evidence.Length);
        Assert.Contains(evidence, Assert.IsType<CommandResult.Conflict>(other).Reason, StringComparison.Ordinal);
        Assert.IsType<CommandResult.Conflict>(tooShort);
        Assert.IsType<CommandResult.Accepted>(same);
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
        Assert.Equal(evidence, sim.Registry.Events.Single(e => e.Type == "approved").Data["evidence"]);
    }

    [Fact]
    public async Task Two_releases_of_one_plan_ask_to_approve_different_things()
    {
        await using var sim = await Simulation.StartAsync();
        var first = (await sim.StatusAsync(await AtGateAsync(sim, Gate()))).Evidence;
        await using var other = await Simulation.StartAsync();
        other.World.Seed("v1.0.0");
        var id = await other.StartRolloutAsync(Gate(), "v3.0.0");

        Assert.NotEqual(first, (await other.UntilAsync(id, s => s.Evidence is not null)).Evidence);
    }

    [Fact]
    public async Task When_what_is_approved_changes_everybody_is_asked_again_and_the_time_begins_anew()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate(required: 2));
        var before = await sim.StatusAsync(id);
        await sim.SayAsync(id, CommandKind.Approve, Ana);
        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(70));

        await sim.ReportAsync(id, "ci", passed: false, "flaky test");
        await sim.Engine.SettleAsync();
        var after = await sim.StatusAsync(id);
        await sim.SayAsync(id, CommandKind.Approve, Ben);
        await sim.Engine.AdvanceAsync(TimeSpan.FromHours(70));
        var half = await sim.StatusAsync(id);
        await sim.SayAsync(id, CommandKind.Approve, Ana);

        Assert.NotEqual(before.Evidence, after.Evidence);
        Assert.Empty(after.ApprovedBy);
        Assert.Equal(TimeSpan.FromHours(70), after.WaitsUntil - before.WaitsUntil);
        Assert.Equal(["ben"], half.ApprovedBy);
        Assert.Equal(Outcome.Promoted, (await sim.EndOfAsync(id)).Outcome);
        Assert.Contains("approval.reasked", sim.EventsOf(id));
    }

    [Fact]
    public async Task An_approval_that_crosses_a_change_of_what_is_approved_does_not_count()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate());

        // Both are written before the rollout reads them: it was approved as it was, and is another now.
        await sim.Engine.Client.SuspendInstanceAsync(id);
        await sim.ReportAsync(id, "ci", passed: false);
        Assert.IsType<CommandResult.Accepted>(await sim.SayAsync(id, CommandKind.Approve, Ana));
        await sim.Engine.Client.ResumeInstanceAsync(id);
        await sim.Engine.SettleAsync();

        Assert.Equal(PauseReason.Approval, (await sim.StatusAsync(id)).PauseReason);
        Assert.Contains("approval.uncounted", sim.EventsOf(id));
    }

    [Fact]
    public async Task A_report_that_says_the_same_again_asks_nobody_again()
    {
        await using var sim = await Simulation.StartAsync();
        var id = await AtGateAsync(sim, Gate(required: 2));
        await sim.ReportAsync(id, "ci", passed: true);
        await sim.Engine.SettleAsync();
        await sim.SayAsync(id, CommandKind.Approve, Ana);

        await sim.ReportAsync(id, "ci", passed: true);
        await sim.Engine.SettleAsync();

        Assert.Equal(["ana"], (await sim.StatusAsync(id)).ApprovedBy);
    }

    private static Task<CommandResult> ApproveAsync(Simulation sim, string id, Caller caller, string evidence) =>
        sim.Rollouts.CommandAsync(new CommandRequest(id, CommandKind.Approve, caller, null, null, null) { Evidence = evidence }, default);

    private static Bundle Gate(int required = 1, string onTimeout = "rollback") => Plans.In($$"""
          - deploy: { environment: production }
          - approval: { approvers: [release-managers], required: {{required}}, timeout: 72h, onTimeout: {{onTimeout}} }
          - setWeight: 100
        """);

    private static async Task<string> AtGateAsync(Simulation sim, Bundle plan)
    {
        sim.World.Seed("v1.0.0");
        var id = await sim.StartRolloutAsync(plan, "v2.0.0");
        await sim.UntilAsync(id, s => s.PauseReason == PauseReason.Approval);
        return id;
    }
}
