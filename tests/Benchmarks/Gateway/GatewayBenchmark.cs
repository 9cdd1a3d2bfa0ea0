using System.Text.Json;

namespace Sluice.Benchmarks.Gateway;

/// <summary>
/// Throughput (32 keep-alive connections) and latency (2,000 requests a second, open loop) of the gateway beside a direct connection,
/// HAProxy and nginx in the same run, all on one machine, each in a process of its own; and whether requests are lost while weights change.
/// </summary>
internal static class GatewayBenchmark
{
    private const int Rounds = 5;
    private const int PerSecond = 2000;
    private const int Changes = 100;
    private static readonly TimeSpan RunLength = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(bool json)
    {
        if (!OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync("The gateway's benchmark needs Linux (epoll).");
            return 1;
        }

        var folder = Directory.CreateTempSubdirectory("sluice-bench-").FullName;
        try
        {
            using var backend = Server.Self("gateway-backend");
            using var other = Server.Self("gateway-backend");
            using var gateway = Server.Self("gateway-proxy", $"{backend.Port}", $"{other.Port}");
            using var haproxy = Server.HAProxy(folder, backend.Port);
            using var nginx = Server.Nginx(folder, backend.Port);
            await ReportMissingAsync(haproxy, "haproxy");
            await ReportMissingAsync(nginx, "nginx");
            Print(Measure(backend, gateway, haproxy, nginx), json);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Figures Measure(Server backend, Server gateway, Server? haproxy, Server? nginx)
    {
        // The first seconds of the gateway are the compiler's.
        Throughput(gateway);
        var rounds = Enumerable.Range(0, Rounds).Select(_ => new Round(
            Throughput(gateway)!.Value,
            Throughput(backend)!.Value,
            Throughput(haproxy),
            Throughput(nginx),
            Latency(backend),
            Latency(gateway))).ToList();
        return new Figures(
            Median(rounds.Select(r => r.Gateway)),
            Median(rounds.Select(r => r.Direct)),
            haproxy is null ? null : Median(rounds.Select(r => r.HAProxy!.Value)),
            nginx is null ? null : Median(rounds.Select(r => r.Nginx!.Value)),
            Median(rounds.Select(r => r.ThroughGateway.P50 - r.Straight.P50)),
            Median(rounds.Select(r => r.ThroughGateway.P99 - r.Straight.P99)),
            LostWhileWeightsChange(gateway));
    }

    private static double? Throughput(Server? server)
    {
        if (server is null)
        {
            return null;
        }

        using var load = new LoadGenerator(server.Port);
        return load.RunClosed(RunLength).PerSecond;
    }

    private static (double P50, double P99) Latency(Server server)
    {
        using var load = new LoadGenerator(server.Port);
        var result = load.RunOpen(RunLength, PerSecond);
        return (result.Percentile(0.5), result.Percentile(0.99));
    }

    private static long LostWhileWeightsChange(Server gateway)
    {
        using var load = new LoadGenerator(gateway.Port);
        using var done = new CancellationTokenSource();
        var running = Task.Run(() => load.RunClosed(TimeSpan.FromMinutes(1), done.Token));
        for (var i = 0; i < Changes; i++)
        {
            gateway.Tell($"{i * 37 % 101}");
            Thread.Sleep(20);
        }

        done.Cancel();
        return running.GetAwaiter().GetResult().Lost;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);

    private static async Task ReportMissingAsync(Server? server, string name)
    {
        if (server is null)
        {
            await Console.Error.WriteLineAsync($"SKIPPED: {name} is not installed, so its limit is not measured (apt-get install {name}).");
        }
    }

    private static void Print(Figures figures, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(figures, JsonSerializerOptions.Web));
            return;
        }

        Console.WriteLine($"""
            Medians of {Rounds} runs of {RunLength.TotalSeconds} s; 32 keep-alive connections, load and backend on the same {Environment.ProcessorCount} cores.

                            requests/s   of direct
            direct        {figures.LimitDirect,12:N0}       100 %
            HAProxy       {figures.LimitHaproxy,12:N0}    {figures.LimitHaproxy / figures.LimitDirect,6:P0}
            nginx         {figures.LimitNginx,12:N0}    {figures.LimitNginx / figures.LimitDirect,6:P0}
            sluice        {figures.Throughput,12:N0}    {figures.Throughput / figures.LimitDirect,6:P0}   ({figures.Throughput / figures.LimitHaproxy:P0} of HAProxy)

            Added at {PerSecond:N0} requests/s: p50 {figures.AddedP50Ms:F3} ms, p99 {figures.AddedP99Ms:F3} ms.
            Requests lost while weights changed {Changes} times: {figures.LostRequests}.
            """);
    }

    private sealed record Round(
        double Gateway, double Direct, double? HAProxy, double? Nginx, (double P50, double P99) Straight, (double P50, double P99) ThroughGateway);

    private sealed record Figures(
        double Throughput, double LimitDirect, double? LimitHaproxy, double? LimitNginx, double AddedP50Ms, double AddedP99Ms, long LostRequests);
}
