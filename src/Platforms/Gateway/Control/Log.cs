using Microsoft.Extensions.Logging;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>What the gateway program says. Event ids 3100 to 3199; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(3100, LogLevel.Information, "Gateway {Version}, pid {Pid}, serves {DataFolder} on {Socket}")]
    public static partial void GatewayStarted(this ILogger logger, string version, int pid, string dataFolder, string socket);

    [LoggerMessage(3101, LogLevel.Information, "Gateway ends; revisions run on and are adopted by the next gateway")]
    public static partial void GatewayLeaves(this ILogger logger);

    [LoggerMessage(3102, LogLevel.Information, "Gateway ends; all revisions are stopped")]
    public static partial void GatewayShutDown(this ILogger logger);

    [LoggerMessage(3103, LogLevel.Error, "{Service}/{Environment} does not listen, and will be tried again: {Fault}")]
    public static partial void CannotListen(this ILogger logger, string service, string environment, string fault);

    [LoggerMessage(3104, LogLevel.Error, "{Operation} failed inside the gateway")]
    public static partial void OperationFailed(this ILogger logger, Exception exception, string operation);

    [LoggerMessage(3105, LogLevel.Error, "Looking after logs and listeners failed; it is tried again")]
    public static partial void UpkeepFailed(this ILogger logger, Exception exception);
}
