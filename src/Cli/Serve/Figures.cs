using Sluice.Api.Health;
using Sluice.Durable;
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
        return
        [
            new("sluice_gateway_up", "1 when the gateway answers.", FigureKind.Gauge, [new Sample(status is null ? 0 : 1, [])]),
            new("sluice_revision_weight_ratio", "Share of traffic a revision gets, 0 to 1.", FigureKind.Gauge,
                [.. environments.SelectMany(e => e.Traffic.Weights.Select(w => new Sample(w.Value / 100.0, Labels(e, w.Key))))]),
            new("sluice_revision_ready_replicas", "Replicas that may get traffic.", FigureKind.Gauge,
                [.. environments.SelectMany(e => e.Revisions.Select(r => new Sample(r.ReadyReplicas, Labels(e, r.Revision))))]),
            new("sluice_revision_restarts_total", "Times a replica was started again.", FigureKind.Counter,
                [.. environments.SelectMany(e => e.Revisions.Select(r => new Sample(r.Restarts, Labels(e, r.Revision))))]),
        ];
    });

    private static (string, string)[] Labels(EnvironmentStatus environment, string revision) =>
        [("service", environment.Service), ("environment", environment.Environment), ("revision", revision)];
}

/// <summary>What the engine has.</summary>
internal static class EngineFigures
{
    private static readonly RuntimeStatus[] Open = [RuntimeStatus.Running, RuntimeStatus.Pending, RuntimeStatus.Suspended];

    public static FigureSource Figures(DurableClient client) => new("engine", async cancellationToken =>
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
        return
        [
            new("sluice_engine_instances", "Orchestration instances that have not ended.", FigureKind.Gauge,
                [.. counts.Select(c => new Sample(c.Value, [("status", c.Key.ToString())]))]),
        ];
    });
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
