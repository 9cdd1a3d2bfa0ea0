using Sluice.Cli.Rendering;
using Sluice.Domain.Checklists;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;
using Spectre.Console;

namespace Sluice.Cli.Tests;

public sealed class RolloutTreeTests
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_running_soak_shows_what_is_left_and_what_was_seen() => Same(
        """
        Name:         catalog-api.production.v0.2.0.1a2b3c4d
        Status:       ◌ Progressing
        Message:      soak 15m
        Service:      catalog-api
        Release:      v0.2.0 (commit 0123abc)
        Stable:       v0.1.0
        Environment:  production
        Step:         4 of 5: soak 15m
        Weight:       10 % wanted, 9 % read back
        Goes on by:   itself in 10m48s
        Started by:   ci, 6m0s ago

        NAME                            STATUS      AGE     INFO
        ◌ catalog-api v0.2.0            Progressing 6m0s
        ├── staging
        │   ├── ✔ deploy staging        Passed      7s      ready after 7s
        │   └── ॥ approval by managers  Passed      1m30s   ana
        └── production
            ├── ✔ deploy production     Passed      9s
            ├── ◌ soak 15m              Running     4m12s
            │     10m48s left of 15m, 8 looks; canary 1204 requests, 3 errors; stable 10840 requests, 21 errors
            │     errors 0.25 % of 1204, limit 1 %
            └── ◷ setWeight 100 %       Pending
        """.Replace("॥ approval", "✔ approval", StringComparison.Ordinal).Replace("6m0s", "6m", StringComparison.Ordinal),
        RolloutTree.Render(Soaking, Begin.AddMinutes(6), lines: true));

    [Fact]
    public void A_pipe_gets_no_lines_between_steps()
    {
        var text = Plain(RolloutTree.Render(Soaking, Begin.AddMinutes(6), lines: false));

        Assert.DoesNotContain(text, c => c is >= '\u2500' and <= '\u257F');
        Assert.Contains("\n    ✔ deploy staging", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pause_says_whom_it_waits_for()
    {
        var status = Soaking.Status with { Phase = Phase.Paused, PauseReason = PauseReason.Approval, WaitingFor = ["managers"], ApprovedBy = ["ben"] };

        var text = Plain(RolloutTree.Render(Soaking with { Status = status, Soak = null }, Begin.AddMinutes(6), lines: false));

        Assert.Contains("Status:       ॥ Paused (Approval)\n", text, StringComparison.Ordinal);
        Assert.Contains("Waits for:    managers\n", text, StringComparison.Ordinal);
        Assert.Contains("Approved by:  ben\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gate_shows_the_hash_of_what_is_approved_and_a_checklist_its_items()
    {
        var status = Soaking.Status with
        {
            Phase = Phase.Paused,
            PauseReason = PauseReason.Checklist,
            Evidence = new string('a', 64),
            QueuePosition = 2,
            Emergency = "logins fail",
            Items = [new ChecklistItemState("backups verified", true, "ana", "restored"), new ChecklistItemState("ci green", false)],
        };
        var list = new StepView("checklist go", "checklist", "production", StepState.Paused, Begin, null, null);

        var text = Plain(RolloutTree.Render(Soaking with { Status = status, Steps = [list], Soak = null }, Begin.AddMinutes(6), lines: false));

        Assert.Contains($"Evidence:     {new string('a', 64)}\n", text, StringComparison.Ordinal);
        Assert.Contains("Queue:        number 2 in line\n", text, StringComparison.Ordinal);
        Assert.Contains("Emergency:    logins fail\n", text, StringComparison.Ordinal);
        Assert.Contains("✔ backups verified, ana: restored\n", text, StringComparison.Ordinal);
        Assert.Contains("◌ ci green", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_of_others_is_never_read_as_markup()
    {
        var status = Soaking.Status with { Message = "expected [200], got [red]500[/]" };

        Assert.Contains("expected [200], got [red]500[/]", Plain(RolloutTree.Render(Soaking with { Status = status }, Begin, lines: false)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Phase.Healthy, Outcome.Promoted, "✔ Healthy (Promoted)")]
    [InlineData(Phase.Degraded, Outcome.RolledBack, "✖ Degraded (RolledBack)")]
    [InlineData(Phase.Failed, Outcome.Rejected, "✖ Failed (Rejected)")]
    [InlineData(Phase.Pending, null, "◷ Pending")]
    public void A_badge_says_phase_and_outcome_in_words(Phase phase, Outcome? outcome, string expected) =>
        Assert.Equal(expected, Markup.Remove(RolloutTree.Badge(Soaking.Status with { Phase = phase, Outcome = outcome })));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(59, "59s")]
    [InlineData(60, "1m")]
    [InlineData(192, "3m12s")]
    [InlineData(18_180, "5h3m")]
    [InlineData(187_200, "2d4h")]
    public void Ages_have_two_units(int seconds, string expected) => Assert.Equal(expected, Ages.Short(TimeSpan.FromSeconds(seconds)));

    private static RolloutView Soaking { get; } = new(
        "catalog-api.production.v0.2.0.1a2b3c4d",
        new RolloutRecord("catalog-api.production.v0.2.0.1a2b3c4d", "catalog-api", "production", new Release("v0.2.0", "0123abc"), "b", "r", "ci", Begin),
        new RolloutStatus
        {
            Phase = Phase.Progressing,
            Message = "soak 15m",
            Service = "catalog-api",
            Version = "v0.2.0",
            Environment = "production",
            StableVersion = "v0.1.0",
            StepIndex = 3,
            StepCount = 5,
            Step = "soak 15m",
            Weight = 10,
            ActualWeight = 9,
            WaitsUntil = Begin.AddMinutes(6).AddSeconds(648),
        },
        [
            Step("deploy staging", "deploy", "staging", StepState.Passed, 0, 7, "ready after 7s"),
            Step("approval by managers", "approval", null, StepState.Passed, 7, 97, "ana"),
            Step("deploy production", "deploy", "production", StepState.Passed, 97, 106, null),
            Step("soak 15m", "soak", "production", StepState.Running, 108, null, null),
            new StepView("setWeight 100 %", "setWeight", "production", StepState.Pending, null, null, null),
        ],
        new SoakProgress
        {
            ElapsedSeconds = 252,
            RequiredSeconds = 900,
            Looks = 8,
            CanaryRequests = 1204,
            CanaryErrors = 3,
            StableRequests = 10_840,
            StableErrors = 21,
            Evidence = ["errors 0.25 % of 1204, limit 1 %"],
        },
        RuntimeStatus.Running);

    private static StepView Step(string title, string kind, string? environment, StepState state, int from, int? to, string? message) =>
        new(title, kind, environment, state, Begin.AddSeconds(from), to is { } end ? Begin.AddSeconds(end) : null, message);

    private static void Same(string expected, IReadOnlyList<string> lines) => Assert.Equal(expected, Plain(lines).TrimEnd());

    private static string Plain(IReadOnlyList<string> lines) => string.Concat(lines.Select(l => Markup.Remove(l).TrimEnd() + "\n"));
}
