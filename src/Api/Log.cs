using System.Net;
using Microsoft.Extensions.Logging;

namespace Sluice.Api;

/// <summary>What the API says. Event ids 3000 to 3999; an id is never reused. No message holds a key or a query string.</summary>
internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Error, "{Method} {Path} failed (request {RequestId})")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path, string requestId);

    [LoggerMessage(3002, LogLevel.Warning, "{Method} {Path}: the platform failed")]
    public static partial void PlatformFailed(ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(3003, LogLevel.Warning, "{Method} {Path}: no valid key, from {Address}")]
    public static partial void Unauthorized(ILogger logger, string method, string path, IPAddress? address);

    [LoggerMessage(3004, LogLevel.Warning, "Health: {Check} is not healthy: {Reason}")]
    public static partial void Unhealthy(ILogger logger, string check, string reason);

    [LoggerMessage(3005, LogLevel.Warning, "Figures of {Source} cannot be read")]
    public static partial void FiguresUnreadable(ILogger logger, Exception exception, string source);
}
