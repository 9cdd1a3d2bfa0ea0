using System.Globalization;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Soaks;
using Sluice.Orchestration.Steps;

namespace Sluice.Orchestration.Rollouts;

/// <summary>The good end: from here nothing goes back.</summary>
internal static class Promotion
{
    private static readonly TimeSpan StopPoll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(5);

    /// <summary>The step from which on only sign-offs are left: the release is promoted before them.</summary>
    public static int ReleasesAt(Plan plan) => plan.Steps.Count - plan.Steps.Reverse().TakeWhile(s => s is Step.SignOff).Count();

    /// <summary>Records the success, forgets how to undo it, stops the old revisions and gives the environments free.</summary>
    public static async Task<RolloutResult> FinishAsync(RolloutRun run)
    {
        run.Inbox.Close();
        var outcome = run.Input is { Kind: RolloutKind.Restore, RestoreWay: not RestoreWay.Steps } ? Outcome.FastRolledBack : run.AtOnce ? Outcome.FastPromoted : Outcome.Promoted;
        var message = $"{run.Input.Release.Version} has taken over {string.Join(" and ", run.Environments.Select(e => e.Name))}";
        foreach (var environment in run.Environments)
        {
            await RecordAsync(run, environment);
        }

        run.Journal.Note("deployment.succeeded", run.Plan.LastEnvironment, message, ("outcome", outcome.ToString()));
        run.Journal.Show(run.Journal.Status with
        {
            Phase = Phase.Healthy,
            Outcome = outcome,
            PauseReason = null,
            StepIndex = run.Plan.Steps.Count,
            Step = null,
            WaitsUntil = null,
            Leg = null,
            WaitingFor = [],
            Evidence = null,
            Items = [],
            Message = message,
        });
        await run.Journal.FlushSurelyAsync();
        await Leaving.ForgetStackAsync(run);
        foreach (var environment in run.Environments.Where(e => e is { Weight: 100, IsFirst: false }))
        {
            await StopOldAsync(run, environment);
        }

        foreach (var (environment, step) in run.Afterwards.Where(a => a.Environment.Weight == 100))
        {
            await Leaving.SurelyAsync(
                run, ActivityRefs.StartAfterRelease, AfterReleaseInput.Of(run.Plan, run.Id, environment.Target, environment.Revision, run.Input.Release.Version, step, run.Now));
        }

        await Leaving.LeaveAsync(run);
        await SignOffsAsync(run, message);
        return new RolloutResult(outcome, message, run.Left);
    }

    // The environments are free meanwhile, and nobody who waits for the end of the rollout waits for these.
    private static async Task SignOffsAsync(RolloutRun run, string message)
    {
        foreach (var (index, step) in run.Plan.Steps.Index().Skip(ReleasesAt(run.Plan)))
        {
            run.StepIndex = index;
            run.Journal.Note("step.started", step.Environment, step.Title, ("stepIndex", index.ToString(CultureInfo.InvariantCulture)));
            run.Journal.Show(run.Journal.Status with { StepIndex = index, Step = step.Title, StepStartedAt = run.Now, Evidence = null, ApprovedBy = [] });
            var end = await SignOffStep.RunAsync(run, (Step.SignOff)step, released: true);
            RolloutOrchestrator.Completed(run, step, end.State, end.Message);
        }

        if (ReleasesAt(run.Plan) < run.Plan.Steps.Count)
        {
            run.Journal.Show(run.Journal.Status with
            {
                StepIndex = run.Plan.Steps.Count,
                Step = null,
                Evidence = null,
                WaitsUntil = null,
                WaitingFor = [],
                Message = message + ", and is signed off",
            });
            await run.Journal.FlushSurelyAsync();
        }
    }

    private static async Task RecordAsync(RolloutRun run, EnvironmentRun environment)
    {
        environment.Row = environment.Row with { Status = DeploymentStatus.Success, CompletedAt = run.Now };
        run.Journal.Put(environment.Row);
        if (run.Input.Kind == RolloutKind.Restore && environment.Stable?.DeploymentId is { } replaced)
        {
            await Leaving.SurelyAsync(run, ActivityRefs.MarkRolledBack, new MarkRolledBackInput(replaced, run.Input.Reason ?? "restored an earlier version"));
        }
    }

    // The release is good whatever becomes of the old processes: a stop that fails is said, not rolled back.
    private static async Task StopOldAsync(RolloutRun run, EnvironmentRun environment)
    {
        var old = environment.Stable!.Revision;
        var (fence, _) = run.NextWrite(environment);
        var deadline = run.Context.CurrentUtcDateTime + StopPatience;
        try
        {
            var state = await run.WriteAsync(ActivityRefs.StopRevision, new StopRevisionInput(environment.Target, old, fence));
            while (state.Phase is not (RevisionPhase.Stopped or RevisionPhase.Absent) && run.Context.CurrentUtcDateTime < deadline)
            {
                await run.Inbox.SleepAsync(StopPoll);
                state = await run.WriteAsync(ActivityRefs.StopRevision, new StopRevisionInput(environment.Target, old, fence));
            }

            run.Journal.Note("revision.stopped", environment.Name, $"{old} is {state.Phase}", ("revision", old));
        }
        catch (TaskFailureException failure)
        {
            run.Journal.Note(
                "cleanup.failed", environment.Name,
                $"{old} could not be stopped and still runs without traffic: {failure.Failure.ErrorMessage}", ("revision", old));
        }
    }
}
