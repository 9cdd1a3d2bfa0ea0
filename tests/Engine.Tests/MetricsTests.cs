using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>The meter and the figures say the same, and what happened.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task Turns_commits_replays_and_evictions_are_measured_and_queues_are_shown()
    {
        var release = new TaskCompletionSource<int>();
        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks()
                .Activity<int, int>("work", (_, _) => release.Task)
                .Orchestrator<int, int>("main", async (context, n) =>
                {
                    var timer = context.CreateTimer(TimeSpan.FromHours(1));
                    var results = await Task.WhenAll(Enumerable.Range(0, n).Select(i => context.CallActivityAsync<int>("work", i)));
                    await timer;
                    return results.Length;
                }),
            options: new VirtualEngineOptions { MaxConcurrentActivities = 2, MaxCachedInstances = 0 });
        using var meter = new Readings(engine.Engine);
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 5);
        await engine.SettleAsync();

        meter.Read();
        Assert.Equal(2, meter.Of("sluice.engine.activities", "running"));
        Assert.Equal(3, meter.Of("sluice.engine.activities", "waiting"));
        Assert.Equal(1, meter.Of("sluice.engine.timers"));
        Assert.Equal(0, meter.Of("sluice.engine.pending"));
        Assert.Equal(0, meter.Of("sluice.engine.inbox.lag"));
        Assert.Equal(0, meter.Of("sluice.engine.write.lag"));
        Assert.Equal(0, meter.Of("sluice.engine.instances.loaded"));
        Assert.Equal(0, meter.Of("sluice.engine.clients.waiting"));

        release.SetResult(1);
        await engine.RunAsync(id);
        meter.Read();
        var figures = engine.Engine.Figures;

        Assert.Equal(figures.Turns, meter.Count("sluice.engine.turn.duration"));
        Assert.Equal(figures.Commits, meter.Count("sluice.engine.commit.duration"));
        Assert.Equal(figures.Writes, meter.Sum("sluice.engine.commit.writes"));
        Assert.Equal(figures.Replays, meter.Count("sluice.engine.replay.duration"));
        Assert.Equal(figures.EventsReplayed, meter.Sum("sluice.engine.replay.events"));
        Assert.Equal(figures.InstancesEvicted, meter.Of("sluice.engine.instances.evicted"));
        Assert.Equal(0, meter.Of("sluice.engine.turn.faults"));
        Assert.Equal(0, meter.Of("sluice.engine.instances.poisoned"));
        Assert.True(figures is { Turns: >= 3, Commits: >= 3, Replays: >= 2, InstancesEvicted: >= 2 } && figures.EventsReplayed > figures.Replays, figures.ToString());
        Assert.True(figures.TurnTime >= figures.ReplayTime && figures.ReplayTime > TimeSpan.Zero && figures.CommitTime > TimeSpan.Zero, figures.ToString());
        Assert.Equal((0, 0, 0), (figures.ActivitiesRunning, figures.ActivitiesWaiting, figures.Timers));
    }

    [Fact]
    public async Task A_turn_that_does_not_end_is_seen_as_lag()
    {
        using var release = new ManualResetEventSlim();
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks().Orchestrator<int, int>("blocks", (_, _) =>
        {
            release.Wait();
            return Task.FromResult(0);
        }));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("blocks", 0);
        engine.Clock.AdvanceTo(engine.Now.AddMinutes(5));

        Assert.Equal(300, engine.Engine.Figures.Lag.TotalSeconds, 0.01);
        var found = (await engine.Client.DiagnoseAsync(id))!;
        Assert.Equal(engine.Now.AddMinutes(-5), found.Turn!.Since);
        Assert.StartsWith("Its turn takes since 2027-01-01T00:00:00Z", Assert.Single(found.Faults), StringComparison.Ordinal);

        release.Set();
        await engine.RunAsync(id);
        Assert.Equal(TimeSpan.Zero, engine.Engine.Figures.Lag);
    }

    /// <summary>What one engine's meter says.</summary>
    private sealed class Readings : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, (long Count, double Sum)> _histograms = new();
        private readonly ConcurrentDictionary<string, double> _values = new();

        public Readings(EmbeddedEngine engine)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == engine.Metrics.Meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<int>((i, value, tags, _) => Take(i, value, tags));
            _listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Take(i, value, tags));
            _listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Take(i, value, tags));
            _listener.Start();
        }

        public void Read() => _listener.RecordObservableInstruments();

        public double Of(string name, string state = "") => _values[name + state];

        public long Count(string name) => _histograms[name].Count;

        public double Sum(string name) => _histograms[name].Sum;

        public void Dispose() => _listener.Dispose();

        private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (instrument.IsObservable)
            {
                _values[instrument.Name + (tags.Length > 0 ? tags[0].Value : "")] = value;
            }
            else
            {
                _histograms.AddOrUpdate(instrument.Name, (1, value), (_, sum) => (sum.Count + 1, sum.Sum + value));
            }
        }
    }
}
