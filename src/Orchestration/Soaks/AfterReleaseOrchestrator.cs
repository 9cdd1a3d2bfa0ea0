using System.Globalization;
using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Soaks;

/// <summary>A release to look on after.</summary>
/// <param name="Terms">What is looked at.</param>
/// <param name="Version">Of the release.</param>
/// <param name="ReleasedAt">UTC.</param>
/// <param name="Step">How long, how often, when to report and remind.</param>
public sealed record AfterReleaseInput(LookTerms Terms, string Version, DateTimeOffset ReleasedAt, Step.Watch Step)
{
    /// <summary>What a plan says of a release that is over.</summary>
    public static AfterReleaseInput Of(
        Plan plan, string rolloutId, EnvironmentTarget target, string revision, string version, Step.Watch step, DateTimeOffset releasedAt)
    {
        var source = target.Environment.Metrics;
        var rules = new SoakRules(
            step.Reviews.Append(step.Duration).Max(), step.Every, SoakClock.Wall, 0, TimeSpan.MaxValue, TimeSpan.Zero, source is MetricsSpec.None ? [] : plan.Analysis.Metrics, true)
        {
            Measures = source is not MetricsSpec.None,
            Comparison = Comparison.None,
            Budget = plan.Analysis.Budget,
        };
        var terms = new LookTerms(rolloutId, target, revision, null, rules, NoDataAction.Wait, step.Suite, step.Every) { Weight = 100, AfterRelease = true };
        return new AfterReleaseInput(terms, version, releasedAt, step);
    }
}

/// <summary>
/// Looks on after a release while the environment is free for the next one. It holds no lock and moves nothing: what it finds it tells,
/// and how to go back. It ends early when another version serves. It receives no events and takes a few hundred looks at most.
/// </summary>
public sealed class AfterReleaseOrchestrator : Orchestrator<AfterReleaseInput, Unit>
{
    /// <inheritdoc/>
    public override async Task<Unit> RunAsync(DurableContext context, AfterReleaseInput input)
    {
        var (terms, step) = (input.Terms, input.Step);
        var carried = new Carried<LookTerms>(terms);
        var state = LookState.Of(SoakState.Start(input.ReleasedAt, Evidence.None, 100));
        var progress = new SoakProgress();
        var failing = false;
        var notes = 0;
        var checks = Enumerable.Range(1, (int)(step.Duration / step.Every)).Select(n => n * step.Every);
        foreach (var after in checks.Concat(step.Reports).Concat(step.Reviews).Distinct().Order())
        {
            var due = (input.ReleasedAt + after).UtcDateTime;
            if (due > context.CurrentUtcDateTime)
            {
                await context.CreateTimer(due);
            }

            if (await LookAsync() is { } ended)
            {
                await TellAsync("watch.ended", ended, after);
                return Unit.Value;
            }

            if (step.Reports.Contains(after))
            {
                await TellAsync("watch.report", Report(after), after);
            }

            if (step.Reviews.Contains(after))
            {
                await TellAsync("review.due", $"time to review the release, {Durations.Format(after)} old. {Report(after)}", after);
            }
        }

        return Unit.Value;

        async Task<string?> LookAsync()
        {
            LookResult look;
            try
            {
                look = await context.CallActivityAsync(ActivityRefs.Look, state.Next(carried, context.CurrentUtcDateTime), Retries.Standard);
            }
            catch (TaskFailureException failure)
            {
                progress = progress with { Verdict = Verdict.Error, Reason = "could not look: " + failure.Failure.ErrorMessage };
                return null;
            }

            state = state.After(look);
            progress = look.Progress ?? progress;
            context.SetCustomStatus(progress);
            if (look.End == LegEnd.Stopped)
            {
                return look.Reason;
            }

            var fails = look.End == LegEnd.Failed;
            if (fails != failing)
            {
                failing = fails;
                await TellAsync(
                    fails ? "watch.failed" : "watch.recovered",
                    fails ? $"{look.Reason}. Go back with: sluice rollback {terms.Target.Service} {terms.Target.Environment.Name}" : "it is well again",
                    context.CurrentUtcDateTime - input.ReleasedAt.UtcDateTime);
            }

            return null;
        }

        string Report(TimeSpan after) =>
            $"{input.Version} after {Durations.Format(after)}: {(failing ? "failing" : "well")}, {progress.CanaryRequests} requests, {progress.CanaryErrors} errors. "
            + string.Join("; ", progress.Evidence.Take(5));

        Task TellAsync(string type, string message, TimeSpan after)
        {
            var data = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["version"] = input.Version,
                ["afterSeconds"] = after.TotalSeconds.ToString("0", CultureInfo.InvariantCulture),
                ["requests"] = progress.CanaryRequests.ToString(CultureInfo.InvariantCulture),
                ["errors"] = progress.CanaryErrors.ToString(CultureInfo.InvariantCulture),
            };
            if (type == "watch.failed")
            {
                data["page"] = "true";
            }

            var happened = new DeploymentEvent(
                $"{context.InstanceId}#{++notes}", terms.RolloutId, terms.Target.Service, terms.Target.Environment.Name, type,
                new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero), message, data);
            return context.CallActivityAsync(ActivityRefs.Record, new Progress(terms.RolloutId, 0, null, [happened], []), Retries.Standard);
        }
    }
}

/// <summary>Begins to look on after a release; a release that is looked after already stays so.</summary>
public sealed class StartAfterReleaseActivity(DurableClient client) : IActivity<AfterReleaseInput, Unit>
{
    /// <inheritdoc/>
    public async Task<Unit> RunAsync(AfterReleaseInput input, CancellationToken cancellationToken)
    {
        var id = $"{input.Terms.RolloutId}:after-{input.Terms.Target.Environment.Name}";
        if (await client.GetInstanceAsync(id, cancellationToken: cancellationToken) is not null)
        {
            return Unit.Value;
        }

        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(Orchestrations.AfterRelease, input, new StartOptions { InstanceId = id }, cancellationToken);
        }
        catch (InstanceExistsException)
        {
            // Two attempts at once: the other one began it.
        }

        return Unit.Value;
    }
}
