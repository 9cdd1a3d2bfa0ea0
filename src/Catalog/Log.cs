using Microsoft.Extensions.Logging;

namespace Sluice.Catalog;

/// <summary>What the catalogue says. Event ids 7100 to 7199; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(7100, LogLevel.Warning, "The shared cache is away, and everything goes on without it: {Reason}")]
    public static partial void CacheIsAway(this ILogger logger, string reason);

    [LoggerMessage(7101, LogLevel.Information, "The shared cache at {Place} answers again")]
    public static partial void CacheIsBack(this ILogger logger, string place);

    [LoggerMessage(7102, LogLevel.Warning, "Sync {SyncId} did not tell the shared cache, which may give old answers until the catalogue service looks into the database: {Reason}")]
    public static partial void CacheNotInvalidated(this ILogger logger, string syncId, string reason);
}
