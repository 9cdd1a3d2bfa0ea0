using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine;
using Sluice.Testing;

namespace Sluice.Benchmarks.Engine;

/// <summary>
/// Whether a fixed amount of work costs the same however much the file holds: 1,000 to 1,000,000 ended instances, and histories of 10 to
/// 5,000 events. And how long a history of 5,000 events takes to replay.
/// </summary>
internal static class Growth
{
    private const int Workflows = 500;
    private const int EventsPerCall = 4;
    private const int EventsPerRound = 10_000;

    private static readonly int[] Sizes = [1_000, 10_000, 100_000, 1_000_000];
    private static readonly int[] Lengths = [10, 100, 1_000, 5_000];

    public static async Task<Figures> MeasureAsync(string folder, Scale scale)
    {
        var figures = new Figures();
        await MeasureInstancesAsync(folder, figures);
        await MeasureHistoryAsync(Path.Combine(folder, "history.db"), figures);
        return figures;
    }

    private static async Task MeasureInstancesAsync(string folder, Figures figures)
    {
        var model = Path.Combine(folder, "model.db");
        await using (var engine = await NoOpWorkflows.StartAsync(model))
        {
            await engine.RunAsync();
        }

        // Once without counting, for the compiler.
        await WorkAsync(Path.Combine(folder, "first.db"));
        foreach (var size in Sizes)
        {
            var path = Path.Combine(folder, $"{size}.db");
            File.Copy(model, path);
            Fill(path, size);
            figures[$"cpuMicrosecondsAt{size}Instances"] = await WorkAsync(path);
            File.Delete(path);
        }

        figures["growthRatio"] = figures[$"cpuMicrosecondsAt{Sizes[^1]}Instances"] / figures[$"cpuMicrosecondsAt{Sizes[0]}Instances"];
    }

    /// <summary>CPU time a workflow; the smallest of five rounds, which is the one that was disturbed least.</summary>
    private static async Task<double> WorkAsync(string path)
    {
        await using var engine = await NoOpWorkflows.StartAsync(path);
        await Concurrently.RunAsync(64, Workflows, _ => engine.RunAsync());
        var rounds = new List<double>();
        for (var i = 0; i < Figures.Rounds; i++)
        {
            var cpu = Environment.CpuUsage.TotalTime;
            await Concurrently.RunAsync(64, Workflows, _ => engine.RunAsync());
            rounds.Add((Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / Workflows);
        }

        return rounds.Min();
    }

    /// <summary>Copies the one ended instance of a file, with its history, until there are so many: real runs of a million would take an hour.</summary>
    private static void Fill(string path, int size)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        var columns = string.Join(", ", Columns(connection, "instances").Where(c => c is not ("key" or "id")));
        var history = string.Join(", ", Columns(connection, "history").Where(c => c != "position"));
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            PRAGMA synchronous = OFF;
            BEGIN;
            CREATE TEMP TABLE copies (key INTEGER PRIMARY KEY);
            WITH RECURSIVE n(key) AS (SELECT 2 UNION ALL SELECT key + 1 FROM n WHERE key < {size}) INSERT INTO copies SELECT key FROM n;
            CREATE TEMP TABLE turns AS SELECT position & 0xFFFFFF AS turn, {history} FROM history;
            INSERT INTO instances (key, id, {columns}) SELECT copies.key, lower(hex(randomblob(16))), {columns} FROM copies, instances WHERE instances.key = 1;
            INSERT INTO history (position, {history}) SELECT copies.key << 24 | turn, {history} FROM copies CROSS JOIN turns;
            COMMIT;
            """;
        command.CommandTimeout = 600;
        command.ExecuteNonQuery();
        command.CommandText = "SELECT count(*) FROM instances";
        var present = (long)command.ExecuteScalar()!;
        if (present != size)
        {
            throw new InvalidOperationException($"The file holds {present} instances instead of {size}.");
        }
    }

    private static List<string> Columns(SqliteConnection connection, string table)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT name FROM pragma_table_info('{table}')";
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private static async Task MeasureHistoryAsync(string path, Figures figures)
    {
        var tasks = new DurableTasks()
            .Activity<int, int>("Next", n => n + 1)
            .Orchestrator<int, int>("Count", async (context, calls) =>
            {
                var count = 0;
                while (count < calls)
                {
                    count = await context.CallActivityAsync<int>("Next", count);
                }

                await context.CallActivityAsync<int>("Counted", context.InstanceId);
                await context.WaitForExternalEvent<bool>("Go");
                return count;
            });
        var counted = new ConcurrentDictionary<string, TaskCompletionSource>();
        tasks.Activity<string, int>("Counted", id =>
        {
            counted[id].TrySetResult();
            return 0;
        });
        await using (var engine = await StartAsync(path, tasks))
        {
            foreach (var length in Lengths)
            {
                var rounds = new List<double>();
                for (var round = 0; round < Figures.Rounds; round++)
                {
                    var cpu = Environment.CpuUsage.TotalTime;
                    await Concurrently.RunAsync(2, EventsPerRound / length, async number =>
                    {
                        var id = $"{length}-{(round * EventsPerRound / length) + number}";
                        counted[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Count", length / EventsPerCall, new StartOptions { InstanceId = id });
                        await counted[id].Task;
                    });
                    rounds.Add((Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / EventsPerRound);
                }

                figures[$"cpuMicrosecondsPerEventOf{length}"] = rounds.Min();
            }
        }

        figures["historyGrowthRatio"] = figures[$"cpuMicrosecondsPerEventOf{Lengths[^1]}"] / figures["cpuMicrosecondsPerEventOf100"];

        // A restarted engine has none of them in memory: an event brings each back by replay. The first ones are the compiler's.
        await using var restarted = await StartAsync(path, tasks);
        await ReplayAsync(restarted, 100, 0);
        var longest = Lengths[^1];
        await ReplayAsync(restarted, longest, 0);
        figures[$"replay{longest}Ms"] = await ReplayAsync(restarted, longest, Figures.Rounds) - await ReplayAsync(restarted, 10, 0);
    }

    /// <summary>The median time from an event to the end of five instances that are not in memory, one after another.</summary>
    private static async Task<double> ReplayAsync(EmbeddedEngine engine, int length, int first)
    {
        var times = new List<double>();
        for (var number = first; number < first + Figures.Rounds; number++)
        {
            var started = Stopwatch.GetTimestamp();
            await engine.Client.RaiseEventAsync($"{length}-{number}", "Go", true);
            var end = await engine.Client.WaitForInstanceCompletionAsync($"{length}-{number}", getInputsAndOutputs: true);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (end.RuntimeStatus != RuntimeStatus.Completed || end.ReadOutputAs<int>() != length / EventsPerCall)
            {
                throw new InvalidOperationException($"An instance ended wrongly: {end.RuntimeStatus} {end.SerializedOutput}");
            }
        }

        return Figures.Percentile(times, 0.5);
    }

    private static async Task<EmbeddedEngine> StartAsync(string path, DurableTasks tasks)
    {
        var engine = new EmbeddedEngine(tasks, services: null, new EngineOptions { Path = path });
        await engine.StartAsync();
        return engine;
    }
}
