using System.Diagnostics;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Steps;

/// <summary>The time of a gate is over.</summary>
internal static class TimeLimit
{
    /// <summary>Does what the plan says.</summary>
    /// <returns>The next limit, when the plan says to go on waiting.</returns>
    /// <exception cref="GoBackException">It says to go back.</exception>
    public static DateTime Expired(RolloutRun run, string? environment, string type, string what, TimeSpan timeout, TimeoutAction action)
    {
        switch (action)
        {
            case TimeoutAction.Abort:
                throw new GoBackException(Outcome.Aborted, what);
            case TimeoutAction.Rollback:
                throw new GoBackException(Outcome.Rejected, what);
            case TimeoutAction.Wait:
                run.Journal.Note(type, environment, what + "; the plan says to go on waiting");
                return run.Context.CurrentUtcDateTime + timeout;
            default:
                throw new UnreachableException($"No way to expire by {action}.");
        }
    }
}
