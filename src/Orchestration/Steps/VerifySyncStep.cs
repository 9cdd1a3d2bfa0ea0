using System.Diagnostics;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Domain.Syncs;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>
/// Waits for scheduled syncs and checks each. It sleeps until one can have come, then looks ever more seldom until it has or is overdue; a
/// few looks a sync, so that they fit into the rollout's own history.
/// </summary>
internal static class VerifySyncStep
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment, Step.VerifySync step)
    {
        var window = Window(run, environment, step);
        var (good, wait) = (0, FirstLook);
        while (true)
        {
            var seen = await Measuring.RunAsync(
                run, ActivityRefs.ReadSyncs, new ReadSyncsInput(step.Access, step.Sync, window.From), $"the syncs of {step.Access.Url}");
            var verdict = SyncVerification.Judge(step, window, seen, run.Now);
            if (verdict.Good.Count > good)
            {
                foreach (var line in verdict.Good.Skip(good))
                {
                    run.Journal.Note("sync.verified", environment.Name, line);
                }

                (good, wait) = (verdict.Good.Count, FirstLook);
                await run.Journal.FlushAsync();
            }

            switch (verdict)
            {
                case SyncVerdict.Passed passed:
                    return StepEnd.Passed(string.Join("; ", passed.Good));
                case SyncVerdict.Failed failed:
                    return await FailAsync(run, environment, step, failed.Reason);
                case SyncVerdict.Waiting waiting:
                    Show(run, step, good, waiting.Due);
                    if (await run.Inbox.UntilAsync(Next(run.Now, waiting, wait).UtcDateTime, c => c.Kind == CommandKind.Skip) is { } skip)
                    {
                        return StepEnd.Skipped($"left out by {skip.Actor}" + (skip.Reason is null ? "" : $": {skip.Reason}"));
                    }

                    wait = run.Now < waiting.NotBefore ? FirstLook : Min(wait * 2, LongestWait);
                    break;
                default:
                    throw new UnreachableException($"No way on from {verdict}.");
            }
        }
    }

    private static SyncWindow Window(RolloutRun run, EnvironmentRun environment, Step.VerifySync step) => step.Since switch
    {
        SyncMoment.Deployed => new SyncWindow(environment.Deployed.Began, environment.Deployed.Ready),
        SyncMoment.Traffic => new SyncWindow(environment.WarmFrom, environment.WarmFrom),
        _ => new SyncWindow(run.Now, run.Now),
    };

    // A moment after it is due, so that what ended at the last second is seen.
    private static DateTimeOffset Next(DateTimeOffset now, SyncVerdict.Waiting waiting, TimeSpan wait)
    {
        var next = (waiting.NotBefore > now ? waiting.NotBefore : now) + wait;
        var last = waiting.Due + TimeSpan.FromSeconds(1);
        return next < last ? next : last > now ? last : now + FirstLook;
    }

    private static void Show(RolloutRun run, Step.VerifySync step, int good, DateTimeOffset due) => run.Journal.Show(run.Journal.Status with
    {
        Phase = Phase.Progressing,
        PauseReason = null,
        WaitsUntil = due,
        Message = $"{good} of {step.Runs} syncs are verified; the next has until {due:u}",
    });

    private static async Task<StepEnd> FailAsync(RolloutRun run, EnvironmentRun environment, Step.VerifySync step, string reason)
    {
        if (step.OnFailure.Kind is SyncFailureKind.Rollback or SyncFailureKind.Pause)
        {
            await Measuring.FailAsync(
                run, environment, new FailureAction(step.OnFailure.Kind == SyncFailureKind.Pause ? FailureActionKind.Pause : FailureActionKind.Rollback), reason);
            return StepEnd.Passed("promoted by a person in spite of: " + reason);
        }

        run.Journal.Note("sync.failed", environment.Name, reason);
        string schedule;
        try
        {
            schedule = (await run.WriteAsync(ActivityRefs.LimitSyncs, new LimitSyncsInput(step.Access, step.Sync, step.OnFailure, $"rollout {run.Id}: {reason}"))).Schedule;
        }
        catch (TaskFailureException failure)
        {
            // What was to keep the release is not to be had: the last of the ways back is left.
            throw new GoBackException(Outcome.RolledBack, $"{reason}; and the schedule could not be changed: {failure.Failure.ErrorMessage}");
        }

        run.Journal.Note("sync.limited", environment.Name, $"{reason}; so {schedule}", ("action", step.OnFailure.Kind.ToString()), ("escalate", "true"));
        return StepEnd.Passed($"{reason}; so {schedule}, and the release stays");
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
