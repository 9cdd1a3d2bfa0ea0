using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Engine;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Upkeep;
using Sluice.Registry;
using Sluice.Testing;

namespace Sluice.Cli.Tests;

public sealed class RegistryRepairTests
{
    [Fact]
    public async Task A_registry_that_fell_behind_learns_from_the_engine_where_its_rollouts_stand()
    {
        using var folder = new TemporaryFolder();
        var (behind, ahead) = (Status("deploy staging"), Status("soak 15m"));
        var tasks = new DurableTasks().Orchestrator<int, string>("Stands", (context, _) =>
        {
            context.SetCustomStatus(ahead);
            return context.WaitForExternalEvent<string>("Go");
        });
        await using var engine = new EmbeddedEngine(tasks, null, new EngineOptions { Path = Path.Combine(folder.Path, "engine.db") });
        await engine.StartAsync();
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Stands", 0, new StartOptions { InstanceId = "one" });
        await engine.Client.WaitForInstanceStartAsync("one");
        await using var opened = await SluiceRegistry.OpenAsync(folder.Path, null, NullLogger<SluiceRegistry>.Instance, default);
        var registry = opened.Deployments;
        foreach (var id in new[] { "one", "without-instance" })
        {
            await registry.AddRolloutAsync(new RolloutRecord(id, "s", "e", new Release("v1"), "b", "r", "ci", DateTimeOffset.UnixEpoch), default);
            await registry.SetRolloutStatusAsync(id, 7, behind, default);
        }

        await registry.AddRolloutAsync(new RolloutRecord("never-begun", "s", "e", new Release("v1"), "b", "r", "ci", DateTimeOffset.UnixEpoch), default);
        var taken = new List<string>();

        await RegistryRepair.RunAsync(registry, engine.Client, TakeUp, DateTimeOffset.MaxValue, NullLogger.Instance, default);

        Assert.Equal("soak 15m", (await registry.GetRolloutAsync("one", default))?.Status?.Step);
        Assert.Equal(7, (await registry.GetRolloutAsync("one", default))?.StatusSequence);
        Assert.Equal("deploy staging", (await registry.GetRolloutAsync("without-instance", default))?.Status?.Step);
        Assert.Equal(["never-begun"], taken);

        Task<bool> TakeUp(RolloutRecord rollout, CancellationToken cancellationToken)
        {
            if (rollout.Status is not null)
            {
                return Task.FromResult(false);
            }

            taken.Add(rollout.Id);
            return Task.FromResult(true);
        }
    }

    private static RolloutStatus Status(string step) => new() { Phase = Phase.Progressing, Service = "s", Version = "v1", Step = step };
}
