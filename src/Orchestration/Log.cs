using Microsoft.Extensions.Logging;

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
}
