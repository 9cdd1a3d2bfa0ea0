using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Orchestration.Tests;

/// <summary>Listens to everything Sluice traces and measures in this process, other tests' rollouts included: tell them apart by their ids and services.</summary>
internal sealed class Recorder : IDisposable
{
    private readonly ActivityListener _spans;
    private readonly MeterListener _meters = new();
    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly ConcurrentQueue<Measurement> _measured = [];

    public Recorder()
    {
        _spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name == SluiceTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_spans);
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == SluiceTelemetry.Name)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => _measured.Enqueue(new(instrument.Name, value, tags.ToArray())));
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _measured.Enqueue(new(instrument.Name, value, tags.ToArray())));
        _meters.Start();
    }

    /// <summary>Every ended span.</summary>
    public IReadOnlyCollection<Activity> Spans => _ended;

    /// <summary>Every measurement.</summary>
    public IReadOnlyCollection<Measurement> Measurements => _measured;

    /// <summary>Ended spans of instances of a rollout and what is below them, wherever they were traced.</summary>
    public IReadOnlyList<Activity> Of(string rolloutId) =>
        [.. _ended.Where(s => s.GetTagItem("sluice.instance_id") is string id && (id == rolloutId || id.StartsWith(rolloutId + ":", StringComparison.Ordinal)))];

    /// <summary>What was measured by an instrument for a service.</summary>
    public IReadOnlyList<Measurement> Of(string instrument, string service) =>
        [.. _measured.Where(m => m.Instrument == instrument && m.Tag("sluice.service") == service)];

    public void Dispose()
    {
        _spans.Dispose();
        _meters.Dispose();
    }

    internal sealed record Measurement(string Instrument, double Value, KeyValuePair<string, object?>[] Tags)
    {
        public string? Tag(string name) => Tags.FirstOrDefault(t => t.Key == name).Value?.ToString();
    }
}
