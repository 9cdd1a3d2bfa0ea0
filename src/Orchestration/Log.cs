using Microsoft.Extensions.Logging;
using Sluice.Domain.Rollouts;

namespace Sluice.Orchestration;

/// <summary>What rollouts say. Event ids 1000 to 1999; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Warning, "Rollout {RolloutId}: the registry did not take a record ({Reason}); it goes with the next one")]
    public static partial void NotRecorded(this ILogger logger, string rolloutId, string reason);

    [LoggerMessage(1002, LogLevel.Information, "Rollout {RolloutId}: step {StepIndex} begins: {Step}")]
    public static partial void StepStarted(this ILogger logger, string rolloutId, int stepIndex, string step);

    [LoggerMessage(1003, LogLevel.Warning, "Rollout {RolloutId}: going back ({Outcome}): {Reason}")]
    public static partial void GoingBack(this ILogger logger, string rolloutId, string outcome, string reason);

    [LoggerMessage(1004, LogLevel.Information, "Rollout {RolloutId}: ended, {Outcome}")]
    public static partial void Ended(this ILogger logger, string rolloutId, string outcome);

    [LoggerMessage(1005, LogLevel.Error, "Rollout {RolloutId}: the rollback cannot go on: {Reason}. Tried again in {Delay}")]
    public static partial void RollbackStuck(this ILogger logger, string rolloutId, string reason, TimeSpan delay);

    [LoggerMessage(1006, LogLevel.Error, "Rollout {RolloutId}: its instance is {State}, but it holds {Service}/{Environment}; recovery {RecoveryId} brings it back")]
    public static partial void Lost(this ILogger logger, string rolloutId, string state, string service, string environment, string recoveryId);

    [LoggerMessage(1007, LogLevel.Warning, "Look of {RolloutId}: the metrics of {Environment} could not be read: {Reason}")]
    public static partial void MetricsUnreadable(this ILogger logger, string rolloutId, string environment, string reason);

    [LoggerMessage(1008, LogLevel.Information, "Rollout {RolloutId}: the registry's status was repaired from its instance: {Phase}")]
    public static partial void Repaired(this ILogger logger, string rolloutId, Phase phase);

    [LoggerMessage(1009, LogLevel.Information, "Rollout {RolloutId} was accepted and had not begun when the server ended; it begins now")]
    public static partial void TakenUp(this ILogger logger, string rolloutId);

    [LoggerMessage(1010, LogLevel.Error, "Rollout {RolloutId} stands still: it {What} since {Since}")]
    public static partial void Standing(this ILogger logger, string rolloutId, string what, DateTimeOffset since);

    [LoggerMessage(1011, LogLevel.Information, "{Events} events and {Instances} ended instances older than {Days} days removed")]
    public static partial void Removed(this ILogger logger, int events, int instances, int days);

    [LoggerMessage(1012, LogLevel.Information, "{InstanceId} was started by another host at the same moment")]
    public static partial void ScheduledElsewhere(this ILogger logger, string instanceId);

    [LoggerMessage(1013, LogLevel.Error, "This server is on task hub {Hub}, but the {Locks} rollouts under way live in task hub {Kept}: set hubName back, or wait until they have ended. Until then nothing is brought back")]
    public static partial void WrongHub(this ILogger logger, string hub, string kept, int locks);

    [LoggerMessage(1014, LogLevel.Warning, "Look of {RolloutId}: the query of {Metric} has no answer: {Reason}")]
    public static partial void QueryUnanswered(this ILogger logger, string rolloutId, string metric, string reason);
}
