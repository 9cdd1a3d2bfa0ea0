using Microsoft.Extensions.Logging;

namespace Sluice.Platforms.Gateway;

/// <summary>What the data plane says. Event ids 3000 to 3099; an id is never reused.</summary>
internal static partial class DataPlaneLog
{
    [LoggerMessage(3000, LogLevel.Information, "Listening on {Address} for {Service}/{Environment}")]
    public static partial void Listening(this ILogger logger, string address, string service, string environment);

    [LoggerMessage(3001, LogLevel.Information, "Closed {Address} for {Service}/{Environment}")]
    public static partial void Closed(this ILogger logger, string address, string service, string environment);

    [LoggerMessage(3002, LogLevel.Information, "{Service}/{Environment} routes to {Routes}")]
    public static partial void Routed(this ILogger logger, string service, string environment, string routes);

    [LoggerMessage(3003, LogLevel.Warning, "{Service}/{Environment}: {Count} request(s) of revision {Revision} had not ended at the drain time-out and were cut")]
    public static partial void DrainCut(this ILogger logger, string service, string environment, string revision, int count);

    [LoggerMessage(3004, LogLevel.Debug, "Revision {Revision} gave no complete answer: {Reason}")]
    public static partial void Unanswered(this ILogger logger, string revision, string reason);

    [LoggerMessage(3005, LogLevel.Error, "A request of {Service}/{Environment} failed inside the gateway")]
    public static partial void Failed(this ILogger logger, Exception exception, string service, string environment);
}
