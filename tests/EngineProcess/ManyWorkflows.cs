using Sluice.Durable;
using Sluice.Engine;
using Sluice.Testing;

namespace Sluice.EngineProcess;

/// <summary>Hundreds of short workflows at once; what was started and what ran is in files that survive a kill.</summary>
public static class ManyWorkflows
{
    /// <summary>Activities of one workflow, one after another.</summary>
    public const int Activities = 3;

    /// <summary>Ids that were acknowledged.</summary>
    public static AppendedLines Acknowledged(string folder) => new(Path.Combine(folder, "acknowledged"));

    /// <summary>Attempts at activities, <c>workflow/number</c>, noted before they act.</summary>
    public static AppendedLines Attempts(string folder) => new(Path.Combine(folder, "attempts"));

    /// <summary>An engine on a folder that can do this work.</summary>
    public static EmbeddedEngine NewEngine(string folder)
    {
        var attempts = Attempts(folder);
        var tasks = new DurableTasks()
            .Activity<Step, int>("Step", async (step, cancellationToken) =>
            {
                attempts.Add($"{step.Workflow}/{step.Number}");
                await Task.Delay(5, cancellationToken);
                return step.Number + 1;
            })
            .Orchestrator<int, string>("Work", async (context, seed) =>
            {
                var results = new List<int>();
                for (var i = 0; i < Activities; i++)
                {
                    results.Add(seed + await context.CallActivityAsync<int>("Step", new Step(context.InstanceId, i)));
                }

                return string.Join(',', results);
            });
        return new EmbeddedEngine(tasks, services: null, new EngineOptions { Path = Path.Combine(folder, "engine.db") });
    }

    /// <summary>The id of a workflow.</summary>
    public static string Id(int number) => $"w{number}";

    /// <summary>What a workflow returns.</summary>
    public static string Output(int number) => string.Join(',', Enumerable.Range(1, Activities).Select(i => number + i));

    /// <summary>Starts one; does nothing when it exists.</summary>
    public static async Task StartAsync(EngineClient client, int number)
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync("Work", number, new StartOptions { InstanceId = Id(number) });
        }
        catch (InstanceExistsException)
        {
            // It was started, and the client did not hear of it.
        }
    }

    /// <summary>Goes on with what the folder holds, starts so many more, and runs until it is killed.</summary>
    public static async Task RunAsync(string folder, int first, int count)
    {
        var acknowledged = Acknowledged(folder);
        await using var engine = NewEngine(folder);
        await engine.StartAsync();
        await Task.WhenAll(Enumerable.Range(first, count).Select(async number =>
        {
            await StartAsync(engine.Client, number);
            acknowledged.Add(Id(number));
        }));
        await Task.Delay(Timeout.InfiniteTimeSpan);
    }

    private sealed record Step(string Workflow, int Number);
}
