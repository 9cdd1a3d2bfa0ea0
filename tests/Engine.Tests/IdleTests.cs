using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.Store;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>An engine with nothing to do does nothing: no write, no read, no timer.</summary>
public sealed class IdleTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_day_with_nothing_due_passes_without_a_commit_a_call_or_a_timer(bool withRetention)
    {
        var calls = 0;
        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks().Orchestrator<int, int>("waits", (context, _) => context.WaitForExternalEvent<int>("go")),
            options: new VirtualEngineOptions
            {
                Adjust = o =>
                {
                    var called = o.OnStoreCall;
                    o.OnStoreCall = call =>
                    {
                        Interlocked.Increment(ref calls);
                        called?.Invoke(call);
                    };
                    o.Retention = withRetention ? new RetentionPolicy { MaxAge = TimeSpan.FromDays(1), MaxCount = 1_000 } : null;
                },
            });
        for (var i = 0; i < 100; i++)
        {
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("waits", i);
        }

        await engine.SettleAsync();
        using var other = Schema.OpenReader(engine.Path);
        var before = (DataVersion(other), Sizes(engine.Path), Volatile.Read(ref calls), engine.Commits);
        Assert.Null(engine.Clock.NextDue);
        Assert.Null(engine.Engine.NextDue);

        await engine.AdvanceAsync(TimeSpan.FromDays(1));

        Assert.Equal(before, (DataVersion(other), Sizes(engine.Path), Volatile.Read(ref calls), engine.Commits));
    }

    // Changes when any other connection commits.
    private static long DataVersion(SqliteConnection connection)
    {
        using var statement = new Statement(connection, "PRAGMA data_version");
        return statement.Number()!.Value;
    }

    private static string Sizes(string path) => string.Join(
        ", ", new[] { path, path + "-wal" }.Select(f => new FileInfo(f)).Select(f => $"{f.Name} {f.Length} {f.LastWriteTimeUtc:O}"));
}
