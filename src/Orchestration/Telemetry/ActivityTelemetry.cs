using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Telemetry;

/// <summary>A span and a duration for each attempt at an activity.</summary>
internal static class ActivityTelemetry
{
    private static readonly Histogram<double> Duration = SluiceTelemetry.Meter.CreateHistogram(
        "sluice.activity.duration", "s", "Attempts at activities.", advice: Buckets.Seconds);

    public static async Task<object?> RunAsync(string activity, ActivityCall call, Func<Task<object?>> attempt)
    {
        using var span = RolloutTrace.Begin("activity", activity, call.InstanceId);
        if (span is not null)
        {
            span.SetTag(Tags.Activity, activity).SetTag(Tags.InstanceId, call.InstanceId);
            if (TargetOf(call.Input) is { } target)
            {
                span.SetTag(Tags.Service, target.Service).SetTag(Tags.Environment, target.Environment.Name);
            }
        }

        return await SluiceTelemetry.MeasureAsync(span, Duration, new TagList { { Tags.Activity, activity } }, attempt);
    }

    private static EnvironmentTarget? TargetOf(object? input) => input switch
    {
        EnvironmentTarget target => target,
        ReadEnvironmentInput i => i.Target,
        RevisionRequest i => i.Target,
        GetRevisionInput i => i.Target,
        StopRevisionInput i => i.Target,
        TrafficChange i => i.Target,
        SmokeInput i => i.Target,
        BaselineInput i => i.Target,
        MigrationInput i => i.Target,
        LookInput i => i.Terms.Value.Target,
        _ => null,
    };
}

/// <summary>Upper bounds of histograms, seconds: the default ones are for milliseconds.</summary>
internal static class Buckets
{
    /// <summary>For calls: 5 ms to 5 min.</summary>
    public static InstrumentAdvice<double> Seconds { get; } = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 150, 300],
    };

    /// <summary>For rollouts: 10 s to a week.</summary>
    public static InstrumentAdvice<double> Days { get; } = new()
    {
        HistogramBucketBoundaries = [10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 86_400, 172_800, 345_600, 604_800],
    };
}
