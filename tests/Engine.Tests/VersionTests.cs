using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Which versions of instances a program runs, and what becomes of the others.</summary>
public sealed class VersionTests
{
    private static readonly DurableTasks Tasks = new DurableTasks()
        .Activity<int, int>("work", n => n)
        .Orchestrator<int, string>("main", async (context, n) =>
        {
            await context.CallActivityAsync<int>("work", n);
            return context.Version + await context.WaitForExternalEvent<string>("go");
        });

    [Theory]
    [InlineData(VersionMatchStrategy.None, "1.0", "2.0", true)]
    [InlineData(VersionMatchStrategy.Strict, "1.0", "1.0", true)]
    [InlineData(VersionMatchStrategy.Strict, "1.10", "1.9", false)]
    [InlineData(VersionMatchStrategy.Strict, "1.0", "", false)]
    [InlineData(VersionMatchStrategy.CurrentOrOlder, "1.10", "1.9", true)]
    [InlineData(VersionMatchStrategy.CurrentOrOlder, "1.9", "1.10", false)]
    [InlineData(VersionMatchStrategy.CurrentOrOlder, "1.9", "", true)]
    [InlineData(VersionMatchStrategy.CurrentOrOlder, "beta", "BETA", true)]
    [InlineData(VersionMatchStrategy.CurrentOrOlder, "", "1.0", false)]
    public async Task A_program_runs_the_versions_it_is_set_to(VersionMatchStrategy match, string program, string instance, bool runs)
    {
        await using var engine = await StartAsync(o => (o.Version, o.VersionMatchStrategy) = (program, match));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { Version = instance });
        await engine.SettleAsync();

        Assert.Equal(runs ? RuntimeStatus.Running : RuntimeStatus.Pending, (await engine.Client.GetInstanceAsync(id))!.RuntimeStatus);
        Assert.Equal(runs, (await engine.Client.GetOrchestrationHistoryAsync(id)).Count > 0);
    }

    [Fact]
    public async Task A_rejected_instance_keeps_what_arrives_until_its_program_is_back()
    {
        var program = "2.0";
        await using var engine = await StartAsync(o => (o.Version, o.VersionMatchStrategy) = (program, VersionMatchStrategy.CurrentOrOlder));
        var begun = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { Version = "2.0" });
        await engine.SettleAsync();

        program = "1.0";
        await engine.RestartAsync();
        var fresh = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { Version = "2.0" });
        foreach (var id in new[] { begun, fresh })
        {
            await engine.Client.RaiseEventAsync(id, "go", "!");
        }

        await engine.SettleAsync();
        var before = (await engine.Client.GetOrchestrationHistoryAsync(begun)).Count;
        await engine.AdvanceAsync(TimeSpan.FromDays(1));
        Assert.Equal(before, (await engine.Client.GetOrchestrationHistoryAsync(begun)).Count);
        Assert.Equal(RuntimeStatus.Pending, (await engine.Client.GetInstanceAsync(fresh))!.RuntimeStatus);

        program = "2.1";
        await engine.RestartAsync();
        Assert.Equal("2.0!", (await engine.RunAsync(begun)).ReadOutputAs<string>());
        Assert.Equal("2.0!", (await engine.RunAsync(fresh)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_rejected_instance_can_be_terminated()
    {
        await using var engine = await StartAsync(o => (o.Version, o.VersionMatchStrategy) = ("1.0", VersionMatchStrategy.Strict));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { Version = "2.0" });
        await engine.SettleAsync();

        await engine.Client.TerminateInstanceAsync(id, "enough");

        Assert.Equal(RuntimeStatus.Terminated, (await engine.RunAsync(id)).RuntimeStatus);
    }

    [Fact]
    public async Task A_result_that_comes_for_a_rejected_instance_is_kept()
    {
        var program = "1.0";
        var attempts = 0;
        await using var engine = await VirtualEngine.StartAsync(
            new DurableTasks()
                .Activity<int, int>("work", _ => Interlocked.Increment(ref attempts))
                .Orchestrator<int, int>("main", (context, _) => context.CallActivityAsync<int>("work", 0)),
            options: new VirtualEngineOptions { Adjust = o => (o.Version, o.VersionMatchStrategy) = (program, VersionMatchStrategy.CurrentOrOlder) });
        engine.CrashBeforeActivity = 1;
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { Version = "1.0" });

        // The activity is taken up again by a program that may not run its instance.
        program = "0.9";
        await engine.SettleAsync();
        Assert.Equal((1, 1), (engine.Crashes, attempts));
        program = "1.0";
        await engine.RestartAsync();

        Assert.Equal(1, (await engine.RunAsync(id)).ReadOutputAs<int>());
        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task Where_it_is_so_set_an_instance_of_another_version_fails_and_a_rewind_repairs_it()
    {
        var program = "1.0";
        await using var engine = await StartAsync(o =>
            (o.Version, o.VersionMatchStrategy, o.VersionFailureStrategy) = (program, VersionMatchStrategy.CurrentOrOlder, VersionFailureStrategy.Fail));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { Version = "2.0" });

        var failed = await engine.RunAsync(id);
        program = "2.0";
        await engine.RestartAsync();
        await engine.Client.RewindInstanceAsync(id, "the right program is back");
        await engine.Client.RaiseEventAsync(id, "go", "!");

        Assert.Equal(("VersionMismatch", true), (failed.Failure!.ErrorType, failed.Failure.IsNonRetriable));
        Assert.Contains("The orchestration version '2.0' is greater than the worker version '1.0'", failed.Failure.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("2.0!", (await engine.RunAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_instance_started_without_a_version_has_the_default()
    {
        await using var engine = await StartAsync(o => o.DefaultVersion = "1.7");
        var given = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { Version = "1.6" });
        var plain = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);

        Assert.Equal("1.6", (await engine.Client.GetInstanceAsync(given))!.Version);
        Assert.Equal("1.7", (await engine.Client.GetInstanceAsync(plain))!.Version);
    }

    private static Task<VirtualEngine> StartAsync(Action<EngineOptions> adjust) =>
        VirtualEngine.StartAsync(Tasks, options: new VirtualEngineOptions { Adjust = adjust });
}
