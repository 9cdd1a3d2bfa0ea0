using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.Store;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>A file of an earlier version, with instances in every state, is taken over.</summary>
public sealed class MigrationTests
{
    private const string Child = "6b16a871e0125d16ae49198929e89185";

    [Fact]
    public async Task What_version_1_left_unfinished_runs_to_its_end()
    {
        await using var engine = await OnVersion1Async();

        await engine.SettleAsync();
        await engine.Client.ResumeInstanceAsync("suspended");
        await engine.Client.RaiseEventAsync("suspended", "letter", "two");
        await engine.Client.RaiseEventAsync("listens", "letter", "two");
        await engine.Client.RaiseEventAsync("scheduled", "letter", "two");

        Assert.Equal("é-ended..", await OutputAsync("ended"));
        Assert.Equal("é-listens: one, two", await OutputAsync("listens"));
        Assert.Equal("é-suspended: kept, two", await OutputAsync("suspended"));
        Assert.Equal("é-works..", await OutputAsync("works"));
        Assert.Equal("é-parent..", await OutputAsync("parent"));
        Assert.Equal("é-scheduled: early, two", await OutputAsync("scheduled"));
        Assert.Equal("é-parent..", await OutputAsync(Child));

        async Task<string?> OutputAsync(string id) => (await engine.RunAsync(id)).ReadOutputAs<string>();
    }

    [Fact]
    public async Task What_version_1_wrote_is_found_by_its_words_and_its_end()
    {
        await using var engine = await OnVersion1Async();

        Assert.Equal(
            ["ended", "listens", "suspended", "parent", "scheduled", "works"],
            await IdsAsync(new EngineQuery { Tags = new Dictionary<string, string> { ["made by"] = "version 1" } }));
        Assert.Equal(["ended"], await IdsAsync(new EngineQuery { Statuses = [RuntimeStatus.Completed, RuntimeStatus.Failed] }));
        Assert.Equal(2, await engine.Client.PurgeInstanceAsync(await EndAsync("parent"), recursive: true));
        Assert.Equal(Schema.Version, Number(engine.Path, "SELECT version FROM schema_version"));

        async Task<string> EndAsync(string id) => (await engine.RunAsync(id)).InstanceId;

        async Task<IEnumerable<string>> IdsAsync(EngineQuery query) => (await engine.Client.QueryAsync(query)).Instances.Select(i => i.InstanceId);
    }

    [Fact]
    public async Task What_sleeps_in_a_file_of_version_1_is_replayed_before_the_upgrade_and_the_file_stays_as_it_is()
    {
        await using var engine = await VirtualEngine.StartAsync(Sample());
        await engine.Engine.StopAsync();
        WriteVersion1(engine.Path);

        var verdicts = StoredHistory.ReadFile(engine.Path).Select(new ReplayCheck(Sample()).Check).ToList();

        Assert.Equal(["listens", "suspended", "parent", "scheduled", Child, "works"], verdicts.Select(v => v.InstanceId));
        Assert.All(verdicts, v => Assert.Null(v.Fault));
        Assert.Equal(1, Number(engine.Path, "SELECT version FROM schema_version"));
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_the_file_as_it_was()
    {
        await using var engine = await VirtualEngine.StartAsync(Sample());
        await engine.Engine.StopAsync();
        WriteVersion1(engine.Path, "CREATE TABLE tags (in_the_way INTEGER);");

        await Assert.ThrowsAsync<EngineStoreException>(() => engine.RestartAsync());

        Assert.Equal(1, Number(engine.Path, "SELECT version FROM schema_version"));
        Assert.Equal(0, Number(engine.Path, "SELECT count(*) FROM pragma_table_info('instances') WHERE name = 'ended'"));
    }

    private static async Task<VirtualEngine> OnVersion1Async()
    {
        var engine = await VirtualEngine.StartAsync(Sample());
        await engine.Engine.StopAsync();
        WriteVersion1(engine.Path);
        await engine.RestartAsync();
        return engine;
    }

    private static void WriteVersion1(string path, string more = "")
    {
        File.Delete(path);
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Files", "version-1.sql")) + more;
        command.ExecuteNonQuery();
    }

    private static long Number(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static DurableTasks Sample() => new DurableTasks()
        .Activity<string, string>("append", s => s + ".")
        .Orchestrator<string, string>("steps", async (context, input) =>
        {
            context.SetCustomStatus("stepping");
            var text = await context.CallActivityAsync<string>("append", input);
            await context.CreateTimer(TimeSpan.FromHours(1));
            return await context.CallActivityAsync<string>("append", text);
        })
        .Orchestrator<string, string>("letters", async (context, input) =>
        {
            var first = await context.WaitForExternalEvent<string>("letter");
            return $"{input}: {first}, {await context.WaitForExternalEvent<string>("letter")}";
        })
        .Orchestrator<string, string>("parent", (context, input) => context.CallSubOrchestratorAsync<string>("steps", input));
}
