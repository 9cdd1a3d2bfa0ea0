using Microsoft.Extensions.Logging;

namespace Sluice.Functions;

/// <summary>What the Azure host says. Event ids 7000 to 7999; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(7001, LogLevel.Information, "The registry is {Place}")]
    public static partial void RegistryOpened(this ILogger logger, string place);

    [LoggerMessage(7002, LogLevel.Error, "The registry is closed; the request is answered with 503: {Reason}")]
    public static partial void RegistryClosed(this ILogger logger, string reason);

    [LoggerMessage(7003, LogLevel.Error, "{Schedules} could not be looked at; the next tick of the timer looks again: {Reason}")]
    public static partial void SchedulesFailed(this ILogger logger, string schedules, string reason);

    [LoggerMessage(7004, LogLevel.Error, "The registry knows no key, so nobody can call: set SLUICE__Azure__AdminKey to a text of 32 characters or more")]
    public static partial void NoKey(this ILogger logger);

    [LoggerMessage(7005, LogLevel.Warning, "The key 'admin' was replaced by the one in SLUICE__Azure__AdminKey")]
    public static partial void AdminKeyReplaced(this ILogger logger);
}
