using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Testing;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Durable;
using Sluice.Functions.Adapters;
using Sluice.Testing.Contract;

namespace Sluice.Functions.Tests;

/// <summary>The adapters keep the durable contract over the SDK's own worker, client and kernel.</summary>
public sealed class InProcessContractTests : DurableContract
{
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
        });
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
