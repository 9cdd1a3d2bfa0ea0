using System.Diagnostics;
using System.Globalization;
using Sluice.Domain.Plans;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Rollbacks;

/// <summary>What to undo.</summary>
/// <param name="RolloutId">Whose.</param>
/// <param name="Items">Oldest first.</param>
/// <param name="NextWrite">Number of the first write.</param>
/// <param name="Reason">Why.</param>
public sealed record RollbackInput(string RolloutId, IReadOnlyList<Compensation> Items, long NextWrite, string Reason);

/// <summary>How far a rollback came.</summary>
/// <param name="Remaining">What is not undone, oldest first; empty when all is.</param>
/// <param name="NextWrite">Number of the next write.</param>
/// <param name="Undone">What was done, one line each.</param>
public sealed record RollbackReport(IReadOnlyList<Compensation> Remaining, long NextWrite, IReadOnlyList<string> Undone)
{
    /// <summary>What stands in the way; null when nothing does.</summary>
    public string? Problem { get; init; }

    /// <summary>When traffic was back on a stable revision that was seen healthy, UTC, by environment.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Restored { get; init; } = new Dictionary<string, DateTimeOffset>();

    /// <summary><c>rollback.blocked</c> when stable is not fit to take the traffic, else <c>rollback.failed</c>.</summary>
    public string Event { get; init; } = "rollback.failed";
}

/// <summary>Undoes a compensation stack, newest first; stops at the first thing that cannot be undone and says so.</summary>
public sealed class RollbackOrchestrator : Orchestrator<RollbackInput, RollbackReport>
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan HealPatience = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public override async Task<RollbackReport> RunAsync(DurableContext context, RollbackInput input)
    {
        var remaining = input.Items.ToList();
        var undone = new List<string>();
        var restored = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var write = input.NextWrite;
        while (remaining.Count > 0)
        {
            var item = remaining[^1];
            try
            {
                if (await UndoAsync(item) is { } problem)
                {
                    return new RollbackReport(remaining, write, undone) { Problem = problem, Event = "rollback.blocked", Restored = restored };
                }

                undone.Add(item.Title);
            }
            catch (TaskFailureException failure) when (failure.Failure.Code == nameof(PlatformError.StaleWrite))
            {
                // A later owner has written here: what this rollout did is no longer ours to undo.
                undone.Add($"{item.Title}: left to a later rollout");
            }
            catch (TaskFailureException failure)
            {
                return new RollbackReport(remaining, write, undone) { Problem = $"{item.Title}: {failure.Failure.ErrorMessage}", Restored = restored };
            }

            remaining.RemoveAt(remaining.Count - 1);
        }

        return new RollbackReport(remaining, write, undone) { Restored = restored };

        Task<string?> UndoAsync(Compensation item) => item switch
        {
            Compensation.RestoreTraffic c => RestoreAsync(c),
            Compensation.StopRevision c => StopAsync(c),
            Compensation.MigrateDown c => MigrateAsync(c),
            _ => throw new UnreachableException($"No way to undo {item.GetType()}."),
        };

        // Traffic never moves to a revision of unknown readiness, least of all when the other one is bad.
        async Task<string?> RestoreAsync(Compensation.RestoreTraffic c)
        {
            if (c.Stable is { } stable && await UnfitAsync(c, stable) is { } problem)
            {
                return problem;
            }

            var (fence, key) = Next(c);
            await context.CallActivityAsync(ActivityRefs.SetTraffic, new TrafficChange(c.Target, c.Weights, fence, key), Retries.Standard);
            if (c.Stable is { } back)
            {
                // Ready without users is not yet well with all of them.
                await SettleAsync(c);
                if (await UnhealthyAsync(c, back) is { } unhealthy)
                {
                    return unhealthy;
                }
            }

            restored[c.Target.Environment.Name] = new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero);
            return null;
        }

        async Task SettleAsync(Compensation c)
        {
            if (c.Target.Environment.VerifyRollbackAfter is var wait && wait > TimeSpan.Zero)
            {
                await context.CreateTimer(wait);
            }
        }

        async Task<string?> UnhealthyAsync(Compensation c, RevisionIdentity stable)
        {
            var deadline = context.CurrentUtcDateTime + HealPatience;
            while (true)
            {
                var state = await context.CallActivityAsync(
                    ActivityRefs.GetRevision, new GetRevisionInput(stable.Target, stable.Revision), Retries.Standard);
                if (state.Phase == RevisionPhase.Ready)
                {
                    return null;
                }

                if (context.CurrentUtcDateTime >= deadline)
                {
                    return $"traffic of {c.Target.Environment.Name} is back on {stable.Revision}, and it is {state.Phase} with it ({state.ReadyReplicas} of "
                        + $"{state.Replicas} ready): {state.Message}. Nothing else is undone until it is healthy";
                }

                await context.CreateTimer(Poll);
            }
        }

        async Task<string?> UnfitAsync(Compensation c, RevisionIdentity stable)
        {
            var (fence, key) = Next(c);
            var state = await context.CallActivityAsync(
                ActivityRefs.StartRevision,
                new RevisionRequest(stable.Target, stable.Revision, stable.Version, stable.Commit, stable.Artifact, fence, key),
                Retries.Standard);
            var deadline = context.CurrentUtcDateTime + stable.Target.Environment.Platform.ReadyWithin();
            while (state.Phase != RevisionPhase.Ready)
            {
                if (state.Phase == RevisionPhase.Failed || context.CurrentUtcDateTime >= deadline)
                {
                    return $"the stable revision {stable.Revision} of {c.Target.Environment.Name} is {state.Phase} too ({state.ReadyReplicas} of "
                        + $"{state.Replicas} ready): {state.Message}. Traffic stays where it is until stable is healthy";
                }

                await context.CreateTimer(Poll);
                state = await context.CallActivityAsync(
                    ActivityRefs.GetRevision, new GetRevisionInput(stable.Target, stable.Revision), Retries.Standard);
            }

            return null;
        }

        async Task<string?> StopAsync(Compensation.StopRevision c)
        {
            var (fence, _) = Next(c);
            var deadline = context.CurrentUtcDateTime + StopPatience;
            while (true)
            {
                var state = await context.CallActivityAsync(
                    ActivityRefs.StopRevision, new StopRevisionInput(c.Target, c.Revision, fence), Retries.Standard);
                if (state.Phase is RevisionPhase.Stopped or RevisionPhase.Absent)
                {
                    return null;
                }

                if (context.CurrentUtcDateTime >= deadline)
                {
                    return $"revision {c.Revision} of {c.Target.Environment.Name} does not stop: it is {state.Phase}: {state.Message}";
                }

                await context.CreateTimer(Poll);
            }
        }

        async Task<string?> MigrateAsync(Compensation.MigrateDown c)
        {
            await context.CallActivityAsync(ActivityRefs.MigrateDown, c.Input, Retries.Standard);
            return null;
        }

        (Fence Fence, string Key) Next(Compensation c)
        {
            var number = write++;
            return (new Fence(c.LockNumber, number), $"{input.RolloutId}#{number.ToString(CultureInfo.InvariantCulture)}");
        }
    }
}

/// <summary>What the kinds of platforms differ in, as orchestrations see it.</summary>
internal static class PlatformTimes
{
    /// <summary>Longest time from start to ready.</summary>
    public static TimeSpan ReadyWithin(this PlatformSpec platform) => platform switch
    {
        PlatformSpec.Process p => p.ReadyWithin,
        _ => TimeSpan.FromMinutes(5),
    };
}
