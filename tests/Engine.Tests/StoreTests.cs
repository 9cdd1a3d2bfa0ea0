using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.Store;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Files the engine must refuse, and a disk that fills up.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-store-").FullName;

    private string File => Path.Combine(_folder, "engine.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Sqlite_sleeps_as_long_as_it_means_to_and_not_whole_seconds()
    {
        await using var engine = NewEngine(File);
        await engine.StartAsync();

        Assert.Equal(1, SqliteSleep(1));
    }

    [Theory]
    [InlineData(StoreSynchronous.Full, 2)]
    [InlineData(StoreSynchronous.Normal, 1)]
    public void Sqlite_syncs_as_often_as_the_options_say(StoreSynchronous synchronous, long level)
    {
        using var connection = Schema.Open(new EngineOptions { Path = File, Synchronous = synchronous });
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous";

        Assert.Equal(level, command.ExecuteScalar());
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        await System.IO.File.WriteAllTextAsync(File, new string('x', 5000));

        var refusal = await RefusedAsync(File);

        Assert.Equal("StoreCorrupt", refusal.Code);
        Assert.StartsWith("StoreCorrupt: '" + File, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(5000, new FileInfo(File).Length);
    }

    [Fact]
    public async Task Another_programs_database_is_refused()
    {
        Execute("CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (1)");

        Assert.Equal("StoreForeign", (await RefusedAsync(File)).Code);
    }

    [Fact]
    public async Task A_newer_file_is_refused_naming_both_versions()
    {
        await using (var engine = NewEngine(File))
        {
            await engine.StartAsync();
        }

        Execute("UPDATE schema_version SET version = 7");

        var refusal = await RefusedAsync(File);

        Assert.Equal("StoreNewer", refusal.Code);
        Assert.Contains($"schema version 7; this program knows up to {Sluice.Engine.Store.Schema.Version}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_or_written_is_named()
    {
        await System.IO.File.WriteAllTextAsync(Path.Combine(_folder, "file"), "");
        var below = await RefusedAsync(Path.Combine(_folder, "file", "engine.db"));
        Directory.CreateDirectory(File);
        var folder = await RefusedAsync(File);

        Assert.Equal("StoreUnwritable", below.Code);
        Assert.Contains(Path.Combine(_folder, "file"), below.Message, StringComparison.Ordinal);
        Assert.Equal("StoreUnwritable", folder.Code);
    }

    [Fact]
    public async Task A_full_disk_stops_the_engine_and_loses_nothing_it_acknowledged()
    {
        var acknowledged = new List<string>();
        var payload = new string('x', 2000);
        await using (var engine = NewEngine(File, maxPages: 60))
        {
            await engine.StartAsync();
            var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("collect", 0, new StartOptions { InstanceId = "i" });
            var refusal = await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                while (true)
                {
                    var letter = $"{acknowledged.Count}";
                    await engine.Client.RaiseEventAsync(id, "letter", letter + payload);
                    acknowledged.Add(letter);
                }
            });

            var fatal = Assert.IsType<EngineStoreException>(await engine.Fatal);
            Assert.Equal("StoreFull", fatal.Code);
            Assert.True(refusal is EngineStoreException or ObjectDisposedException, refusal.ToString());
            await Assert.ThrowsAnyAsync<Exception>(() => engine.Client.WaitForInstanceCompletionAsync(id));
        }

        await using var again = NewEngine(File);
        await again.StartAsync();
        await again.Client.RaiseEventAsync("i", "letter", "end");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var done = await again.Client.WaitForInstanceCompletionAsync("i", getInputsAndOutputs: true, patience.Token);

        Assert.NotEmpty(acknowledged);
        Assert.Equal(acknowledged, done.ReadOutputAs<string[]>()!.Take(acknowledged.Count));
    }

    private static async Task<EngineStoreException> RefusedAsync(string path)
    {
        await using var engine = NewEngine(path);
        return await Assert.ThrowsAsync<EngineStoreException>(() => engine.StartAsync());
    }

    private static EmbeddedEngine NewEngine(string path, int? maxPages = null) => new(
        new DurableTasks().Orchestrator<int, string[]>("collect", async (context, _) =>
        {
            var letters = new List<string>();
            while (await context.WaitForExternalEvent<string>("letter") is var letter && letter != "end")
            {
                letters.Add(letter.TrimEnd('x'));
            }

            return [.. letters];
        }),
        services: null,
        new EngineOptions { Path = path, MaxPages = maxPages });

    private void Execute(string sql)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    // Milliseconds slept, as the build of SQLite has it.
    [DllImport("e_sqlite3", EntryPoint = "sqlite3_sleep", CallingConvention = CallingConvention.Cdecl)]
    private static extern int SqliteSleep(int milliseconds);
}
