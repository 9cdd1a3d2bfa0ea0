using Sluice.Durable;
using Sluice.Engine.Store;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>What is purged is gone from every table; what lives stays.</summary>
public sealed class PurgeTests
{
    [Fact]
    public async Task An_instance_goes_with_everything_that_belongs_to_it()
    {
        await using var engine = await VirtualEngine.StartAsync(Sample());
        await StartAsync(engine, "parent", "p");
        await engine.RunAsync("p");

        var count = await engine.Client.PurgeInstanceAsync("p", recursive: true);

        // The parent, its two children, and two of each of these.
        Assert.Equal(7, count);
        Assert.All(Rows(engine), table => Assert.Equal(0, table.Value));
    }

    [Fact]
    public async Task Children_stay_when_only_the_parent_is_to_go()
    {
        await using var engine = await VirtualEngine.StartAsync(Sample());
        await StartAsync(engine, "parent", "p");
        await engine.RunAsync("p");

        Assert.Equal(1, await engine.Client.PurgeInstanceAsync("p"));
        Assert.Equal(6, Rows(engine)["instances"]);
    }

    [Fact]
    public async Task A_living_child_is_never_purged_with_its_parent()
    {
        await using var engine = await VirtualEngine.StartAsync(Sample());
        await StartAsync(engine, "waits for child", "p");
        await engine.SettleAsync();
        await engine.Client.TerminateInstanceAsync("p");
        await engine.SettleAsync();

        Assert.Equal(1, await engine.Client.PurgeInstanceAsync("p", recursive: true));
        Assert.Equal(RuntimeStatus.Running, Assert.Single((await engine.Client.QueryAsync(new EngineQuery())).Instances).RuntimeStatus);
    }

    [Fact]
    public async Task Many_are_purged_in_commits_of_a_hundred_and_counted()
    {
        await using var engine = await VirtualEngine.StartAsync(Sample());
        await StartAsync(engine, "waits", "living");
        for (var i = 0; i < 250; i++)
        {
            await StartAsync(engine, "echo", $"e{i}");
        }

        await StartAsync(engine, "fails", "failed");
        await engine.SettleAsync();
        var before = engine.Commits;

        var none = await engine.Client.PurgeAllInstancesAsync(new PurgeFilter(CreatedTo: engine.Now.AddDays(-1)));
        var failed = await engine.Client.PurgeAllInstancesAsync(new PurgeFilter(Statuses: [RuntimeStatus.Failed, RuntimeStatus.Running]));
        var rest = await engine.Client.PurgeAllInstancesAsync(new PurgeFilter(CreatedFrom: engine.Now));

        Assert.Equal((0, 1, 250), (none, failed, rest));
        Assert.Equal(1 + 3, engine.Commits - before);
        Assert.Equal(1, Rows(engine)["instances"]);
        Assert.Equal(2, Rows(engine)["tags"]);
    }

    private static Task<string> StartAsync(VirtualEngine engine, string name, string id) => engine.Client.ScheduleNewOrchestrationInstanceAsync(
        name, 2, new StartOptions { InstanceId = id, Tags = new Dictionary<string, string> { ["id"] = id, ["kind"] = name } });

    private static Dictionary<string, long> Rows(VirtualEngine engine)
    {
        using var connection = Schema.OpenReader(engine.Path);
        using var statement = new Statement(
            connection,
            """
            SELECT 'instances', count(*) FROM instances UNION ALL SELECT 'tags', count(*) FROM tags UNION ALL SELECT 'history', count(*) FROM history
            UNION ALL SELECT 'inbox', count(*) FROM inbox UNION ALL SELECT 'activities', count(*) FROM activities UNION ALL SELECT 'timers', count(*) FROM timers
            """);
        return statement.Read(r => (r.GetString(0), r.GetInt64(1))).ToDictionary();
    }

    private static DurableTasks Sample() => new DurableTasks()
        .Activity<int, int>("add", n => n + 1)
        .Orchestrator<int, int>("echo", (_, n) => Task.FromResult(n))
        .Orchestrator<int, int>("fails", (_, _) => throw new InvalidOperationException("it was told to fail"))
        .Orchestrator<int, int>("waits", (context, _) => context.WaitForExternalEvent<int>("go"))
        .Orchestrator<int, int>("waits for child", (context, n) => context.CallSubOrchestratorAsync<int>("waits", n))
        .Orchestrator<int, int>("parent", async (context, n) =>
        {
            var children = n == 0 ? [] : await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => context.CallSubOrchestratorAsync<int>("parent", n - 1)));
            return await context.CallActivityAsync<int>("add", children.Sum());
        });
}
