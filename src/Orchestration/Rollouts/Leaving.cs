using Sluice.Durable;
using Sluice.Orchestration.Activities;

namespace Sluice.Orchestration.Rollouts;

/// <summary>What both ends have in common: nothing stays held, nothing stays open, nobody stays unheard.</summary>
internal static class Leaving
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Removes the stack that the watchdog would undo.</summary>
    public static Task ForgetStackAsync(RolloutRun run) => SurelyAsync(run, ActivityRefs.StoreStack, new StoreStackInput(run.Id, null));

    /// <summary>Waits for what still runs, gives the environments free, answers what was said meanwhile.</summary>
    public static async Task LeaveAsync(RolloutRun run)
    {
        foreach (var name in run.Lines)
        {
            await SurelyAsync(run, ActivityRefs.ReleaseLock, new ReleaseLockInput(run.Plan.Service, name, run.Id));
        }

        await AwaitOutstandingAsync(run);
        await run.Inbox.CheckAsync();
        await run.Journal.FlushSurelyAsync();
        run.Context.CreateReplaySafeLogger(nameof(RolloutOrchestrator)).Ended(run.Id, run.Journal.Status.Outcome?.ToString() ?? "");
    }

    /// <summary>Waits for the work that a decision overtook: an instance ends only when no task is open.</summary>
    public static async Task AwaitOutstandingAsync(RolloutRun run)
    {
        while (run.Inbox.Outstanding.FirstOrDefault() is { } work)
        {
            await run.Inbox.EndOfAsync(work);
        }
    }

    /// <summary>Writes to the registry, however long it takes to come back.</summary>
    public static async Task SurelyAsync<TIn, TOut>(RolloutRun run, ActivityRef<TIn, TOut> activity, TIn input)
    {
        while (true)
        {
            try
            {
                await run.Inbox.UntilAsync(run.Context.CallActivityAsync(activity, input, Retries.Standard));
                return;
            }
            catch (TaskFailureException failure)
            {
                run.Journal.Note("registry.failed", null, $"{failure.TaskName} is tried again: {failure.Failure.ErrorMessage}");
                await run.Inbox.SleepAsync(Patience);
            }
        }
    }
}
