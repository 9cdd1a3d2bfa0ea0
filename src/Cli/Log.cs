using Microsoft.Extensions.Logging;

namespace Sluice.Cli;

/// <summary>What the server's own loops say. Event ids 6000 to 6999; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(6006, LogLevel.Error, "What is due could not be started; it is tried again in a minute")]
    public static partial void SchedulesFailed(this ILogger logger, Exception exception);

    [LoggerMessage(6007, LogLevel.Error, "Syncs that are due could not be started; it is tried again in 15 s: {Reason}")]
    public static partial void SyncsFailed(this ILogger logger, string reason, Exception exception);
}
