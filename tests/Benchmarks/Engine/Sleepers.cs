using System.Runtime.InteropServices;
using Sluice.Durable;
using Sluice.Engine;
using Sluice.Testing;

namespace Sluice.Benchmarks.Engine;

/// <summary>How much the process grows by 10,000 instances that only wait for a timer; by 100,000 too when everything is measured.</summary>
internal static partial class Sleepers
{
    private const int Few = 100;
    private const int Many = 10_000;

    public static async Task<Figures> MeasureAsync(string folder, Scale scale)
    {
        var tasks = new DurableTasks().Orchestrator<int, int>("Sleep", async (context, number) =>
        {
            await context.CreateTimer(TimeSpan.FromDays(1));
            return number;
        });
        await using var engine = new EmbeddedEngine(tasks, services: null, new EngineOptions { Path = Path.Combine(folder, "engine.db") });
        await engine.StartAsync();

        await AddAsync(engine, 0, Few);
        var before = await MebibytesAsync();
        await AddAsync(engine, Few, Many);
        var figures = new Figures { ["sleepersMiB"] = await MebibytesAsync() - before };
        if (scale.Full)
        {
            await AddAsync(engine, Many, 10 * Many);
            figures["sleepers100000MiB"] = await MebibytesAsync() - before;
        }

        return figures;
    }

    private static Task AddAsync(EmbeddedEngine engine, int from, int to) => Concurrently.RunAsync(64, to - from, async number =>
    {
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Sleep", number);
        await engine.Client.WaitForInstanceStartAsync(id);
    });

    /// <summary>The smallest of five readings of the resident set after collecting all garbage.</summary>
    private static async Task<double> MebibytesAsync()
    {
        var smallest = double.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            if (OperatingSystem.IsLinux())
            {
                _ = malloc_trim(0);
            }

            await Task.Delay(200);
            smallest = Math.Min(smallest, Environment.WorkingSet / 1024.0 / 1024.0);
        }

        return smallest;
    }

    [LibraryImport("libc")]
    private static partial int malloc_trim(nint pad);
}
