using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>The engine among services and under a real or a jumping clock.</summary>
public sealed class HostingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-host-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_host_starts_the_engine_gives_each_attempt_its_own_services_and_stops_it()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddScoped<Scoped>();
        builder.Services.AddEmbeddedEngine(
            _ => new DurableTasks()
                .AddActivity(new ActivityRef<int, int>("who"), services => new Who(services.GetRequiredService<Scoped>()))
                .Orchestrator<int, int[]>("main", async (context, _) =>
                    [await context.CallActivityAsync<int>("who", 0), await context.CallActivityAsync<int>("who", 0)]),
            _ => new EngineOptions { Path = Path.Combine(_folder, "engine.db") });
        using var host = builder.Build();
        await host.StartAsync();

        var client = host.Services.GetRequiredService<DurableClient>();
        var id = await client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        var done = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true);
        await host.StopAsync();

        var who = done.ReadOutputAs<int[]>()!;
        Assert.NotEqual(who[0], who[1]);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.ScheduleNewOrchestrationInstanceAsync("main", 0));
    }

    [Fact]
    public async Task An_orchestrator_that_cannot_be_made_fails_its_instance_and_no_other()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .AddOrchestrator(new OrchestratorRef<int, int>("broken"), _ => throw new InvalidOperationException("no service"))
            .Orchestrator<int, int>("main", (_, n) => Task.FromResult(n)));

        var broken = await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("broken", 0));
        var main = await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 4));

        Assert.Equal("OrchestratorNotCreated", broken.Failure!.Code);
        Assert.Equal(4, main.ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_clock_set_forward_is_noticed_within_a_minute_and_one_set_back_never_turns_time_back()
    {
        var clock = new ManualTimeProvider();
        await using var engine = new EmbeddedEngine(
            new DurableTasks().Orchestrator<int, bool>("main", async (context, _) =>
            {
                var begun = context.CurrentUtcDateTime;
                await context.WaitForExternalEvent<string>("back");
                var inOrder = context.CurrentUtcDateTime >= begun;
                await context.CreateTimer(TimeSpan.FromHours(1));
                return inOrder;
            }),
            services: null,
            new EngineOptions { Path = Path.Combine(_folder, "engine.db"), TimeProvider = clock });
        await engine.StartAsync();
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.Client.WaitForInstanceStartAsync(id);

        clock.Jump(-TimeSpan.FromHours(5));
        await engine.Client.RaiseEventAsync(id, "back", "");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (engine.NextDue is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), patience.Token);
        }

        clock.Jump(TimeSpan.FromHours(7));
        clock.Advance(TimeSpan.FromMinutes(1));
        var done = await engine.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, patience.Token);

        Assert.True(done.ReadOutputAs<bool>());
    }

    private sealed class Scoped;

    private sealed class Who(Scoped scoped) : IActivity<int, int>
    {
        public Task<int> RunAsync(int input, CancellationToken cancellationToken) =>
            Task.FromResult(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(scoped));
    }
}
