using Microsoft.Extensions.Logging;

namespace Sluice.Platforms.Process;

/// <summary>What the supervisor says. Event ids 3200 to 3299; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(3200, LogLevel.Information, "{Revision}[{Replica}] started: pid {Pid}, port {Port}")]
    public static partial void ReplicaStarted(this ILogger logger, string revision, int replica, int pid, int port);

    [LoggerMessage(3201, LogLevel.Information, "{Revision}[{Replica}] adopted: pid {Pid}, port {Port}")]
    public static partial void ReplicaAdopted(this ILogger logger, string revision, int replica, int pid, int port);

    [LoggerMessage(3202, LogLevel.Information, "{Revision}[{Replica}] ready: {Evidence}")]
    public static partial void ReplicaReady(this ILogger logger, string revision, int replica, string evidence);

    [LoggerMessage(3203, LogLevel.Warning, "{Revision}[{Replica}] out of routing: {Evidence}")]
    public static partial void ReplicaUnready(this ILogger logger, string revision, int replica, string evidence);

    [LoggerMessage(3204, LogLevel.Warning, "{Revision}[{Replica}] died ({How}); death {Deaths}, next start in {BackOff}")]
    public static partial void ReplicaDied(this ILogger logger, string revision, int replica, string how, int deaths, TimeSpan backOff);

    [LoggerMessage(3205, LogLevel.Information, "{Revision}[{Replica}] stopped: {How}")]
    public static partial void ReplicaStopped(this ILogger logger, string revision, int replica, string how);

    [LoggerMessage(3206, LogLevel.Error, "{Revision} failed: {Reason}")]
    public static partial void RevisionFailed(this ILogger logger, string revision, string reason);

    [LoggerMessage(3207, LogLevel.Error, "The record of {Revision} could not be written; what is on disk still finds its processes")]
    public static partial void RecordNotWritten(this ILogger logger, Exception exception, string revision);
}
