using Sluice.Durable;
using Sluice.Engine;
using Sluice.Testing;

namespace Sluice.EngineProcess;

/// <summary>An orchestrator that ends its process, as a stack overflow does, beside one that does not.</summary>
public static class DeadlyTurn
{
    /// <summary>Starts both, or goes on with them, and says how they ended.</summary>
    public static async Task RunAsync(string folder)
    {
        var tasks = new DurableTasks()
            .Orchestrator<int, int>("Deadly", (_, _) =>
            {
                Environment.FailFast("A turn that ends its process.");
                return Task.FromResult(0);
            })
            .Orchestrator<int, string>("Good", (_, n) => Task.FromResult($"good {n}"));
        await using var engine = new EmbeddedEngine(tasks, services: null, new EngineOptions { Path = Path.Combine(folder, "engine.db") });
        await engine.StartAsync();
        foreach (var (name, id) in new[] { ("Good", "good"), ("Deadly", "deadly") })
        {
            try
            {
                await engine.Client.ScheduleNewOrchestrationInstanceAsync(name, 7, new StartOptions { InstanceId = id });
            }
            catch (InstanceExistsException)
            {
                // An earlier life of the process has started it.
            }
        }

        var good = await engine.Client.WaitForInstanceCompletionAsync("good", getInputsAndOutputs: true);
        var deadly = await engine.Client.WaitForInstanceCompletionAsync("deadly");
        Console.WriteLine($"{good.ReadOutputAs<string>()}, {deadly.RuntimeStatus} {deadly.Failure?.Code}");
    }
}
