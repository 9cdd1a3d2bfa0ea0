using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.Store;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>A file that nobody closed is examined before anything is done with it; one that was closed is not. Copies of files in use.</summary>
public sealed class StoreCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-check-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_whole_file_that_was_not_closed_is_examined_and_goes_on()
    {
        var path = await UnclosedAsync("whole");
        var lines = new LogLines();

        await using var engine = NewEngine(path, lines);
        await engine.StartAsync();

        Assert.Contains("integrity_check found it whole", Assert.Single(lines.Of(3020)), StringComparison.Ordinal);
        Assert.Equal(50, (await engine.Client.QueryAsync(new EngineQuery())).Instances.Count);
    }

    [Fact]
    public async Task A_damaged_file_that_was_not_closed_is_refused_and_left_as_it_is()
    {
        var path = await UnclosedAsync("damaged");
        DamageHistory(path);
        var before = await File.ReadAllBytesAsync(path);

        await using var engine = NewEngine(path, new LogLines());
        var refusal = await Assert.ThrowsAsync<EngineStoreException>(() => engine.StartAsync());

        Assert.Equal("StoreCorrupt", refusal.Code);
        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("restore the last backup", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before.Length, (await File.ReadAllBytesAsync(path)).Length);
    }

    [Fact]
    public async Task A_file_that_was_closed_is_not_examined()
    {
        var path = Path.Combine(_folder, "closed.db");
        await FillAsync(path, stop: true);
        DamageHistory(path);
        var lines = new LogLines();

        await using var engine = NewEngine(path, lines);
        await engine.StartAsync();

        Assert.Empty(lines.Of(3020));
        Assert.Single(lines.Of(3001));
    }

    [Fact]
    public async Task A_backup_is_made_while_work_goes_on_and_has_all_that_was_acknowledged_before()
    {
        var path = Path.Combine(_folder, "busy.db");
        var copy = Path.Combine(_folder, "copy.db");
        await using (var engine = NewEngine(path, new LogLines()))
        {
            await engine.StartAsync();
            using var enough = new CancellationTokenSource();
            var acknowledged = 0;
            var work = Task.Run(async () =>
            {
                while (!enough.IsCancellationRequested)
                {
                    await AddAsync(engine, $"i{acknowledged:00000}");
                    Interlocked.Increment(ref acknowledged);
                }
            });
            await Eventually.AsyncOf(() => Task.FromResult(Volatile.Read(ref acknowledged)), n => n > 200, "work to back up");
            var before = Volatile.Read(ref acknowledged);

            await engine.Client.BackupAsync(copy);

            var during = Volatile.Read(ref acknowledged);
            await Eventually.AsyncOf(() => Task.FromResult(Volatile.Read(ref acknowledged)), n => n > during + 10, "work after the backup");
            await enough.CancelAsync();
            await work;
            await Assert.ThrowsAsync<EngineStoreException>(() => engine.Client.BackupAsync(copy));

            await using var restored = NewEngine(copy, new LogLines());
            await restored.StartAsync();
            for (var i = 0; i < before; i++)
            {
                Assert.NotNull(await restored.Client.GetInstanceAsync($"i{i:00000}"));
            }

            await restored.Client.RaiseEventAsync("i00000", "go", 7);
            Assert.Equal(7, (await restored.Client.WaitForInstanceCompletionAsync("i00000", true)).ReadOutputAs<int>());
            Assert.Equal(RuntimeStatus.Running, (await engine.Client.GetInstanceAsync("i00000"))?.RuntimeStatus);
        }

        Assert.Empty(Directory.GetFiles(_folder, "*.partial"));
    }

    [Fact]
    public async Task A_backup_that_cannot_be_written_says_so_and_leaves_nothing()
    {
        await using var engine = NewEngine(Path.Combine(_folder, "engine.db"), new LogLines());
        await engine.StartAsync();

        var refusal = await Assert.ThrowsAsync<EngineStoreException>(() => engine.Client.BackupAsync(Path.Combine(_folder, "nowhere", "copy.db")));

        Assert.Contains("nowhere", refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "nowhere")));
    }

    /// <summary>The files as they lie on the disk while an engine runs, as after a power failure.</summary>
    private async Task<string> UnclosedAsync(string name)
    {
        var source = Path.Combine(_folder, "source.db");
        var target = Path.Combine(_folder, name + ".db");
        await using var engine = await FillAsync(source, stop: false);
        Schema.OpenReader(source).Dispose();
        using (var connection = new SqliteConnection($"Data Source={source};Pooling=False"))
        {
            // What has been written is in the file itself; what is written after it, in the log.
            connection.Open();
            Schema.Execute(connection, "PRAGMA wal_checkpoint(RESTART)");
        }

        await AddAsync(engine, "last");
        File.Copy(source, target);
        File.Copy(source + "-wal", target + "-wal");
        return target;
    }

    private static async Task<EmbeddedEngine> FillAsync(string path, bool stop)
    {
        var engine = NewEngine(path, new LogLines());
        await engine.StartAsync();
        for (var i = 0; i < 49; i++)
        {
            await AddAsync(engine, $"i{i}");
        }

        foreach (var i in Enumerable.Range(0, 49))
        {
            await engine.Client.WaitForInstanceStartAsync($"i{i}");
        }

        if (stop)
        {
            await engine.StopAsync();
        }

        return engine;
    }

    private static Task AddAsync(EmbeddedEngine engine, string id) =>
        engine.Client.ScheduleNewOrchestrationInstanceAsync("waits", 1, new StartOptions { InstanceId = id });

    private static EmbeddedEngine NewEngine(string path, LogLines lines) => new(
        new DurableTasks().Orchestrator<int, int>("waits", (context, _) => context.WaitForExternalEvent<int>("go")),
        services: null,
        new EngineOptions { Path = path },
        lines);

    /// <summary>Overwrites what the root page of the histories points to.</summary>
    private static void DamageHistory(string path)
    {
        long page;
        long size;
        var copy = path + ".look";
        File.Copy(path, copy);
        using (var connection = new SqliteConnection($"Data Source={copy};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT rootpage FROM sqlite_master WHERE name = 'history'";
            page = (long)command.ExecuteScalar()!;
            command.CommandText = "PRAGMA page_size";
            size = (long)command.ExecuteScalar()!;
        }

        using var stream = File.OpenWrite(path);
        stream.Position = ((page - 1) * size) + 8;
        stream.Write(Enumerable.Repeat((byte)0xFF, 200).ToArray());
    }
}
