using Microsoft.Extensions.Logging;

namespace Sluice.Engine;

/// <summary>What the engine says. Event ids 3000 to 3999; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Information, "The engine runs on {Path}: {Activities} activities run again, {Timers} timers and {Messages} messages taken up")]
    public static partial void EngineStarted(this ILogger logger, string path, int activities, int timers, int messages);

    [LoggerMessage(3002, LogLevel.Critical, "The engine has stopped: nothing further is accepted. Everything acknowledged is in the file")]
    public static partial void EngineFailed(this ILogger logger, Exception exception);

    [LoggerMessage(3003, LogLevel.Warning, "{Count} activities did not end in time; they run again after the next start")]
    public static partial void ActivitiesLeftRunning(this ILogger logger, int count);

    [LoggerMessage(3004, LogLevel.Information, "An attempt of activity {Activity} failed")]
    public static partial void ActivityFailed(this ILogger logger, Exception exception, string activity);

    [LoggerMessage(3005, LogLevel.Warning, "The turn of instance {Instance} could not be made, attempt {Attempt} of {Attempts}; the next follows in {Delay}")]
    public static partial void TurnFailed(this ILogger logger, Exception exception, string instance, int attempt, int attempts, TimeSpan delay);

    [LoggerMessage(3006, LogLevel.Error, "Instance {Instance} has failed: {Reason}")]
    public static partial void InstancePoisoned(this ILogger logger, string instance, string reason);

    [LoggerMessage(3007, LogLevel.Critical, "Instance {Instance} can be neither run nor ended; it stands still until the next start")]
    public static partial void TurnGivenUp(this ILogger logger, Exception exception, string instance);

    [LoggerMessage(3008, LogLevel.Warning, "The spans of a turn of instance {Instance} were not told")]
    public static partial void SpansLost(this ILogger logger, Exception exception, string instance);

    [LoggerMessage(3020, LogLevel.Warning, "{Path} was not closed when its program ended; {Pragma} found it whole in {Took}")]
    public static partial void StoreChecked(this ILogger logger, string path, string pragma, TimeSpan took);

    [LoggerMessage(3021, LogLevel.Information, "Retention removed {Count} ended instances")]
    public static partial void InstancesRetired(this ILogger logger, int count);

    [LoggerMessage(3022, LogLevel.Information, "Backed up to {Path}: {Bytes} bytes in {Took}")]
    public static partial void StoreBackedUp(this ILogger logger, string path, long bytes, TimeSpan took);

    [LoggerMessage(3050, LogLevel.Warning, "Instance {InstanceId} of version '{InstanceVersion}' waits for a program of its version; this one has '{Version}'")]
    public static partial void VersionRejected(this ILogger logger, string instanceId, string instanceVersion, string version);

    [LoggerMessage(3051, LogLevel.Warning, "Instance {InstanceId} asked for a next run and then threw: it fails, and the next run does not begin")]
    public static partial void NextRunDropped(this ILogger logger, string instanceId);
}
