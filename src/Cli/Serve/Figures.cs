using System.Globalization;
using Sluice.Api.Health;
using Sluice.Durable;
using Sluice.Engine;
using Sluice.Platforms.Gateway;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.Cli.Serve;

/// <summary>What the gateway says of itself.</summary>
internal static class GatewayFigures
{
    // No gateway is healthy as well: nothing was deployed yet.
    public static HealthProbe Health(GatewayClient gateway) => new("gateway", async cancellationToken =>
    {
        if (await gateway.TryGetStatusAsync(cancellationToken) is not { } status)
        {
            return "not running; the first deployment starts it";
        }

        var silent = status.Environments.Where(e => e.Message is not null).Select(e => $"{e.Service} {e.Environment}: {e.Message}").ToList();
        return silent.Count == 0
            ? $"pid {status.Pid}, {status.Environments.Count} environments"
            : throw new InvalidOperationException(string.Join("; ", silent));
    });

    public static FigureSource Figures(GatewayClient gateway) => new("gateway", async cancellationToken =>
    {
        var status = await gateway.TryGetStatusAsync(cancellationToken);
        var environments = status?.Environments ?? [];
        var counts = new List<(EnvironmentStatus At, TrafficCounts Counts)>();
        foreach (var listening in environments.Where(e => e.Address is not null))
        {
            counts.Add((listening, await gateway.GetCountsAsync(listening.Service, listening.Environment, cancellationToken)));
        }

        return
        [
            Counter("sluice_gateway_requests_total", "Requests answered, well or not, since the gateway started.", counts, r => r.Requests),
            Counter("sluice_gateway_errors_total", "Of them with a status of 500 or more, or without a complete answer.", counts, r => r.Errors),
            Counter("sluice_gateway_client_errors_total", "Of them with a status from 400 to 499 except 429.", counts, r => r.ClientErrors),
            Counter("sluice_gateway_throttled_total", "Of them with status 429.", counts, r => r.Throttled),
            new("sluice_gateway_request_duration_seconds", "From a request's arrival to the end of its answer.", FigureKind.Histogram,
                [.. counts.SelectMany(c => c.Counts.Revisions.SelectMany(r => Buckets(c.At, r.Key, r.Value.Latency)))]),
            new("sluice_gateway_up", "1 when the gateway answers.", FigureKind.Gauge, [new Sample(status is null ? 0 : 1, [])]),
            new("sluice_revision_weight_ratio", "Share of traffic a revision gets, 0 to 1.", FigureKind.Gauge,
                [.. environments.SelectMany(e => e.Traffic.Weights.Select(w => new Sample(w.Value / 100.0, Labels(e, w.Key))))]),
            new("sluice_revision_ready_replicas", "Replicas that may get traffic.", FigureKind.Gauge,
                [.. environments.SelectMany(e => e.Revisions.Select(r => new Sample(r.ReadyReplicas, Labels(e, r.Revision))))]),
            new("sluice_revision_restarts_total", "Times a replica was started again.", FigureKind.Counter,
                [.. environments.SelectMany(e => e.Revisions.Select(r => new Sample(r.Restarts, Labels(e, r.Revision))))]),
        ];
    });

    private static Figure Counter(
        string name, string help, List<(EnvironmentStatus At, TrafficCounts Counts)> counts, Func<RevisionCounts, long> value) =>
        new(name, help, FigureKind.Counter, [.. counts.SelectMany(c => c.Counts.Revisions.Select(r => new Sample(value(r.Value), Labels(c.At, r.Key))))]);

    private static IEnumerable<Sample> Buckets(EnvironmentStatus environment, string revision, IReadOnlyList<long> latency)
    {
        long below = 0;
        for (var i = 0; i < latency.Count; i++)
        {
            below += latency[i];
            var bound = i < LatencyHistogram.Bounds.Count ? LatencyHistogram.Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            yield return new Sample(below, [.. Labels(environment, revision), ("le", bound)]);
        }
    }

    private static (string, string)[] Labels(EnvironmentStatus environment, string revision) =>
        [("service", environment.Service), ("environment", environment.Environment), ("revision", revision)];
}

/// <summary>What the engine has and counts.</summary>
internal static class EngineFigureSource
{
    // A commit takes milliseconds; one that takes this long is stuck on its disk, and nothing moves.
    private static readonly TimeSpan SlowestWrite = TimeSpan.FromSeconds(10);

    private static readonly RuntimeStatus[] Open = [RuntimeStatus.Running, RuntimeStatus.Pending, RuntimeStatus.Suspended];

    public static HealthProbe Health(EmbeddedEngine engine, string file) => new("engine", async cancellationToken =>
    {
        if (engine.Fatal.IsCompleted)
        {
            throw await engine.Fatal;
        }

        await engine.Client.GetAllInstancesAsync(new InstanceQuery { PageSize = 1 }, cancellationToken);
        var now = engine.Figures;
        return now.WriteLag < SlowestWrite
            ? $"{file}: {now.Pending} turns and writes under way, {now.ActivitiesRunning} activities run and {now.ActivitiesWaiting} wait"
            : throw new IOException($"{file}: a write waits since {now.WriteLag.TotalSeconds:0} s for the disk, and {now.Pending} turns and writes with it");
    });

    public static FigureSource Figures(EmbeddedEngine engine) => new("engine", async cancellationToken =>
    {
        var now = engine.Figures;
        return
        [
            await InstancesAsync(engine.Client, cancellationToken),
            new("sluice_engine_activities", "Activities that run, and those that wait for a place.", FigureKind.Gauge,
                [new Sample(now.ActivitiesRunning, [("state", "running")]), new Sample(now.ActivitiesWaiting, [("state", "waiting")])]),
            Gauge("pending", "Turns and writes under way or in line.", now.Pending),
            Gauge("clients_waiting", "Clients held up by back-pressure.", now.ClientsWaiting),
            Gauge("inbox_lag_seconds", "Age of the oldest message that no turn has finished with.", now.Lag.TotalSeconds),
            Gauge("write_lag_seconds", "Age of the oldest write that is not durable.", now.WriteLag.TotalSeconds),
            Gauge("timers", "Timers that have not fired.", now.Timers),
            Gauge("instances_loaded", "Instances in memory.", now.InstancesLoaded),
            Counter("instances_evicted_total", "Waiting instances taken out of memory.", now.InstancesEvicted),
            Counter("instances_poisoned_total", "Instances failed because their turn could not be made.", now.InstancesPoisoned),
            Counter("turns_total", "Turns made.", now.Turns),
            Counter("turn_seconds_total", "Time spent making them, replays included.", now.TurnTime.TotalSeconds),
            Counter("turn_faults_total", "Turns that could not be made; each is tried again.", now.TurnFaults),
            Counter("commits_total", "Commits.", now.Commits),
            Counter("writes_total", "Writes in them.", now.Writes),
            Counter("commit_seconds_total", "Time spent committing.", now.CommitTime.TotalSeconds),
            Counter("replays_total", "Instances brought back by replay.", now.Replays),
            Counter("replayed_events_total", "Events of their histories.", now.EventsReplayed),
            Counter("replay_seconds_total", "Time spent replaying.", now.ReplayTime.TotalSeconds),
        ];
    });

    private static async Task<Figure> InstancesAsync(DurableClient client, CancellationToken cancellationToken)
    {
        var counts = Open.ToDictionary(s => s, _ => 0);
        string? token = null;
        do
        {
            var page = await client.GetAllInstancesAsync(new InstanceQuery { Statuses = Open, PageSize = 1000, ContinuationToken = token }, cancellationToken);
            foreach (var instance in page.Instances)
            {
                counts[instance.RuntimeStatus]++;
            }

            token = page.ContinuationToken;
        }
        while (token is not null);
        return new("sluice_engine_instances", "Orchestration instances that have not ended.", FigureKind.Gauge,
            [.. counts.Select(c => new Sample(c.Value, [("status", c.Key.ToString())]))]);
    }

    private static Figure Gauge(string name, string help, double value) => new("sluice_engine_" + name, help, FigureKind.Gauge, [new Sample(value, [])]);

    private static Figure Counter(string name, string help, double value) => new("sluice_engine_" + name, help, FigureKind.Counter, [new Sample(value, [])]);
}

/// <summary>Room on the disk of the data folder.</summary>
internal static class DiskSpace
{
    private const long Needed = 256L * 1024 * 1024;

    public static HealthProbe Health(DataFolder folder) => new("disk", _ =>
    {
        var free = new DriveInfo(folder.Path).AvailableFreeSpace;
        var text = $"{free / (1024 * 1024)} MiB free at {folder.Path}";
        return free >= Needed ? Task.FromResult(text) : throw new IOException($"{text}; at least {Needed / (1024 * 1024)} are needed");
    });
}
