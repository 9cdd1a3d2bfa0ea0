namespace Sluice.CatalogApi;

/// <summary>What the catalogue service says. Event ids 7000 to 7099; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(7000, LogLevel.Information, "Catalogue API {Version} listens on {Url}; process {ProcessId}, {Offers} models in {Database}")]
    public static partial void Listening(this ILogger logger, string version, string url, int processId, long offers, string database);

    [LoggerMessage(7001, LogLevel.Warning, "This process misbehaves on purpose: {Switches}")]
    public static partial void FaultsAreOn(this ILogger logger, string switches);

    [LoggerMessage(7002, LogLevel.Information, "Stopped")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(7003, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(7004, LogLevel.Error, "{Reason}")]
    public static partial void DatabaseFailed(this ILogger logger, string reason);

    [LoggerMessage(7005, LogLevel.Information, "Cache refreshed: {Dropped} answers dropped")]
    public static partial void CacheRefreshed(this ILogger logger, int dropped);

    [LoggerMessage(7006, LogLevel.Warning, "Not listening yet: a switch holds it back")]
    public static partial void HeldBack(this ILogger logger);
}
