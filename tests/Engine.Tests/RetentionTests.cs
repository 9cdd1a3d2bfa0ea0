using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Ended instances go by age and count, by themselves; what lives and what it may need stays.</summary>
public sealed class RetentionTests
{
    [Fact]
    public async Task An_ended_instance_goes_when_it_comes_of_age_and_the_clock_is_left_alone_then()
    {
        await using var engine = await StartAsync(new RetentionPolicy { MaxAge = TimeSpan.FromDays(3) });
        await AddAsync(engine, "echo", "first");
        await engine.AdvanceAsync(TimeSpan.FromDays(2));
        await AddAsync(engine, "echo", "second");
        await engine.SettleAsync();

        await engine.AdvanceAsync(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.Equal(["first", "second"], await IdsAsync(engine));
        await engine.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(["second"], await IdsAsync(engine));
        await engine.AdvanceAsync(TimeSpan.FromDays(2));
        Assert.Empty(await IdsAsync(engine));
        Assert.Null(engine.Clock.NextDue);
    }

    [Fact]
    public async Task The_age_counts_from_the_end_and_may_differ_by_status()
    {
        await using var engine = await StartAsync(new RetentionPolicy
        {
            MaxAge = TimeSpan.FromDays(1),
            MaxAgeByStatus = new Dictionary<RuntimeStatus, TimeSpan> { [RuntimeStatus.Failed] = TimeSpan.FromDays(10) },
        });
        await AddAsync(engine, "fails", "failed");
        await AddAsync(engine, "waits", "waited");
        await engine.AdvanceAsync(TimeSpan.FromDays(5));
        await engine.Client.RaiseEventAsync("waited", "go", 1);
        await engine.SettleAsync();

        Assert.Equal(["failed", "waited"], await IdsAsync(engine));
        await engine.AdvanceAsync(TimeSpan.FromHours(25));
        Assert.Equal(["failed"], await IdsAsync(engine));
        await engine.AdvanceAsync(TimeSpan.FromDays(4));
        Assert.Empty(await IdsAsync(engine));
    }

    [Fact]
    public async Task Of_too_many_the_oldest_go_at_once_a_few_in_a_commit()
    {
        await using var engine = await StartAsync(new RetentionPolicy { MaxCount = 10 });
        await AddAsync(engine, "waits", "living");
        for (var i = 0; i < 30; i++)
        {
            await AddAsync(engine, "echo", $"e{i:00}");
            await engine.SettleAsync();
        }

        Assert.Equal(["living", .. Enumerable.Range(20, 10).Select(i => $"e{i:00}")], await IdsAsync(engine));
    }

    [Fact]
    public async Task What_is_too_old_or_too_much_at_the_start_goes_then()
    {
        var policy = (RetentionPolicy?)null;
        await using var engine = await VirtualEngine.StartAsync(Sample(), options: new VirtualEngineOptions { Adjust = o => o.Retention = policy });
        for (var i = 0; i < 250; i++)
        {
            await AddAsync(engine, "echo", $"old{i:000}");
        }

        await engine.AdvanceAsync(TimeSpan.FromDays(5));
        await AddAsync(engine, "echo", "new");
        await AddAsync(engine, "echo", "newer");
        await engine.SettleAsync();
        policy = new RetentionPolicy { MaxAge = TimeSpan.FromDays(2), MaxCount = 1 };

        await engine.StopAndStartAsync();
        await engine.SettleAsync();

        Assert.Equal(["newer"], await IdsAsync(engine));
        Assert.Equal(4, engine.Commits);
    }

    [Fact]
    public async Task A_child_stays_while_an_ancestor_lives()
    {
        await using var engine = await StartAsync(new RetentionPolicy { MaxAge = TimeSpan.FromHours(1), MaxCount = 0 });
        await AddAsync(engine, "grandparent", "g");
        await engine.AdvanceAsync(TimeSpan.FromDays(3));

        Assert.Equal(3, (await IdsAsync(engine)).Count);
        await engine.Client.RaiseEventAsync("g", "go", 1);
        await engine.AdvanceAsync(TimeSpan.FromHours(2));

        Assert.Empty(await IdsAsync(engine));
    }

    [Theory]
    [InlineData(RuntimeStatus.Running, 1, 1)]
    [InlineData(RuntimeStatus.Failed, -1, 1)]
    [InlineData(RuntimeStatus.Failed, 1, -1)]
    public void A_policy_that_cannot_be_is_refused(RuntimeStatus status, int days, int count)
    {
        var options = new EngineOptions
        {
            Path = "engine.db",
            Retention = new RetentionPolicy { MaxCount = count, MaxAgeByStatus = new Dictionary<RuntimeStatus, TimeSpan> { [status] = TimeSpan.FromDays(days) } },
        };

        Assert.ThrowsAny<ArgumentException>(() => new EmbeddedEngine(Sample(), null, options));
    }

    private static Task<VirtualEngine> StartAsync(RetentionPolicy policy) =>
        VirtualEngine.StartAsync(Sample(), options: new VirtualEngineOptions { Adjust = o => o.Retention = policy });

    private static Task AddAsync(VirtualEngine engine, string name, string id) =>
        engine.Client.ScheduleNewOrchestrationInstanceAsync(name, 1, new StartOptions { InstanceId = id });

    private static async Task<List<string>> IdsAsync(VirtualEngine engine) =>
        [.. (await engine.Client.QueryAsync(new EngineQuery { PageSize = 1000 })).Instances.Select(i => i.InstanceId)];

    private static DurableTasks Sample() => new DurableTasks()
        .Orchestrator<int, int>("echo", (_, n) => Task.FromResult(n))
        .Orchestrator<int, int>("fails", (_, _) => throw new InvalidOperationException("it was told to fail"))
        .Orchestrator<int, int>("waits", (context, _) => context.WaitForExternalEvent<int>("go"))
        .Orchestrator<int, int>("parent", (context, n) => context.CallSubOrchestratorAsync<int>("echo", n))
        .Orchestrator<int, int>("grandparent", async (context, n) =>
        {
            await context.CallSubOrchestratorAsync<int>("parent", n);
            return await context.WaitForExternalEvent<int>("go");
        });
}
