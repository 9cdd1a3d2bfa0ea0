using Sluice.Durable;
using Sluice.Engine;
using Sluice.Testing;

namespace Sluice.EngineProcess;

/// <summary>
/// A little of everything: activities at once, timers, children, continue-as-new, events, suspension, termination, a long payload. A client
/// takes fixed steps, each of which may be taken twice; the outcome is always the same.
/// </summary>
public static class MixedWork
{
    private const int Letters = 6;
    private static readonly string LongText = string.Concat(Enumerable.Range(0, 4_000).Select(i => $"{i:x} "));

    /// <summary>What the client does, in order.</summary>
    public static IReadOnlyList<Func<EngineClient, Task>> Steps { get; } =
    [
        c => StartAsync(c, "Collect", Letters, "collect"),
        c => StartAsync(c, "Sum", 1, "sum-1"),
        c => RaiseAsync(c, 0),
        c => StartAsync(c, "Rounds", new Round(0, 0), "rounds"),
        c => RaiseAsync(c, 1),
        c => TellAsync(() => c.SuspendInstanceAsync("collect", "a break")),
        c => RaiseAsync(c, 2),
        c => StartAsync(c, "Echo", LongText, "echo"),
        c => StartAsync(c, "Collect", Letters, "ended"),
        c => RaiseAsync(c, 3),
        c => TellAsync(() => c.ResumeInstanceAsync("collect", "go on")),
        c => TellAsync(() => c.TerminateInstanceAsync("ended", "enough")),
        c => StartAsync(c, "Sum", 2, "sum-2"),
        c => RaiseAsync(c, 4),
        c => RaiseAsync(c, 5),
    ];

    /// <summary>All instances that a client starts, and after which step.</summary>
    public static IReadOnlyDictionary<string, int> Instances { get; } = new Dictionary<string, int>
    {
        ["collect"] = 0,
        ["sum-1"] = 1,
        ["rounds"] = 3,
        ["echo"] = 7,
        ["ended"] = 8,
        ["sum-2"] = 12,
    };

    private static int Half => Steps.Count / 2;

    /// <summary>An engine on a folder that can do this work.</summary>
    public static EmbeddedEngine NewEngine(string folder) => new(Tasks(), services: null, new EngineOptions { Path = Path.Combine(folder, "engine.db") });

    /// <summary>The steps that the client of a folder was told are done.</summary>
    public static AppendedLines Acknowledged(string folder) => new(Path.Combine(folder, "acknowledged"));

    /// <summary>Does all steps, with a stop and a start in between, and waits for the outcome.</summary>
    public static async Task RunAsync(string folder)
    {
        await using (var engine = NewEngine(folder))
        {
            await engine.StartAsync();
            await StepAsync(engine.Client, folder, 0, Half);
        }

        await using (var engine = NewEngine(folder))
        {
            await engine.StartAsync();
            await StepAsync(engine.Client, folder, Half, Steps.Count);
            await OutcomeAsync(engine.Client);
        }
    }

    /// <summary>Takes some of the steps, noting each when it is done.</summary>
    public static async Task StepAsync(EngineClient client, string folder, int from, int to)
    {
        var acknowledged = Acknowledged(folder);
        for (var i = from; i < to; i++)
        {
            await Steps[i](client);
            acknowledged.Add($"{i}");
        }
    }

    /// <summary>Waits for the end of everything, and says how it ended.</summary>
    public static async Task<string> OutcomeAsync(EngineClient client, CancellationToken cancellationToken = default)
    {
        var lines = new List<string>();
        foreach (var id in Instances.Keys)
        {
            var end = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, cancellationToken);
            lines.Add($"{id}: {end.RuntimeStatus} {end.SerializedOutput} {end.SerializedCustomStatus}");
        }

        return string.Join('\n', lines);
    }

    private static DurableTasks Tasks() => new DurableTasks()
        .Activity<int, int>("Double", n => 2 * n)
        .Activity<string, string>("Echo", text => text)
        .Orchestrator<int, int>("Child", async (context, n) => await context.CallActivityAsync<int>("Double", n))
        .Orchestrator<int, int>("Sum", async (context, n) =>
        {
            var parts = Enumerable.Range(n, 3).Select(i => context.CallActivityAsync<int>("Double", i)).ToList();
            parts.Add(context.CallSubOrchestratorAsync<int>("Child", 10 * n, new SubOrchestrationOptions { InstanceId = $"child-{n}" }));
            await context.CreateTimer(TimeSpan.FromMilliseconds(3));
            return (await Task.WhenAll(parts)).Sum();
        })
        .Orchestrator<Round, int>("Rounds", async (context, round) =>
        {
            var total = round.Total + await context.CallActivityAsync<int>("Double", round.Number);
            if (round.Number < 3)
            {
                await context.CreateTimer(TimeSpan.FromMilliseconds(1));
                context.ContinueAsNew(new Round(round.Number + 1, total));
            }

            return total;
        })
        .Orchestrator<string, string>("Echo", async (context, text) =>
        {
            var echo = await context.CallActivityAsync<string>("Echo", text);
            context.SetCustomStatus(echo.Length);
            return echo;
        })
        .Orchestrator<int, string>("Collect", async (context, count) =>
        {
            // A letter that was sent twice counts once.
            var letters = new SortedSet<int>();
            while (letters.Count < count)
            {
                letters.Add(await context.WaitForExternalEvent<int>("Letter"));
                context.SetCustomStatus(letters.Count);
            }

            return string.Join(',', letters);
        });

    private static async Task StartAsync(EngineClient client, string orchestrator, object input, string id)
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, new StartOptions { InstanceId = id });
        }
        catch (InstanceExistsException)
        {
            // It was started, and the client did not hear of it.
        }
    }

    private static Task RaiseAsync(EngineClient client, int letter) => TellAsync(() => client.RaiseEventAsync("collect", "Letter", letter));

    private static async Task TellAsync(Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (InstanceStateException)
        {
            // It was told before, and ended.
        }
    }

    private sealed record Round(int Number, int Total);
}
