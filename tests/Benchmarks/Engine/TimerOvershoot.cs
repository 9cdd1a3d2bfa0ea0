using System.Collections.Concurrent;
using System.Diagnostics;
using Sluice.Durable;
using Sluice.Engine;
using Sluice.Testing;

namespace Sluice.Benchmarks.Engine;

/// <summary>How much later than asked a durable timer of one second lets the code go on, beside a <see cref="Task.Delay(TimeSpan)"/> begun at the same moment.</summary>
internal static class TimerOvershoot
{
    private const int Timers = 40;
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);

    public static async Task<Figures> MeasureAsync(string folder, Scale scale)
    {
        var overshoots = new ConcurrentQueue<double>();
        var tasks = new DurableTasks().Orchestrator<bool, bool>("Sleep", async (context, _) =>
        {
            // Only a cached execution goes on where it stood, so the clock may be read.
            var started = Stopwatch.GetTimestamp();
            await context.CreateTimer(Wait);
            overshoots.Enqueue((Stopwatch.GetElapsedTime(started) - Wait).TotalMilliseconds);
            return true;
        });
        await using var engine = new EmbeddedEngine(tasks, services: null, new EngineOptions { Path = Path.Combine(folder, "engine.db") });
        await engine.StartAsync();
        await RoundAsync(engine);

        var rounds = new List<(double Engine, double Bare)>();
        for (var i = 0; i < Figures.Rounds; i++)
        {
            overshoots.Clear();
            var bare = await RoundAsync(engine);
            if (overshoots.Count != Timers)
            {
                throw new InvalidOperationException($"{overshoots.Count} timers fired instead of {Timers}.");
            }

            rounds.Add((Figures.Percentile(overshoots, 0.95), Figures.Percentile(bare, 0.95)));
        }

        return new Figures
        {
            ["timerOvershootP95Ms"] = Figures.Median(rounds, r => r.Engine - r.Bare),
            ["engineTimerOvershootP95Ms"] = Figures.Median(rounds, r => r.Engine),
            ["bareTimerOvershootP95Ms"] = Figures.Median(rounds, r => r.Bare),
        };
    }

    private static async Task<double[]> RoundAsync(EmbeddedEngine engine)
    {
        var bare = new List<Task<double>>();
        var instances = new List<Task>();
        for (var i = 0; i < Timers; i++)
        {
            bare.Add(BareAsync());
            instances.Add(SleepAsync(engine));
            await Task.Delay(20);
        }

        await Task.WhenAll(instances);
        return await Task.WhenAll(bare);
    }

    private static async Task<double> BareAsync()
    {
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(Wait);
        return (Stopwatch.GetElapsedTime(started) - Wait).TotalMilliseconds;
    }

    private static async Task SleepAsync(EmbeddedEngine engine)
    {
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Sleep", true);
        await engine.Client.WaitForInstanceCompletionAsync(id);
    }
}
