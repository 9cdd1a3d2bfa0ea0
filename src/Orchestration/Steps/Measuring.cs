using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Rollouts;
using Sluice.Orchestration.Soaks;

namespace Sluice.Orchestration.Steps;

/// <summary>A single measurement: one that cannot be taken says nothing about the release, so the rollout holds and tries again.</summary>
internal static class Measuring
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    // A decision that nobody takes in a quarter of a year is a no.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(90);

    /// <summary>Runs the activity; while it fails the rollout is paused with <see cref="PauseReason.MetricsUnavailable"/>, half an hour at most.</summary>
    /// <exception cref="GoBackException">It could not be measured for half an hour, or a person decided.</exception>
    public static async Task<TOut> RunAsync<TIn, TOut>(RolloutRun run, ActivityRef<TIn, TOut> activity, TIn input, string what)
    {
        var before = run.Journal.Status;
        var deadline = run.Context.CurrentUtcDateTime + Patience;
        while (true)
        {
            try
            {
                var result = await run.ReadAsync(activity, input);
                if (run.Journal.Status.Phase == Phase.Paused)
                {
                    run.Journal.Show(before);
                }

                return result;
            }
            catch (TaskFailureException failure)
            {
                var problem = $"{what} could not be checked: {failure.Failure.ErrorMessage}";
                if (run.Context.CurrentUtcDateTime >= deadline)
                {
                    throw new GoBackException(Outcome.RolledBack, $"{problem} (for {Durations.Format(Patience)})");
                }

                await run.Journal.ShowAsync(before with
                {
                    Phase = Phase.Paused,
                    PauseReason = PauseReason.MetricsUnavailable,
                    WaitsUntil = new DateTimeOffset(deadline, TimeSpan.Zero),
                    Message = problem,
                });
            }

            await run.Inbox.SleepAsync(Interval);
        }
    }

    /// <summary>What a failed verdict leads to: back, or a wait for a person who promotes or goes back.</summary>
    /// <exception cref="GoBackException">It goes back.</exception>
    public static async Task FailAsync(RolloutRun run, EnvironmentRun environment, FailureAction action, string reason)
    {
        if (action.Kind == FailureActionKind.Rollback)
        {
            throw new GoBackException(Outcome.RolledBack, reason);
        }

        var reduces = action is { Kind: FailureActionKind.Reduce, Weight: { } to } && to < environment.Weight && !environment.IsFirst;
        if (reduces)
        {
            await run.MoveAsync(environment, action.Weight!.Value);
        }

        var where = reduces ? $"failed, reduced to {environment.Weight} %" : "failed";
        run.Journal.Note("paused", environment.Name, $"{where}, waits for a person: {reason}", ("decision", "promote, abort or rollback"));
        var by = await DecisionAsync(run, environment, $"{where}, waits for promote, abort or rollback: {reason}");
        // A person has passed what was held against it: the next step is judged by what comes, beside the same reference.
        environment.Evidence = environment.Evidence with { Metrics = Evidence.None.Metrics, Split = Evidence.None.Split };
        run.Journal.Note("resumed", environment.Name, $"{by} in spite of: {reason}");
        await run.Journal.ShowAsync(run.Journal.Status with { Phase = Phase.Progressing, PauseReason = null, Leg = null, Message = by });
    }

    // While people think, users are still served: a revision that stops working does not wait for them.
    private static async Task<string> DecisionAsync(RolloutRun run, EnvironmentRun environment, string question)
    {
        var rules = new SoakRules(
            Longest, Detection.Glance, SoakClock.Wall, 0, TimeSpan.MaxValue, TimeSpan.Zero, [], environment.IsFirst)
        {
            Measures = environment.Target.Environment.Metrics is not MetricsSpec.None,
            Comparison = Comparison.None,
        };
        var guard = new Watch(run, environment, "guard", rules, Detection.Glance) { Question = question };
        var (end, reason) = await guard.RunAsync();
        return end == WatchEnd.Promoted ? reason : throw new GoBackException(Outcome.RolledBack, $"{reason} (while it waited: {question})");
    }
}
