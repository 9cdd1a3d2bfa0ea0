using Sluice.Durable;
using Sluice.Engine;

namespace Sluice.EngineProcess;

/// <summary>An engine that does nothing but run.</summary>
public static class Holding
{
    /// <summary>Starts it, says so on standard output, and runs until it is killed.</summary>
    public static async Task RunAsync(string folder)
    {
        await using var engine = new EmbeddedEngine(new DurableTasks(), services: null, new EngineOptions { Path = Path.Combine(folder, "engine.db") });
        await engine.StartAsync();
        Console.WriteLine("running");
        await Task.Delay(Timeout.InfiniteTimeSpan);
    }
}
