using System.Diagnostics;
using Sluice.Durable;
using Sluice.Engine;
using Sluice.Testing;

namespace Sluice.Benchmarks.Engine;

/// <summary>
/// A process with 500 workflows in their first, slow activity is killed (SIGKILL); how long after its restart, with the process's own
/// start, until all are complete; how many are lost, and how many activities ran twice by an append-only file.
/// </summary>
internal static class Recovery
{
    private const int Workflows = 500;
    private const int Activities = 5;

    public static async Task<Figures> MeasureAsync(string folder, Scale scale)
    {
        var rounds = new List<Round>();
        for (var i = 0; i < Figures.Rounds; i++)
        {
            rounds.Add(await RoundAsync(Directory.CreateDirectory(Path.Combine(folder, $"{i}")).FullName));
        }

        return new Figures
        {
            ["recoverySeconds"] = Figures.Median(rounds, r => r.Seconds),
            ["recoveryLost"] = rounds.Max(r => r.Lost),
            ["recoveryRepeated"] = rounds.Max(r => r.Repeated),
            ["limitRecoveryRepeated"] = rounds.Min(r => r.Running),
        };
    }

    /// <summary>In a child: runs the engine of a folder; its activities never end, or do nothing.</summary>
    public static async Task<int> RunChildAsync(string folder, bool slow)
    {
        Self.ExitWithParent();
        var journal = new Journal(folder);
        var tasks = new DurableTasks()
            .Activity<Step, int>("Step", async (step, cancellationToken) =>
            {
                journal.Write($"{step.Workflow}/{step.Number}");
                if (slow)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                }

                return step.Number;
            })
            .Orchestrator<int, int>("Work", async (context, workflow) =>
            {
                var sum = 0;
                for (var i = 0; i < Activities; i++)
                {
                    sum += await context.CallActivityAsync<int>("Step", new Step(workflow, i));
                }

                return sum;
            });
        await using var engine = new EmbeddedEngine(
            tasks, services: null, new EngineOptions { Path = Path.Combine(folder, "engine.db"), MaxConcurrentActivities = Workflows });
        await engine.StartAsync();
        if (slow)
        {
            await Task.WhenAll(Enumerable.Range(0, Workflows).Select(i =>
                engine.Client.ScheduleNewOrchestrationInstanceAsync("Work", i, new StartOptions { InstanceId = $"w{i}" })));
            await Task.Delay(Timeout.InfiniteTimeSpan);
        }

        var right = 0;
        for (var i = 0; i < Workflows; i++)
        {
            try
            {
                var end = await engine.Client.WaitForInstanceCompletionAsync($"w{i}", getInputsAndOutputs: true);
                right += end.RuntimeStatus == RuntimeStatus.Completed && end.ReadOutputAs<int>() == Enumerable.Range(0, Activities).Sum() ? 1 : 0;
            }
            catch (InstanceNotFoundException)
            {
                // Lost.
            }
        }

        Console.WriteLine(right);
        return 0;
    }

    private static async Task<Round> RoundAsync(string folder)
    {
        int running;
        using (var first = Start(folder, "slow"))
        {
            while ((running = Journal.Read(folder).Length) < Workflows)
            {
                if (first.HasExited)
                {
                    throw new InvalidOperationException($"The engine's process ended with {first.ExitCode}.");
                }

                await Task.Delay(10);
            }

            first.Kill();
            await first.WaitForExitAsync();
        }

        var started = Stopwatch.GetTimestamp();
        using var second = Start(folder, "fast");
        var right = int.Parse((await second.StandardOutput.ReadLineAsync())!);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await second.WaitForExitAsync();
        var executed = Journal.Read(folder);
        return new Round(seconds, Workflows - right, executed.Length - executed.Distinct().Count(), running);
    }

    private static Process Start(string folder, string speed) => Process.Start(Self.StartInfo("engine-recovery", folder, speed))!;

    private sealed record Round(double Seconds, double Lost, double Repeated, double Running);

    private sealed record Step(int Workflow, int Number);

    /// <summary>What ran, a line an attempt; with the operating system before the attempt goes on.</summary>
    private sealed class Journal(string folder)
    {
        private readonly Lock _gate = new();

        public static string[] Read(string folder) => File.Exists(PathIn(folder)) ? File.ReadAllLines(PathIn(folder)) : [];

        public void Write(string line)
        {
            lock (_gate)
            {
                File.AppendAllText(PathIn(folder), line + "\n");
            }
        }

        private static string PathIn(string folder) => Path.Combine(folder, "executed");
    }
}
