using Sluice.Durable;
using Sluice.Engine;
using Sluice.Testing;

namespace Sluice.Benchmarks.Engine;

/// <summary>The engine with the workflow that is measured everywhere: five activities, one after another, that return a little JSON.</summary>
internal sealed class NoOpWorkflows : IAsyncDisposable
{
    private const int Activities = 5;

    private readonly EmbeddedEngine _engine;

    private NoOpWorkflows(EmbeddedEngine engine) => _engine = engine;

    public static async Task<NoOpWorkflows> StartAsync(string path)
    {
        var tasks = new DurableTasks()
            .Activity<Answer, Answer>("NoOp", a => a with { Number = a.Number + 1 })
            .Orchestrator<Answer, Answer>("Five", async (context, answer) =>
            {
                for (var i = 0; i < Activities; i++)
                {
                    answer = await context.CallActivityAsync<Answer>("NoOp", answer);
                }

                return answer;
            });
        var engine = new EmbeddedEngine(tasks, services: null, new EngineOptions { Path = path });
        await engine.StartAsync();
        return new NoOpWorkflows(engine);
    }

    /// <summary>Runs one workflow and makes sure of its result.</summary>
    public async Task RunAsync()
    {
        var id = await _engine.Client.ScheduleNewOrchestrationInstanceAsync("Five", new Answer(0, "ok"));
        var end = await _engine.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true);
        if (end.RuntimeStatus != RuntimeStatus.Completed || end.ReadOutputAs<Answer>() != new Answer(Activities, "ok"))
        {
            throw new InvalidOperationException($"A workflow ended wrongly: {end.RuntimeStatus} {end.SerializedOutput}");
        }
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    private sealed record Answer(int Number, string Word);
}
