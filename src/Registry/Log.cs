using Microsoft.Extensions.Logging;

namespace Sluice.Registry;

/// <summary>What the registry says. Event ids 4000 to 4999; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Information, "Registry: {Place} migrated from schema version {From} to {To}")]
    public static partial void Migrated(this ILogger logger, string place, int from, int to);
}
