using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Testing;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Durable;
using Sluice.Functions.Adapters;
using Sluice.Testing;
using Sluice.Testing.Contract;

namespace Sluice.Functions.Tests;

/// <summary>
/// The adapters keep the durable contract over the SDK's own worker, client and kernel. What the test host itself leaves out is said here, so
/// that it shows when it learns it; the tests of Host/ see it on the real one.
/// </summary>
public sealed class InProcessContractTests : DurableContract
{
    protected override bool CarriesStatus => false;

    // Nor does Azure: metadata has no version.
    protected override bool ShowsVersion => false;

    [Fact]
    public override async Task An_instance_starts_when_it_was_told_to_or_never_when_terminated_before()
    {
        await using var host = await StartAsync(new DurableTasks().Orchestrator<int, int>("main", (_, n) => Task.FromResult(n)));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("main", 1, new StartOptions { StartAt = host.Now.AddDays(1) });

        Assert.Equal(1, (await host.RunAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public override async Task Rewinding_repeats_what_failed_through_all_children_and_nothing_else()
    {
        await using var host = await StartAsync(new DurableTasks().Orchestrator<int, int>("fail", (_, _) => throw new InvalidOperationException("no")));
        var id = (await host.RunAsync("fail", 0)).InstanceId;

        await Assert.ThrowsAsync<NotImplementedException>(() => host.Client.RewindInstanceAsync(id, "why"));
    }

    [Fact]
    public override async Task The_history_tells_what_happened_in_order()
    {
        await using var host = await StartAsync(new DurableTasks().Orchestrator<int, int>("main", (_, n) => Task.FromResult(n)));
        var id = (await host.RunAsync("main", 1)).InstanceId;

        Assert.Empty(await host.Client.GetOrchestrationHistoryAsync(id));
    }

    protected override async Task<DurableHost> StartAsync(DurableTasks tasks) => await InProcessHost.StartAsync(tasks);
}

/// <summary>Our tasks in durabletask-dotnet's in-process test host: its gRPC worker and client over an orchestration service in memory.</summary>
internal sealed class InProcessHost : DurableHost
{
    private readonly DurableTaskTestHost _host;

    private InProcessHost(DurableTaskTestHost host, FunctionsDurableClient client) => (_host, Client) = (host, client);

    public override DurableClient Client { get; }

    public override TimeSpan Tick => TimeSpan.FromSeconds(2);

    public override DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static async Task<InProcessHost> StartAsync(DurableTasks tasks)
    {
        var runner = new FunctionsRunner(tasks, TimeProvider.System);
        var services = new ServiceCollection().BuildServiceProvider();
        var host = await DurableTaskTestHost.StartAsync(registry =>
        {
            foreach (var name in tasks.OrchestratorNames)
            {
                registry.AddOrchestrator(name, () => new Orchestration(runner, services));
            }

            foreach (var name in tasks.ActivityNames)
            {
                registry.AddActivity(name, _ => new Activity(name, runner, services));
            }
        }, new DurableTaskTestHostOptions { Port = FreePort() });
        var client = new FunctionsDurableClient(tasks);
        client.Use(host.Client);
        return new InProcessHost(host, client);
    }

    /// <summary>Real time passes here; waiting for it is what the contract asks for.</summary>
    public override Task AdvanceAsync(TimeSpan time) => time > TimeSpan.Zero ? Task.Delay(time) : Task.CompletedTask;

    public override async Task<InstanceMetadata> RunAsync(string instanceId)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        return await Client.WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs: true, deadline.Token);
    }

    public override async ValueTask DisposeAsync() => await _host.DisposeAsync();

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    // As the worker extension calls what a trigger names: input and output are whatever the JSON is.
    private sealed class Orchestration(FunctionsRunner runner, IServiceProvider services) : ITaskOrchestrator
    {
        public Type InputType => typeof(object);

        public Type OutputType => typeof(object);

        public async Task<object?> RunAsync(TaskOrchestrationContext context, object? input) => await runner.RunOrchestratorAsync(context, services);
    }

    private sealed class Activity(string name, FunctionsRunner runner, IServiceProvider services) : ITaskActivity
    {
        public Type InputType => typeof(JsonElement?);

        public Type OutputType => typeof(object);

        public async Task<object?> RunAsync(TaskActivityContext context, object? input) =>
            await runner.RunActivityAsync(name, context.InstanceId, (JsonElement?)input, services, CancellationToken.None);
    }
}
