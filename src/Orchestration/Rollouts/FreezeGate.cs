using Sluice.Domain.Freezes;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Rollouts;

/// <summary>
/// Holds what moves forward while a freeze window is in force, until it ends or two different people override it. What goes back never
/// comes here.
/// </summary>
internal sealed class FreezeGate(RolloutRun run)
{
    private const int People = 2;
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AfterUnreadable = TimeSpan.FromMinutes(1);

    // A window that comes every week is overridden once.
    private readonly HashSet<(string Name, DateTimeOffset Until)> _passed = [];

    /// <summary>Before the first step: whatever is in force where the rollout begins holds it, whatever it does to one under way.</summary>
    public async Task StartAsync()
    {
        if (RollbackReach.LockOrder(run.Plan) is [var first, ..])
        {
            await PassAsync(first, _ => FreezeAction.Pause, run.Input.FreezeOverride is { } reason ? new Override(run.Input.TriggeredBy, reason) : null);
        }
    }

    /// <summary>Before anything moves forward in an environment.</summary>
    /// <exception cref="GoBackException">The window says that a rollout under way goes back.</exception>
    public Task ForwardAsync(string environment) => PassAsync(environment, f => f.OnRunning, null);

    private async Task PassAsync(string environment, Func<FreezeInForce, FreezeAction> action, Override? asked)
    {
        if (run.Input.Kind == RolloutKind.Restore)
        {
            return;
        }

        var held = false;
        while (true)
        {
            if (await ReadAsync(environment) is not { } windows)
            {
                await run.Inbox.SleepAsync(AfterUnreadable);
                continue;
            }

            if (windows.FirstOrDefault(f => action(f) == FreezeAction.Rollback) is { } back)
            {
                throw new GoBackException(Outcome.RolledBack, $"{environment} is frozen by '{back.Name}' until {back.Until:u}, and the plan says to go back");
            }

            foreach (var goes in windows.Where(f => action(f) == FreezeAction.Continue && _passed.Add((f.Name, f.Until))))
            {
                run.Journal.Note(
                    "freeze.ignored", environment, $"{environment} is frozen by '{goes.Name}' until {goes.Until:u}; the plan says to go on", ("freeze", goes.Name));
            }

            FreezeInForce[] holds = [.. windows.Where(f => action(f) == FreezeAction.Pause)];
            if (holds.Length == 0)
            {
                break;
            }

            held = true;
            await WaitAsync(environment, holds, asked);
            asked = null;
        }

        if (held)
        {
            var again = $"{environment} moves again";
            run.Journal.Note("freeze.passed", environment, again);
            run.Journal.Show(run.Journal.Status with
            {
                Message = again,
                Phase = Phase.Progressing,
                PauseReason = null,
                WaitsUntil = null,
                WaitingFor = [],
                ApprovedBy = [],
            });
        }
    }

    // Nobody can tell whether it is frozen: it does not move until somebody can.
    private async Task<IReadOnlyList<FreezeInForce>?> ReadAsync(string environment)
    {
        try
        {
            var report = await run.ReadAsync(ActivityRefs.CheckFreeze, new FreezeInput(run.Plan.Freeze, environment, run.Now));
            return [.. report.Windows.Where(f => !_passed.Contains((f.Name, f.Until)))];
        }
        catch (TaskFailureException failure)
        {
            run.Journal.Note("freeze.unreadable", environment, $"Nobody knows whether {environment} is frozen: {failure.Failure.ErrorMessage}");
            return null;
        }
    }

    private async Task WaitAsync(string environment, FreezeInForce[] holds, Override? asked)
    {
        var last = holds[0];
        var overrides = new List<Override>();
        if (asked is not null)
        {
            overrides.Add(asked);
        }

        run.Journal.Note("freeze.held", environment, Held(), ("freeze", last.Name));
        await ShowAsync();
        var until = Later(last.Until.UtcDateTime, run.Context.CurrentUtcDateTime + ShortestWait);
        while (await run.Inbox.UntilAsync(until, c => c.Kind == CommandKind.OverrideFreeze) is { } command)
        {
            if (Uncounted(command) is { } why)
            {
                run.Journal.Note(
                    "freeze.uncounted", environment, $"the override by {command.Actor} does not count: {why}", ("actor", command.Actor));
                await run.Journal.FlushAsync();
                continue;
            }

            overrides.Add(new Override(command.Actor, command.Reason ?? ""));
            if (overrides.Count == People)
            {
                _passed.UnionWith(holds.Select(f => (f.Name, f.Until)));
                run.Journal.Note(
                    "freeze.overridden", environment,
                    $"{environment} moves in spite of '{string.Join("', '", holds.Select(f => f.Name))}': "
                        + string.Join("; ", overrides.Select(o => $"{o.Actor}: {o.Reason}")),
                    ("freeze", last.Name), ("first", overrides[0].Actor), ("second", overrides[1].Actor));
                return;
            }

            await ShowAsync();
        }

        string Held() => $"{environment} is frozen by '{last.Name}' until {last.Until:u}"
            + (overrides.Count == 0 ? "" : $"; {overrides[0].Actor} wants to override it ({overrides[0].Reason}), a second person must say so too");

        string? Uncounted(Command command) =>
            command.By is not null ? $"an admin entered it for {command.By}"
            : overrides.Exists(o => o.Actor == command.Actor) ? "a second person must say so, another than the first"
            : holds.FirstOrDefault(f => f.OverrideBy.Count > 0 && !f.OverrideBy.Any(o => o == command.Actor || command.Groups.Contains(o))) is { } strict
                ? $"'{strict.Name}' is overridden by {string.Join(", ", strict.OverrideBy)}"
            : null;

        Task ShowAsync() => run.Journal.ShowAsync(run.Journal.Status with
        {
            Phase = Phase.Paused,
            PauseReason = PauseReason.FreezeWindow,
            StepIndex = run.StepIndex,
            Step = run.Plan.Steps.ElementAtOrDefault(run.StepIndex)?.Title,
            WaitsUntil = last.Until,
            Leg = null,
            WaitingFor = holds.FirstOrDefault(f => f.OverrideBy.Count > 0)?.OverrideBy ?? [],
            ApprovedBy = [.. overrides.Select(o => o.Actor)],
            Message = Held(),
        });
    }

    private static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;

    private sealed record Override(string Actor, string Reason);
}
