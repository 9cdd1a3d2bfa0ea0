using Microsoft.Extensions.Logging;
using Sluice.Domain.Rollouts;

namespace Sluice.Cli;

/// <summary>What the server's own loops say. Event ids 6000 to 6999; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(6001, LogLevel.Error, "The watchdog failed; it looks again in a minute")]
    public static partial void WatchdogFailed(this ILogger logger, Exception exception);

    [LoggerMessage(6002, LogLevel.Error, "Old events could not be removed; it is tried again in a day")]
    public static partial void RetentionFailed(this ILogger logger, Exception exception);

    [LoggerMessage(6003, LogLevel.Information, "{Count} events older than {Days} days removed")]
    public static partial void EventsPurged(this ILogger logger, int count, int days);

    [LoggerMessage(6004, LogLevel.Information, "Rollout {RolloutId}: the registry's status was repaired from the engine: {Phase}")]
    public static partial void Repaired(this ILogger logger, string rolloutId, Phase phase);

    [LoggerMessage(6005, LogLevel.Information, "Rollout {RolloutId} was accepted and had not begun when the server ended; it begins now")]
    public static partial void TakenUp(this ILogger logger, string rolloutId);
}
