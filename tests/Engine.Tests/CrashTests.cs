using System.Collections.Concurrent;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Kills at every commit, around every activity, and at random: nothing acknowledged is lost, the outcome is the same.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task A_kill_after_any_commit_changes_nothing_but_the_number_of_attempts()
    {
        var (expected, commits) = await UninterruptedAsync();
        for (var commit = 1; commit <= commits; commit++)
        {
            await using var engine = await VirtualEngine.StartAsync(Workload(new ConcurrentBag<string>()));
            engine.CrashAfterCommit = commit;

            var id = await UntilAcceptedAsync(engine);

            Assert.Equal((commit, expected), (commit, (await engine.RunAsync(id)).SerializedOutput));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_kill_around_any_activity_repeats_that_one_once_and_no_other(bool beforeItActs)
    {
        var (expected, _) = await UninterruptedAsync();
        const int Activities = 10;
        // The first three run side by side: a kill may find more than one of them without a recorded result.
        for (var n = 4; n <= Activities; n++)
        {
            var acted = new ConcurrentBag<string>();
            await using var engine = await VirtualEngine.StartAsync(Workload(acted), options: new VirtualEngineOptions { MaxConcurrentActivities = 1 });
            engine.CrashBeforeActivity = beforeItActs ? n : null;
            engine.CrashAfterActivity = beforeItActs ? null : n;

            var done = await engine.RunAsync(await UntilAcceptedAsync(engine));

            Assert.Equal((n, expected), (n, done.SerializedOutput));
            Assert.Equal(1, engine.Crashes);
            Assert.Equal(Activities + (beforeItActs ? 0 : 1), acted.Count);
            Assert.Equal(Activities, acted.Distinct().Count());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Random_kills_of_many_instances_end_as_an_uninterrupted_run_does(int seed)
    {
        const int Instances = 12;
        var (expected, _) = await UninterruptedAsync();
        var random = new Random(seed);
        await using var engine = await VirtualEngine.StartAsync(
            Workload(new ConcurrentBag<string>()),
            options: new VirtualEngineOptions { MaxCachedInstances = random.Next(3) * 4, MaxConcurrentActivities = 1 + random.Next(8) });
        var ids = new List<string>();
        for (var i = 0; i < Instances; i++)
        {
            Arm();
            ids.Add(await UntilAcceptedAsync(engine));
            await engine.AdvanceAsync(TimeSpan.FromMinutes(random.Next(40)));
        }

        foreach (var id in ids)
        {
            Arm();
            Assert.Equal((id, expected), (id, (await engine.RunAsync(id)).SerializedOutput));
        }

        void Arm()
        {
            switch (random.Next(4))
            {
                case 0:
                    engine.CrashAfterActivity = engine.ActivitiesActed + 1 + random.Next(5);
                    break;
                case 1:
                    engine.CrashBeforeActivity = engine.ActivitiesBegun + 1 + random.Next(5);
                    break;
                default:
                    engine.CrashAfterCommit = engine.Commits + 1 + random.Next(20);
                    break;
            }
        }
    }

    private static async Task<(string Output, long Commits)> UninterruptedAsync()
    {
        await using var engine = await VirtualEngine.StartAsync(Workload(new ConcurrentBag<string>()));
        var done = await engine.RunAsync(await UntilAcceptedAsync(engine));
        Assert.Equal(RuntimeStatus.Completed, done.RuntimeStatus);
        return (done.SerializedOutput!, engine.Commits);
    }

    /// <summary>Starts the workload and sends its events, each again and again until it is acknowledged, as a client would.</summary>
    private static async Task<string> UntilAcceptedAsync(VirtualEngine engine)
    {
        var id = $"i{engine.Clock.GetTimestamp()}-{engine.ActivitiesBegun}-{Guid.NewGuid():N}";
        await InsistAsync(async () =>
        {
            if (await engine.Client.GetInstanceAsync(id) is null)
            {
                await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", "in", new StartOptions { InstanceId = id });
            }
        });
        foreach (var letter in new[] { "a", "b", "c" })
        {
            await InsistAsync(() => engine.Client.RaiseEventAsync(id, "letter", letter));
        }

        return id;

        async Task InsistAsync(Func<Task> action)
        {
            while (true)
            {
                try
                {
                    await action();
                    return;
                }
                catch (Exception e) when (e is ObjectDisposedException or EngineStoreException or SimulatedCrashException)
                {
                    await engine.SettleAsync();
                }
            }
        }
    }

    /// <summary>Everything an orchestration can do; takes each letter once, however often it is sent.</summary>
    private static DurableTasks Workload(ConcurrentBag<string> acted) => new DurableTasks()
        .Activity<string, string>("act", key =>
        {
            acted.Add(key);
            return key[^1..];
        })
        .Activity<string, string>("refuse", key =>
        {
            acted.Add(key);
            throw new InvalidOperationException("Refused: as ever");
        })
        .Orchestrator<string, string>("main", async (context, input) =>
        {
            var letters = new SortedSet<string>();
            var text = input + ":";
            var fan = await Task.WhenAll(Enumerable.Range(1, 3).Select(i => context.CallActivityAsync<string>("act", $"{context.InstanceId}/fan/{i}")));
            text += string.Concat(fan);
            while (letters.Count < 3)
            {
                letters.Add(await context.WaitForExternalEvent<string>("letter"));
                using var enough = new CancellationTokenSource();
                var timer = context.CreateTimer(TimeSpan.FromMinutes(10), enough.Token);
                await context.CreateTimer(TimeSpan.FromMinutes(1));
                enough.Cancel();
            }

            text += string.Concat(letters);
            try
            {
                await context.CallActivityAsync<string>(
                    "refuse", context.InstanceId + "/refuse", TaskOptions.FromRetryPolicy(new RetryPolicy(1, TimeSpan.FromMinutes(3))));
            }
            catch (TaskFailureException e)
            {
                text += e.Failure.Code;
            }

            context.SetCustomStatus(text);
            return text + await context.CallSubOrchestratorAsync<string>(
                "loop", new Loop(0, context.InstanceId), new SubOrchestrationOptions { InstanceId = context.InstanceId + ":loop" });
        })
        .Orchestrator<Loop, string>("loop", async (context, loop) =>
        {
            await context.CreateTimer(TimeSpan.FromMinutes(5));
            await context.CallActivityAsync<string>("act", $"{loop.Key}/first/{loop.Turn}");
            await context.CallActivityAsync<string>("act", $"{loop.Key}/second/{loop.Turn}");
            if (loop.Turn < 2)
            {
                context.ContinueAsNew(loop with { Turn = loop.Turn + 1 });
            }

            return $" loops {loop.Turn}";
        });

    private sealed record Loop(int Turn, string Key);
}
