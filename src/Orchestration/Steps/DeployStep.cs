using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollbacks;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>Brings the revision up until it is ready, and gives it the traffic that the plan wants at once.</summary>
internal static class DeployStep
{
    // A host whose timers fire up to a second early asks once for nothing; the next waits are longer.
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(5);

    public static async Task<StepEnd> RunAsync(RolloutRun run, EnvironmentRun environment, Step.Deploy step)
    {
        var revision = environment.Revision;
        var started = run.Context.CurrentUtcDateTime;
        await run.PushAsync(new Compensation.StopRevision(environment.Target, environment.LockNumber, revision));
        await StartAsync(run, environment, step);
        environment.WarmFrom = run.Now;
        environment.Deployed = (new DateTimeOffset(started, TimeSpan.Zero), run.Now);
        var ready = $"{revision} is ready after {Durations.Format(run.Context.CurrentUtcDateTime - started)}";
        run.Journal.Note("revision.ready", environment.Name, ready, ("revision", revision));

        // The first release of an environment has nobody to share with: it gets everything once it is ready, and checked if a check follows.
        var weight = !environment.IsFirst ? step.Weight : SmokeFollows(run, environment) ? 0 : 100;
        if (weight == 0)
        {
            return StepEnd.Passed(ready);
        }

        await run.MoveAsync(environment, weight);
        return StepEnd.Passed($"{ready}, at {weight} %");
    }

    private static async Task StartAsync(RolloutRun run, EnvironmentRun environment, Step.Deploy step)
    {
        var release = run.Input.Release;
        var (fence, key) = run.NextWrite(environment);
        var within = step.ReadyWithin ?? environment.Target.Environment.Platform.ReadyWithin();
        Expect(run.Context.CurrentUtcDateTime + within);
        var state = await run.WriteAsync(
            ActivityRefs.StartRevision,
            new RevisionRequest(
                environment.Target, environment.Revision, release.Version, release.Commit, release.Artifact, fence, key));

        // A host that died meanwhile may answer later than the release may take: what counts is the time in which it can be looked at.
        var deadline = run.Context.CurrentUtcDateTime + within;
        Expect(deadline);
        for (var poll = ShortestPoll; state.Phase != RevisionPhase.Ready; poll = Longer(poll))
        {
            if (state.Phase == RevisionPhase.Failed)
            {
                throw new GoBackException(Outcome.RolledBack, $"{environment.Revision} gave up before it was ready: {state.Message}");
            }

            if (run.Context.CurrentUtcDateTime >= deadline)
            {
                throw new GoBackException(
                    Outcome.RolledBack,
                    $"{environment.Revision} was not ready within {Durations.Format(within)}: {state.Phase}, "
                    + $"{state.ReadyReplicas} of {state.Replicas} replicas. {state.Message}");
            }

            await run.Inbox.SleepAsync(poll);
            state = await LookAsync(run, environment) ?? state;
        }

        void Expect(DateTime until) => run.Journal.Show(run.Journal.Status with { WaitsUntil = new DateTimeOffset(until, TimeSpan.Zero) });
    }

    // A look that fails says nothing; the time it may take to get ready bounds it.
    private static async Task<RevisionState?> LookAsync(RolloutRun run, EnvironmentRun environment)
    {
        try
        {
            return await run.ReadAsync(ActivityRefs.GetRevision, new GetRevisionInput(environment.Target, environment.Revision));
        }
        catch (TaskFailureException)
        {
            return null;
        }
    }

    private static bool SmokeFollows(RolloutRun run, EnvironmentRun environment) => run.Plan.Steps
        .Skip(run.StepIndex + 1)
        .Where(s => s.Environment == environment.Name)
        .TakeWhile(s => s is not (Step.SetWeight or Step.Soak or Step.Hold))
        .Any(s => s is Step.Smoke);

    private static TimeSpan Longer(TimeSpan poll) => TimeSpan.FromTicks(Math.Min(poll.Ticks * 2, LongestPoll.Ticks));
}
