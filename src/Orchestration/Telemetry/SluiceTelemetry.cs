using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Telemetry;

/// <summary>
/// What Sluice itself traces and measures, for whoever subscribes to <see cref="Name"/>; nobody does unless a host exports.
/// </summary>
/// <remarks>
/// Names, ids and codes only: never a message, a reason, an input or a result, any of which may hold what a user put there. Everything is
/// emitted by activities and handlers, never by orchestrators, which run again at every replay.
/// </remarks>
public static class SluiceTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Sluice";

    internal static string Version { get; } = typeof(SluiceTelemetry).Assembly.GetName().Version!.ToString(3);

    internal static ActivitySource Source { get; } = new(Name, Version);

    internal static Meter Meter { get; } = new(Name, Version);

    /// <summary>Runs something within its span, and records how long it took and how it ended.</summary>
    internal static async Task<T> MeasureAsync<T>(Activity? span, Histogram<double> duration, TagList tags, Func<Task<T>> run)
    {
        var started = TimeProvider.System.GetTimestamp();
        string? error = null;
        try
        {
            return await run();
        }
        catch (Exception e)
        {
            error = ErrorType(e);
            throw;
        }
        finally
        {
            tags.Add(Tags.Result, error is null ? "ok" : "failed");
            if (error is not null)
            {
                tags.Add(Tags.ErrorType, error);
                span?.SetTag(Tags.ErrorType, error).SetStatus(ActivityStatusCode.Error, error);
            }

            duration.Record(TimeProvider.System.GetElapsedTime(started).TotalSeconds, tags);
        }
    }

    // By type, which is still known here: a message is never looked at, and no stack trace is rendered for a label.
    private static string ErrorType(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            if (cause is PlatformException platform)
            {
                return platform.Error.ToString();
            }
        }

        return e.GetType().FullName ?? e.GetType().Name;
    }
}

/// <summary>Names of tags and labels.</summary>
internal static class Tags
{
    public const string Activity = "sluice.activity";
    public const string Adapter = "sluice.adapter";
    public const string Call = "sluice.call";
    public const string Environment = "sluice.environment";
    public const string ErrorType = "error.type";
    public const string InstanceId = "sluice.instance_id";
    public const string Judge = "sluice.judge";
    public const string Look = "sluice.look";
    public const string Outcome = "sluice.outcome";
    public const string Port = "sluice.port";
    public const string Result = "sluice.result";
    public const string Revision = "sluice.revision";
    public const string Service = "sluice.service";
    public const string Verdict = "sluice.verdict";
}
