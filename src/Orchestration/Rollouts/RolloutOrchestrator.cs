using System.Diagnostics;
using System.Globalization;
using Sluice.Domain.Approvals;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Steps;

namespace Sluice.Orchestration.Rollouts;

/// <summary>Takes one release through its plan, step by step, or brings everything back.</summary>
/// <remarks>
/// It receives events, so it never continues as new; everything that ticks runs in children. It returns only when nothing it started
/// is still open, which after an abort in a hanging call may be a minute after the status said that it is over.
/// </remarks>
public sealed class RolloutOrchestrator : Orchestrator<RolloutInput, RolloutResult>
{
    /// <inheritdoc/>
    public override async Task<RolloutResult> RunAsync(DurableContext context, RolloutInput input)
    {
        var plan = input.Plan ?? await context.CallActivityAsync(
            ActivityRefs.LoadPlan, new LoadPlanInput(input.BundleHash, input.RestoreEnvironment, input.RestoreWay, input.Emergency is not null), Retries.Standard);
        var run = new RolloutRun(context, input, plan);
        var log = context.CreateReplaySafeLogger(nameof(RolloutOrchestrator));
        Announce(run);
        try
        {
            await run.Freeze.StartAsync();
            foreach (var (index, step) in plan.Steps.Take(Promotion.ReleasesAt(plan)).Index())
            {
                await BeginAsync(run, index, step);
                log.StepStarted(run.Id, index, step.Title);
                var end = await RunAsync(run, step);
                Completed(run, step, end.State, end.Message);
            }

            run.StepIndex = Promotion.ReleasesAt(plan);
            await run.Inbox.CheckAsync();
            return await Promotion.FinishAsync(run);
        }
        catch (GoBackException back)
        {
            log.GoingBack(run.Id, back.Outcome.ToString(), back.Message);
            return await GoingBack.RunAsync(run, back.Outcome, back.Message);
        }
        catch (TaskFailureException failure)
        {
            // A write that did not happen after all its attempts: nobody knows what state it left, so everything goes back.
            var reason = $"{failure.TaskName} failed: {failure.Failure.ErrorMessage}";
            var outcome = run.Stack.Count == 0 ? Outcome.Rejected : Outcome.RolledBack;
            log.GoingBack(run.Id, outcome.ToString(), reason);
            return await GoingBack.RunAsync(run, outcome, reason);
        }
    }

    private static void Announce(RolloutRun run)
    {
        var (input, release) = (run.Input, run.Input.Release);
        var message = input.Kind == RolloutKind.Restore
            ? $"{input.RestoreEnvironment} goes back to {release.Version}: {input.Reason}"
            : $"{release.Version} starts, triggered by {input.TriggeredBy}" + (input.RetryOf is { } earlier ? $", again after {earlier}" : "");
        if (input.RestoreEnvironment is { } environment)
        {
            run.Journal.Note("rollout.started", environment, message, ("restores", environment), ("way", input.RestoreWay.ToString()));
        }
        else
        {
            run.Journal.Note("rollout.started", run.Plan.LastEnvironment, message, ("commit", release.Commit ?? ""));
        }

        if (input.Emergency is { } emergency)
        {
            run.Journal.Note(
                "emergency.started", run.Plan.LastEnvironment,
                $"{input.TriggeredBy} starts {release.Version} as an emergency, without soaks, approvals and baselines: {emergency}", ("actor", input.TriggeredBy));
        }

        run.Journal.Show(run.Journal.Status with { Message = message });
    }

    private static async Task<StepEnd> RunAsync(RolloutRun run, Step step)
    {
        // A gate touches nothing: it neither takes an environment nor waits for one.
        if (step is Step.Deploy or Step.Migrate)
        {
            await run.Freeze.ForwardAsync(step.Environment!);
        }

        var environment = !step.IsGate && step.Environment is { } name ? await run.EnterAsync(name) : null;
        await StartedAsync(run, step, environment);
        return step switch
        {
            Step.Approval s => await ApprovalStep.RunAsync(run, s),
            Step.Checklist s => await ChecklistStep.RunAsync(run, s),
            Step.SignOff s => await SignOffStep.RunAsync(run, s, released: false),
            _ when environment is null => throw new UnreachableException($"Step {step.Title} has no environment."),
            Step.Validate => await ValidateStep.RunAsync(run, environment),
            Step.Migrate s => await MigrateStep.RunAsync(run, environment, s),
            Step.Deploy s => await DeployStep.RunAsync(run, environment, s),
            Step.Smoke s => await SmokeStep.RunAsync(run, environment, s),
            Step.Baseline s => await BaselineStep.RunAsync(run, environment, s),
            Step.Soak s => await SoakStep.RunAsync(run, environment, s),
            Step.SetWeight s => await SetWeightStep.RunAsync(run, environment, s),
            Step.Hold s => await HoldStep.RunAsync(run, environment, s),
            Step.Watch s => WatchStep.Run(run, environment, s),
            Step.VerifySync s => await VerifySyncStep.RunAsync(run, environment, s),
            _ => throw new UnreachableException($"No handler for {step.GetType()}."),
        };
    }

    // Between two steps nothing is in flight: the place to hear what was said, and to stay where a person wants it.
    private static async Task BeginAsync(RolloutRun run, int index, Step step)
    {
        run.StepIndex = index;
        await run.Inbox.CheckAsync();
        if (run.Inbox.PauseAsked is not { } pause)
        {
            return;
        }

        run.Inbox.PauseBegun();
        run.Journal.Note("paused", step.Environment, $"paused by {pause.Actor} before {step.Title}", ("actor", pause.Actor));
        await run.Journal.ShowAsync(run.Journal.Status with
        {
            Phase = Phase.Paused,
            PauseReason = PauseReason.PausedByUser,
            StepIndex = index,
            Step = step.Title,
            WaitsUntil = null,
            Message = $"paused by {pause.Actor} before {step.Title}" + (pause.Reason is null ? "" : $": {pause.Reason}"),
        });
        var command = await run.Inbox.CommandAsync(c => c.Kind is CommandKind.Resume or CommandKind.Promote or CommandKind.PromoteFull);
        run.AtOnce |= command.Kind == CommandKind.PromoteFull;
        run.Journal.Note("resumed", step.Environment, $"{command.Kind} by {command.Actor}", ("actor", command.Actor));
    }

    private static async Task StartedAsync(RolloutRun run, Step step, EnvironmentRun? environment)
    {
        run.InStep = true;
        run.Journal.Note(
            "step.started", step.Environment, step.Title, ("stepIndex", run.StepIndex.ToString(CultureInfo.InvariantCulture)));
        await run.Journal.ShowAsync(run.Journal.Status with
        {
            Phase = Phase.Progressing,
            PauseReason = null,
            Environment = environment?.Name ?? run.Journal.Status.Environment,
            StableVersion = environment is null ? run.Journal.Status.StableVersion : environment.Stable?.Version,
            Weight = environment?.Weight ?? run.Journal.Status.Weight,
            ActualWeight = environment is null || environment.Name == run.Journal.Status.Environment ? run.Journal.Status.ActualWeight : null,
            StepIndex = run.StepIndex,
            Step = step.Title,
            StepStartedAt = run.Now,
            WaitsUntil = null,
            Leg = null,
            WaitingFor = [],
            ApprovedBy = [],
            Evidence = null,
            Items = [],
            QueuePosition = null,
            Message = step.Title,
        });
    }

    /// <summary>Notes the end of a step; it is written with the next record.</summary>
    internal static void Completed(RolloutRun run, Step step, StepState state, string message)
    {
        run.InStep = false;
        run.Finished.Add(new FinishedStep(run.StepIndex, step.Title, state.ToString(), message));
        run.Journal.Note(
            "step.completed",
            step.Environment,
            $"{step.Title}: {message}",
            ("stepIndex", run.StepIndex.ToString(CultureInfo.InvariantCulture)),
            ("state", state.ToString()),
            ("message", message));
    }
}
