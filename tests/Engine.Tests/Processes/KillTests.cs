using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.EngineProcess;

namespace Sluice.Engine.Tests.Processes;

/// <summary>A process with hundreds of workflows under way is killed again and again.</summary>
public sealed class KillTests : IDisposable
{
    private const int Rounds = 20;
    private const int Workflows = 500;
    private const int AttemptLength = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-kill-").FullName;

    private string File => Path.Combine(_folder, "engine.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Killed_20_times_with_500_workflows_none_is_lost_and_only_what_had_no_result_runs_again()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(15));
        var random = new Random(20);
        var mayRepeat = new Dictionary<string, int>();
        var caught = 0;
        for (var round = 0; round < Rounds; round++)
        {
            await KillAsync(round * Workflows, random.Next(Workflows * ManyWorkflows.Activities * AttemptLength), patience.Token);

            // A workflow does one activity at a time: the one that ran is the last it began.
            var last = ManyWorkflows.Attempts(_folder).Read().GroupBy(a => a.Split('/')[0]).ToDictionary(g => g.Key, g => g.Last());
            foreach (var running in OpenWorkflows().Select(w => last.GetValueOrDefault(w)).OfType<string>())
            {
                mayRepeat[running] = mayRepeat.GetValueOrDefault(running) + 1;
                caught++;
            }
        }

        Assert.True(caught > Rounds, $"Only {caught} activities were running at {Rounds} kills.");
        Assert.Equal("ok", Integrity.Check(File));
        var acknowledged = ManyWorkflows.Acknowledged(_folder).Read();
        await using var engine = ManyWorkflows.NewEngine(_folder);
        await engine.StartAsync(patience.Token);
        foreach (var id in acknowledged)
        {
            Assert.True(await engine.Client.GetInstanceAsync(id, cancellationToken: patience.Token) is not null, $"{id} was acknowledged and is lost.");
        }

        // Those that the killed client did not hear of may exist or not.
        var unheard = Enumerable.Range(0, Rounds * Workflows).ExceptBy(acknowledged, ManyWorkflows.Id);
        await Task.WhenAll(unheard.Select(n => ManyWorkflows.StartAsync(engine.Client, n)));
        for (var number = 0; number < Rounds * Workflows; number++)
        {
            var end = await engine.Client.WaitForInstanceCompletionAsync(ManyWorkflows.Id(number), getInputsAndOutputs: true, patience.Token);
            Assert.Equal((RuntimeStatus.Completed, ManyWorkflows.Output(number)), (end.RuntimeStatus, end.ReadOutputAs<string>()));
        }

        var repeats = ManyWorkflows.Attempts(_folder).Read().CountBy(a => a).Where(a => a.Value > 1 + mayRepeat.GetValueOrDefault(a.Key)).ToList();
        Assert.True(repeats.Count == 0, $"Ran again though their results were in the file, or never began: {string.Join(", ", repeats)}");
    }

    /// <summary>Starts a process and kills it when it has begun so many activities, measured in bytes of its file.</summary>
    private async Task KillAsync(int first, int after, CancellationToken token)
    {
        var attempts = ManyWorkflows.Attempts(_folder);
        var before = attempts.Length;
        using var process = Process.Start(Child.StartInfo("many", _folder, $"{first}", $"{Workflows}"))!;
        try
        {
            while (attempts.Length - before < after)
            {
                Assert.False(process.HasExited, "The engine's process ended by itself.");
                await Task.Delay(5, token);
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(token);
        }
    }

    private List<string> OpenWorkflows()
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT i.id FROM activities a JOIN instances i ON i.key = a.instance";
        using var reader = command.ExecuteReader();
        var ids = new List<string>();
        while (reader.Read())
        {
            ids.Add(reader.GetString(0));
        }

        return ids;
    }
}
