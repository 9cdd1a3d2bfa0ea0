using Sluice.Durable;

namespace Sluice.Orchestration.Rollbacks;

/// <summary>Runs rollbacks until one gets to the end.</summary>
internal static class Undoing
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Undoes the stack, each attempt in a child of its own, with growing waits between them and no end.</summary>
    /// <param name="context">Of the caller.</param>
    /// <param name="childId">Id of the first attempt; the others append their number.</param>
    /// <param name="input">What to undo.</param>
    /// <param name="stuckAsync">Told what stands in the way, and sleeps for the time given.</param>
    /// <returns>How it went: nothing remains.</returns>
    public static async Task<RollbackReport> RunAsync(
        DurableContext context, string childId, RollbackInput input, Func<RollbackReport, TimeSpan, Task> stuckAsync)
    {
        var delay = Shortest;
        var restored = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        for (var attempt = 1; ; attempt++)
        {
            var report = await AttemptAsync(context, attempt == 1 ? childId : $"{childId}:{attempt}", input);
            foreach (var (environment, at) in report.Restored)
            {
                restored[environment] = at;
            }

            if (report.Problem is null)
            {
                return report with { Restored = restored };
            }

            context.CreateReplaySafeLogger(nameof(RollbackOrchestrator)).RollbackStuck(input.RolloutId, report.Problem, delay);
            await stuckAsync(report, delay);
            delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, Longest.Ticks));
            input = input with { Items = report.Remaining, NextWrite = report.NextWrite };
        }
    }

    private static async Task<RollbackReport> AttemptAsync(DurableContext context, string childId, RollbackInput input)
    {
        try
        {
            return await context.CallSubOrchestratorAsync(
                Orchestrations.Rollback, input, new SubOrchestrationOptions { InstanceId = childId, Version = context.Version });
        }
        catch (TaskFailureException failure)
        {
            // Ended from outside: how far it came is unknown, so all of it is tried again with numbers above any it can have used.
            return new RollbackReport(input.Items, input.NextWrite + 1_000, [])
            {
                Problem = $"{childId} was ended: {failure.Failure.ErrorMessage}",
            };
        }
    }
}
