using System.Diagnostics;

namespace Sluice.Benchmarks.Engine;

/// <summary>How many workflows a second, 64 at once, and how long one takes alone; each beside the ceiling. FULL: on the disk before it counts.</summary>
internal static class Throughput
{
    private const int Concurrent = 64;
    private const int Workflows = 2_000;
    private const int Alone = 100;

    public static async Task<Figures> MeasureAsync(string folder, Scale scale)
    {
        await using var engine = await NoOpWorkflows.StartAsync(Path.Combine(folder, "engine.db"));
        using var ceiling = new Ceiling(Path.Combine(folder, "ceiling.db"));

        // The first workflows are the compiler's.
        for (var i = 0; i < 2; i++)
        {
            await ManyAsync(engine.RunAsync);
            await ManyAsync(ceiling.RunAsync);
        }

        var rounds = new List<Round>();
        for (var i = 0; i < Figures.Rounds; i++)
        {
            rounds.Add(new Round(
                await ManyAsync(engine.RunAsync), await ManyAsync(ceiling.RunAsync), await OneByOneAsync(engine.RunAsync), await OneByOneAsync(ceiling.RunAsync)));
        }

        return new Figures
        {
            ["throughput"] = Figures.Median(rounds, r => r.Engine.PerSecond),
            ["limitThroughput"] = Figures.Median(rounds, r => r.Ceiling.PerSecond),
            ["cpuMicrosecondsPerWorkflow"] = Figures.Median(rounds, r => r.Engine.CpuMicroseconds),
            ["limitCpuMicrosecondsPerWorkflow"] = Figures.Median(rounds, r => r.Ceiling.CpuMicroseconds),
            ["latencyP50Ms"] = Figures.Median(rounds, r => r.EngineAlone.P50),
            ["latencyP95Ms"] = Figures.Median(rounds, r => r.EngineAlone.P95),
            ["limitLatencyP50Ms"] = Figures.Median(rounds, r => r.CeilingAlone.P50),
            ["limitLatencyP95Ms"] = Figures.Median(rounds, r => r.CeilingAlone.P95),
        };
    }

    private static async Task<(double PerSecond, double CpuMicroseconds)> ManyAsync(Func<Task> run)
    {
        var (started, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await Concurrently.RunAsync(Concurrent, Workflows, _ => run());
        return (Workflows / Stopwatch.GetElapsedTime(started).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / Workflows);
    }

    private static async Task<(double P50, double P95)> OneByOneAsync(Func<Task> run)
    {
        var times = new double[Alone];
        for (var i = 0; i < Alone; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await run();
            times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        return (Figures.Percentile(times, 0.5), Figures.Percentile(times, 0.95));
    }

    private sealed record Round(
        (double PerSecond, double CpuMicroseconds) Engine,
        (double PerSecond, double CpuMicroseconds) Ceiling,
        (double P50, double P95) EngineAlone,
        (double P50, double P95) CeilingAlone);
}
